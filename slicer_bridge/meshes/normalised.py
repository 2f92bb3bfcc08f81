"""The normalised file of a mesh: binary STL in mm, written and hashed a piece at a time."""

import hashlib
from pathlib import Path

import numpy as np

from slicer_bridge.meshes import loops
from slicer_bridge.meshes.mesh import Topology
from slicer_bridge.reading.stl import write_stl

_CHUNK = 1 << 16


def write_normalised(path: Path, shape: Topology) -> str:
    """SHA-256 of the file. The same facets give the same bytes as `write_stl`."""
    if not loops.worth(len(shape.faces)):
        write_stl(path, shape.facets)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    from slicer_bridge.meshes import kernels

    head = b"\0" * 80 + len(shape.faces).to_bytes(4, "little")
    digest = hashlib.sha256(head)
    words = np.empty((_CHUNK, 25), "<u2")
    with path.open("wb") as file:
        file.write(head)
        for at in range(0, len(shape.faces), _CHUNK):
            faces = shape.faces[at : at + _CHUNK]
            kernels.records(shape.vertices, faces, words)
            content = words[: len(faces)].data
            digest.update(content)
            file.write(content)
    return digest.hexdigest()
