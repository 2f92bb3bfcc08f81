"""Small pictures of parts, from the normalised file that this program wrote itself."""

from broker.errors import NotFound
from broker.parts.blobs import BlobStore
from broker.parts.models import Part
from slicer_bridge.facts_json import facts_from_json
from slicer_bridge.pictures.picture import drawing_svg, mesh_svg
from slicer_bridge.reading.stl import read_stl

_MOST_TRIANGLES = 500_000
"""Drawn in the broker's own process: some 50 MB and a second."""


def picture(part: Part, blobs: BlobStore) -> str:
    """SVG; blocks, so call it in a thread. Raises NotFound for a mesh too fine to be drawn."""
    facts = facts_from_json(part.facts)
    if facts.drawing is not None:
        return drawing_svg(facts.drawing)
    if facts.mesh is None or facts.mesh.triangles > _MOST_TRIANGLES:
        raise NotFound(f"{part.name} is too fine for a small picture", where="part")
    return mesh_svg(read_stl(blobs.path(part.normalised_sha256), _MOST_TRIANGLES))
