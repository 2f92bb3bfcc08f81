"""The elements of an SVG file, read with caps; nothing outside the file is ever looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from slicer_bridge.errors import BadFile, FileTooLarge

MAX_BYTES = 30_000_000
MAX_NODES = 200_000
MAX_DEPTH = 100
_SVG = "http://www.w3.org/2000/svg"
_FIRST_CHUNK = 1 << 16
"""Each chunk is twice the last: expat begins with an attribute that isn't whole anew, however long it is."""


@dataclass(slots=True, eq=False)
class Node:
    """One element: `tag` and attribute names without namespaces, `href` from wherever it comes."""

    tag: str
    values: dict[str, str]
    line: int
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    @property
    def name(self) -> str:
        """Of the element, for messages: its id, or where it stands."""
        return self.values.get("id") or f"<{self.tag}> in line {self.line}"


def read_tree(path: Path) -> Node:
    """The outermost element. Raises BadFile, FileTooLarge."""
    size = path.stat().st_size
    if size == 0:
        raise BadFile(f"{path.name} is empty (0 bytes): export it again")
    if size > MAX_BYTES:
        raise FileTooLarge(f"{path.name} has {size:,} bytes; an SVG of at most {MAX_BYTES:,} is read: simplify it")
    builder = _Builder(path.name)
    parser = builder.parser()
    try:
        with path.open("rb") as file:
            next_bytes = _FIRST_CHUNK
            while chunk := file.read(next_bytes):
                parser.Parse(chunk, False)
                next_bytes *= 2
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        # expat passes on what Python's codecs raise for an encoding that it doesn't know
        raise BadFile(f"{path.name} is no whole SVG ({error}): export it again as plain SVG") from error
    if builder.root is None or builder.root.tag != "svg":
        raise BadFile(f"{path.name} is XML, but no SVG: export it again as plain SVG")
    return builder.root


class _Builder:
    def __init__(self, name: str) -> None:
        self.root: Node | None = None
        self._name = name
        self._open: list[Node] = []
        self._nodes = 0
        self._line: Callable[[], int] = lambda: 0

    def parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._line = lambda: parser.CurrentLineNumber
        return parser

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        """Many honest files name the W3C's DTD, which is never fetched; declarations of one's own are refused."""
        if has_subset:
            raise BadFile(f"{self._name} declares a DOCTYPE with contents of its own: export it again as plain SVG")

    def _entity(self, *_: object) -> None:
        raise BadFile(f"{self._name} uses entities: refused; export it again as plain SVG")

    def _start(self, tag: str, values: dict[str, str]) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise FileTooLarge(f"{self._name} has over {MAX_NODES:,} elements: simplify the drawing")
        if len(self._open) >= MAX_DEPTH:
            raise BadFile(f"{self._name} nests elements over {MAX_DEPTH} deep: ungroup the drawing and export it again")
        space, _, local = tag.rpartition(" ")
        plain = {key.rpartition(" ")[2]: value for key, value in values.items()}
        node = Node(local if space in {"", _SVG} else f"foreign:{local}", plain, self._line())
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open[-1].tag == "style":
            self._open[-1].text += text
