"""Small STEP files (ISO 10303-21, AP214) for tests, written entity by entity: boxes, one or several, in any unit."""

from collections.abc import Sequence

Size = tuple[float, float, float]

_UNITS = {
    "mm": "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.MILLI.,.METRE.) )",
    "cm": "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT(.CENTI.,.METRE.) )",
    "m": "( LENGTH_UNIT() NAMED_UNIT(*) SI_UNIT($,.METRE.) )",
}
# Corners of each side, counter-clockwise from outside; corner number = 4x + 2y + z.
_SIDES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


class StepFile:
    """Collects entities; `add` returns the new one's name, as `#12`."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, entity: str) -> str:
        self.lines.append(f"#{len(self.lines) + 1} = {entity};")
        return f"#{len(self.lines)}"

    def text(self) -> str:
        head = "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n"
        head += "FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }'));\nENDSEC;\nDATA;\n"
        return head + "\n".join(self.lines) + "\nENDSEC;\nEND-ISO-10303-21;\n"

    def point(self, x: float, y: float, z: float) -> str:
        return self.add(f"CARTESIAN_POINT('',({x:.6f},{y:.6f},{z:.6f}))")

    def direction(self, x: float, y: float, z: float) -> str:
        return self.add(f"DIRECTION('',({x:.6f},{y:.6f},{z:.6f}))")

    def axes(self, at: Size, z: Size = (0, 0, 1), x: Size = (1, 0, 0)) -> str:
        return self.add(f"AXIS2_PLACEMENT_3D('',{self.point(*at)},{self.direction(*z)},{self.direction(*x)})")

    def context(self, unit: str) -> str:
        length = self.length_unit(unit)
        angle = self.add("( NAMED_UNIT(*) PLANE_ANGLE_UNIT() SI_UNIT($,.RADIAN.) )")
        solid = self.add("( NAMED_UNIT(*) SI_UNIT($,.STERADIAN.) SOLID_ANGLE_UNIT() )")
        return self.add(
            f"( GEOMETRIC_REPRESENTATION_CONTEXT(3) GLOBAL_UNIT_ASSIGNED_CONTEXT(({length},{angle},{solid})) "
            "REPRESENTATION_CONTEXT('','3D') )"
        )

    def length_unit(self, unit: str) -> str:
        if unit != "inch":
            return self.add(_UNITS[unit])
        metre = self.add(_UNITS["mm"])
        size = self.add(f"LENGTH_MEASURE_WITH_UNIT(LENGTH_MEASURE(25.4),{metre})")
        powers = self.add("DIMENSIONAL_EXPONENTS(1.,0.,0.,0.,0.,0.,0.)")
        return self.add(f"( CONVERSION_BASED_UNIT('INCH',{size}) LENGTH_UNIT() NAMED_UNIT({powers}) )")

    def box(self, size: Size) -> str:
        """A solid bounded by plane faces with straight edges."""
        corners = [(x * size[0], y * size[1], z * size[2]) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
        vertices = [self.add(f"VERTEX_POINT('',{self.point(*corner)})") for corner in corners]
        edges: dict[tuple[int, int], str] = {}
        faces = ",".join(self._side(corners, vertices, edges, side) for side in _SIDES)
        shell = self.add(f"CLOSED_SHELL('',({faces}))")
        return self.add(f"MANIFOLD_SOLID_BREP('box',{shell})")

    def _side(
        self, corners: list[Size], vertices: list[str], edges: dict[tuple[int, int], str], side: Sequence[int]
    ) -> str:
        ways = []
        for a, b in zip(side, [*side[1:], side[0]], strict=True):
            if (a, b) not in edges and (b, a) not in edges:
                along = self.add(f"VECTOR('',{self.direction(*_unit(corners[a], corners[b]))},1.)")
                line = self.add(f"LINE('',{self.point(*corners[a])},{along})")
                edges[a, b] = self.add(f"EDGE_CURVE('',{vertices[a]},{vertices[b]},{line},.T.)")
            forward = (a, b) in edges
            edge = edges[a, b] if forward else edges[b, a]
            ways.append(self.add(f"ORIENTED_EDGE('',*,*,{edge},.{'T' if forward else 'F'}.)"))
        loop = self.add(f"EDGE_LOOP('',({','.join(ways)}))")
        bound = self.add(f"FACE_OUTER_BOUND('',{loop},.T.)")
        out = _cross(_unit(corners[side[0]], corners[side[1]]), _unit(corners[side[1]], corners[side[2]]))
        axes = self.axes(corners[side[0]], out, _unit(corners[side[0]], corners[side[1]]))
        plane = self.add(f"PLANE('',{axes})")
        return self.add(f"ADVANCED_FACE('',({bound}),{plane},.T.)")

    def product(self, name: str, context: str, items: Sequence[str]) -> tuple[str, str]:
        """Its definition, and its shape's representation."""
        application = self.add("APPLICATION_CONTEXT('automotive design')")
        place = self.add(f"PRODUCT_CONTEXT('',{application},'mechanical')")
        product = self.add(f"PRODUCT('{name}','{name}','',({place}))")
        formation = self.add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
        stage = self.add(f"PRODUCT_DEFINITION_CONTEXT('part definition',{application},'design')")
        definition = self.add(f"PRODUCT_DEFINITION('design','',{formation},{stage})")
        shape = self.add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
        listed = ",".join([self.axes((0, 0, 0)), *items])
        kind = "ADVANCED_BREP_SHAPE_REPRESENTATION" if items else "SHAPE_REPRESENTATION"
        representation = self.add(f"{kind}('{name}',({listed}),{context})")
        self.add(f"SHAPE_DEFINITION_REPRESENTATION({shape},{representation})")
        return definition, representation

    def instance(self, parent: tuple[str, str], child: tuple[str, str], at: Size) -> None:
        begin, end = self.axes((0, 0, 0)), self.axes(at)
        moved = self.add(f"ITEM_DEFINED_TRANSFORMATION('','',{begin},{end})")
        related = self.add(
            f"( REPRESENTATION_RELATIONSHIP('','',{child[1]},{parent[1]}) "
            f"REPRESENTATION_RELATIONSHIP_WITH_TRANSFORMATION({moved}) SHAPE_REPRESENTATION_RELATIONSHIP() )"
        )
        usage = self.add(f"NEXT_ASSEMBLY_USAGE_OCCURRENCE('','','',{parent[0]},{child[0]},$)")
        placed = self.add(f"PRODUCT_DEFINITION_SHAPE('','',{usage})")
        self.add(f"CONTEXT_DEPENDENT_SHAPE_REPRESENTATION({related},{placed})")


def _unit(a: Size, b: Size) -> Size:
    step = [q - p for p, q in zip(a, b, strict=True)]
    whole = sum(value * value for value in step) ** 0.5
    return step[0] / whole, step[1] / whole, step[2] / whole


def _cross(a: Size, b: Size) -> Size:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def box_step(size: Size, unit: str = "mm") -> str:
    file = StepFile()
    file.product("box", file.context(unit), [file.box(size)])
    return file.text()


def pair_step(size: Size, apart: float) -> str:
    """An assembly of the same box twice, the second one `apart` along x."""
    file = StepFile()
    context = file.context("mm")
    part = file.product("block", context, [file.box(size)])
    whole = file.product("pair", context, [])
    file.instance(whole, part, (0, 0, 0))
    file.instance(whole, part, (apart, 0, 0))
    return file.text()
