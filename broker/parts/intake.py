"""From a stranger's file to facts: streamed to disk, measured in a limited child process, then kept by hash."""

import asyncio
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from broker.errors import TooLarge, Unprocessable
from broker.parts.blobs import BlobStore
from slicer_bridge.errors import BadFile, BridgeError, FileTooLarge, ParserDied, UnitUnknown, UnsupportedFormat
from slicer_bridge.facts import PartFacts
from slicer_bridge.intake.measure import ParseLimits, measure_file

_CHUNK_BYTES = 1 << 20
_LONGEST_NAME = 120
_AT_ONCE = 2
"""Children that measure at the same time: each may take gigabytes."""
_ODD = re.compile(r"[^\w.()+ -]")
_FIXES: tuple[tuple[type[BridgeError], str], ...] = (
    (UnitUnknown, "say the file's unit: mm, cm, m or inch, or px of an SVG (`--unit`)"),
    (UnsupportedFormat, "export it as STL, 3MF, OBJ or STEP (to print) or DXF or SVG (to cut)"),
    (ParserDied, "simplify the file and export it again"),
    (BadFile, "repair it, export it again, and look at it in a viewer"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A file whose content is in the blob store, before it is anybody's part."""

    name: str
    facts: PartFacts


class Intake:
    """`folder` holds files while they are measured."""

    def __init__(self, blobs: BlobStore, folder: Path, upload_cap_bytes: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._cap_bytes = upload_cap_bytes
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def clear(self) -> None:
        """Only while no other broker uses the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    async def measure(self, name: str, file: BinaryIO, unit: str | None) -> Measured:
        """Raises TooLarge, Unprocessable; then nothing of the file is kept."""
        async with self._turns:
            return await asyncio.to_thread(self._measure, name, file, unit)

    def _measure(self, name: str, file: BinaryIO, unit: str | None) -> Measured:
        self._folder.mkdir(parents=True, exist_ok=True)
        safe = safe_name(name)
        with tempfile.TemporaryDirectory(dir=self._folder) as work:
            source = Path(work) / "source" / safe
            source.parent.mkdir()
            self._copy(file, source, safe)
            facts = _facts(source, Path(work), unit, self._cap_bytes)
            for path in (source, Path(work) / ("normalised.stl" if facts.mesh else "normalised.dxf")):
                with path.open("rb") as content:
                    self._blobs.put(content)
        return Measured(safe, facts)

    def _copy(self, file: BinaryIO, target: Path, name: str) -> None:
        copied = 0
        with target.open("wb") as out:
            while chunk := file.read(_CHUNK_BYTES):
                copied += len(chunk)
                if copied > self._cap_bytes:
                    raise TooLarge(
                        f"{name} is over the cap of {self._cap_bytes:,} bytes", where=name, fix="simplify the file"
                    )
                out.write(chunk)


def safe_name(name: str) -> str:
    """The last step of a stranger's path, without what is odd in a file's name."""
    plain = _ODD.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).lstrip(".") or "part"
    stem, suffix = Path(plain).stem, Path(plain).suffix
    return stem[: _LONGEST_NAME - len(suffix)] + suffix


def _facts(source: Path, work: Path, unit: str | None, cap_bytes: int) -> PartFacts:
    try:
        return measure_file(source, work, unit=unit, limits=ParseLimits(max_bytes=cap_bytes))
    except FileTooLarge as error:
        raise TooLarge(str(error), where=source.name, fix="simplify the file") from error
    except BridgeError as error:
        fix = next((words for kind, words in _FIXES if isinstance(error, kind)), None)
        raise Unprocessable(str(error), where=source.name, fix=fix) from error
