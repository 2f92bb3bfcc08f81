"""Run by FreeCAD's Python: offsets and pockets of its Path workbench (`Path.Area`), as JSON from stdin to stdout.

In: `lib` (folder of FreeCAD's modules), `rings` (outer first, the others holes; a ring is a list of segments
`[start, end, middle or null]`, mm), `offset` (mm, of the face outwards) or `pocket` (`[tool radius, stepover]`).
Out: a list of ways, each `{"length": mm, "points": [[x, y], …]}`.
"""

import json
import sys
from typing import Any


def main() -> None:
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["lib"])
    import FreeCAD  # type: ignore[import-not-found]
    import Part  # type: ignore[import-not-found]
    import Path  # type: ignore[import-not-found]

    def place(point: list[float]) -> object:
        return FreeCAD.Vector(point[0], point[1], 0.0)

    def wire(ring: list[Any]) -> object:
        edges = []
        for start, end, middle in ring:
            if middle is None:
                edges.append(Part.LineSegment(place(start), place(end)).toShape())
            else:
                edges.append(Part.Arc(place(start), place(middle), place(end)).toShape())
        return Part.Wire(edges)

    area = Path.Area()
    area.setPlane(Part.makeCircle(10))
    area.add(Part.makeFace([wire(ring) for ring in asked["rings"]], "Part::FaceMakerBullseye"))
    if "pocket" in asked:
        radius, stepover = asked["pocket"]
        shape = area.makePocket(-1, 2, radius, 0.0, stepover, stepover)
    else:
        shape = area.makeOffset(-1, asked["offset"])
    ways = []
    for one in shape.Wires:
        points = [[p.x, p.y] for p in one.discretize(QuasiDeflection=0.002)]
        ways.append({"length": one.Length, "points": points})
    json.dump(ways, sys.stdout)


if __name__ == "__main__":
    main()
