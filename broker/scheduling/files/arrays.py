"""Arrays by name from an `.npz` file, whoever made it: nothing of it is run, nothing swells beyond what is allowed."""

import struct
import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from broker.scheduling.files.errors import WrongFile

MOST_BYTES = 2 * 1024**3
"""Of all arrays of a file together: a network of 100,000 lots has some 300 million."""
_NUMBERS = "biuf"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
"""What zipfile and numpy raise for bytes that aren't what they expect; OSError where a damaged entry points nowhere."""

Arrays = dict[str, NDArray[np.generic]]


def read_arrays(path: Path) -> Arrays:
    """Every array of the file.

    Raises
    ------
    OSError
        Where it can't be read.
    WrongFile
        Where it is no such file, too large, or holds anything but numbers.
    """
    with path.open("rb") as file:
        try:
            return _read_all(file)
        except _DAMAGED as error:
            raise WrongFile(f"is no .npz file ({error}); write it with numpy.savez") from error


def _read_all(file: IO[bytes]) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        total = sum(member.file_size for member in members)
        if total > MOST_BYTES:
            raise WrongFile(f"holds {total} bytes of arrays, {MOST_BYTES} are allowed; plan in parts")
        return dict(_read(archive, member) for member in members)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, NDArray[np.generic]]:
    name = member.filename.removesuffix(".npy")
    try:
        with archive.open(member) as stream:
            _check_header(name, stream, member.file_size)
        with archive.open(member) as stream:
            return name, np.asarray(npy.read_array(stream, allow_pickle=False))
    except ValueError as error:
        raise WrongFile(f"array {name!r} can't be read ({error}); write it with numpy.savez") from error


def _check_header(name: str, stream: IO[bytes], size: int) -> None:
    """A header may claim any size; memory is given for what is there alone."""
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, kind = read(stream)
    if kind.kind not in _NUMBERS:
        raise WrongFile(f"array {name!r} is of type {kind}; it needs numbers")
    if prod(shape) * kind.itemsize > size:
        raise WrongFile(f"array {name!r} is said to be of shape {shape}, which its {size} bytes can't hold")
