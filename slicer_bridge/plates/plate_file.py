"""A plate as 3MF, for slicers and for people who want to look.

Never an uploaded 3MF: those may hold settings that run programs. This one holds meshes and places alone.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.meshes.mesh import weld

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Target="/3D/3dmodel.model" Id="rel-1" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
# PrusaSlicer 2.5 keeps the items of one object together as its instances only in files with this version mark;
# from others it makes separate objects, and slices each.
_MODEL = (
    '<?xml version="1.0" encoding="UTF-8"?><model unit="millimeter" xml:lang="en-US" '
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" '
    'xmlns:slic3rpe="http://schemas.slic3r.org/3mf/2017/06">'
    '<metadata name="slic3rpe:Version3mf">1</metadata>'
)
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class PlateObject:
    """Facets (n, 3, 3) mm, and where copies of them are moved to (x, y). `name`: letters, digits, dot, dash."""

    name: str
    facets: NDArray[np.float64]
    moves: tuple[tuple[float, float], ...]

    def label(self, number: int) -> str:
        """Names one copy in the program, so that it alone can be skipped."""
        return f"{self.name} copy {number}"


def write_plate(path: Path, objects: list[PlateObject]) -> None:
    """The same objects give the same bytes."""
    meshes = "".join(_mesh(number, one) for number, one in enumerate(objects, 1))
    items = "".join(
        f'<item objectid="{number}" transform="1 0 0 0 1 0 0 0 1 {x:.6f} {y:.6f} 0"/>'
        for number, one in enumerate(objects, 1)
        for x, y in one.moves
    )
    model = f"{_MODEL}<resources>{meshes}</resources><build>{items}</build></model>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in (("[Content_Types].xml", _TYPES), ("_rels/.rels", _RELATIONS), ("3D/3dmodel.model", model)):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)


def _mesh(number: int, one: PlateObject) -> str:
    vertices, faces = weld(one.facets)
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    corners = "".join(f'<vertex x="{x:.6f}" y="{y:.6f}" z="{z:.6f}"/>' for x, y, z in vertices.tolist())
    sides = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces[whole].tolist())
    return (
        f'<object id="{number}" type="model" name="{one.name}"><mesh><vertices>{corners}</vertices>'
        f"<triangles>{sides}</triangles></mesh></object>"
    )
