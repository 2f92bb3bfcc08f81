"""The zip around a 3MF: its entries, streamed through XML parsers with caps on everything."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from xml.parsers import expat

from slicer_bridge.errors import BadFile, FileTooLarge

MAX_ENTRIES = 1000
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 100
MAX_ELEMENT_DEPTH = 64
MODEL = "3D/3dmodel.model"
_CHUNK = 1 << 16
_SMALL = 1000
"""Bytes: less than this packs well without being a bomb."""

Start = Callable[[str, dict[str, str]], None]


@dataclass(slots=True)
class Package:
    """`unpacked` counts what came out of all entries so far."""

    archive: zipfile.ZipFile
    name: str
    unpacked: int = 0

    def __post_init__(self) -> None:
        if len(self.archive.infolist()) > MAX_ENTRIES:
            count = len(self.archive.infolist())
            raise FileTooLarge(f"{self.name} packs {count:,} files; at most {MAX_ENTRIES:,} are looked at")

    def entry(self, part: str) -> zipfile.ZipInfo | None:
        """By its name, without regard to case. Raises BadFile where there are two, or where it can't be opened."""
        wanted = part.lstrip("/").lower()
        found = [one for one in self.archive.infolist() if one.filename.lstrip("/").lower() == wanted]
        if len(found) > 1:
            raise BadFile(f"{self.name} packs {part} twice: nobody can say which is meant; export it again")
        if found and found[0].flag_bits & 1:
            raise BadFile(f"{self.name} is encrypted: export it without a password")
        return found[0] if found else None

    def parse(self, entry: zipfile.ZipInfo, start: Start) -> None:
        """Calls `start` with each element's name and attributes. Raises BadFile, FileTooLarge."""
        parser = _parser(self.name, start)
        allowed = min(MAX_UNPACKED_BYTES - self.unpacked, MAX_RATIO * max(entry.compress_size, _SMALL))
        own = 0
        try:
            with self.archive.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    own += len(chunk)
                    if own > allowed:
                        raise FileTooLarge(
                            f"{self.name} unpacks to over {allowed:,} bytes, {MAX_RATIO} times what it packs or more: "
                            "refused as a zip bomb"
                        )
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise BadFile(f"{self.name}: {entry.filename} is broken XML ({error}): export it again") from error
        except LookupError as error:
            # what Python's codecs raise for an encoding that they don't know
            raise BadFile(f"{self.name}: {entry.filename} is broken XML ({error}): export it again") from error
        self.unpacked += own


def _parser(name: str, start: Start) -> expat.XMLParserType:
    depth = 0

    def doctype(*_: object) -> None:
        raise BadFile(f"{name}: its model declares a DOCTYPE: refused, no 3MF needs one")

    def begin(tag: str, values: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_ELEMENT_DEPTH:
            raise BadFile(f"{name} nests elements over {MAX_ELEMENT_DEPTH} deep: it is no 3MF; export it again")
        start(tag.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in values.items()})

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.buffer_text = True
    return parser
