"""Parts to be cut from sheets and offcuts: what the file holds, the problem that it poses, and the answer."""

from typing import Annotated, Literal

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, NonNegativeInt, PositiveInt

from broker.scheduling.files.errors import WrongFile
from broker.scheduling.files.outlines import Length, Outlined, Point, outline
from broker.scheduling.sheets.problem import (
    GRAIN_ALONG_X,
    GRAIN_ALONG_Y,
    NO_GRAIN,
    Cutting,
    Floats,
    Lots,
    Pattern,
    Problem,
    Result,
    Stock,
)
from broker.scheduling.validate import MAX_MM

MOST_PIECES = 100_000
_GRAINS = {None: NO_GRAIN, "x": GRAIN_ALONG_X, "y": GRAIN_ALONG_Y}
Distance = Annotated[FiniteFloat, Field(ge=0, le=MAX_MM)]
Money = Annotated[FiniteFloat, Field(ge=0, le=1e12)]


class Sheet(Outlined):
    count: NonNegativeInt = 1
    material: str = ""
    """Material and thickness, by whatever name parts have for it."""
    grain: Literal["x", "y"] | None = None
    price: Money | None = None
    """Of one, in minor units."""
    clamps: list[list[Point]] = Field(default_factory=list)


class Part(Outlined):
    quantity: PositiveInt = 1
    material: str = ""
    grain: bool = False
    """Its own x axis must lie along the sheet's grain."""
    worth: Annotated[FiniteFloat, Field(gt=0, le=1e12)] = 1.0
    """Of a piece: where stock runs short, least worth is left out."""


class SheetsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sheets: list[Sheet] = []
    offcuts: list[Sheet] = []
    kerf: Distance
    spacing: Distance = 0.0
    """Between two cuts."""
    margin: Distance = 0.0
    clamp_gap: Distance = 0.0
    least_offcut: tuple[Length, Length] = (300.0, 300.0)
    offcut_value: Annotated[float, Field(ge=0, le=1)] = 0.8
    """As a share of what its area costs as a sheet."""
    parts: list[Part]

    def problem(self) -> Problem:
        """Raises SchedulingError where it is none."""
        materials = sorted({*(sheet.material for sheet in self.stock), *(part.material for part in self.parts)})
        if sum(part.quantity for part in self.parts) > MOST_PIECES:
            raise WrongFile(f"over {MOST_PIECES} pieces at once")
        return Problem(self._lots(materials), self._stock(materials), self._cutting())

    @property
    def stock(self) -> list[Sheet]:
        return [*self.sheets, *self.offcuts]

    def _lots(self, materials: list[str]) -> Lots:
        return Lots(
            outlines=tuple(outline(f"part {part.id!r}", part.points("part")) for part in self.parts),
            quantity=np.array([part.quantity for part in self.parts], dtype=np.int64),
            material=np.array([materials.index(part.material) for part in self.parts], dtype=np.int64),
            grained=np.array([part.grain for part in self.parts], dtype=np.bool_),
            worth=np.array([part.worth for part in self.parts], dtype=np.float64),
        )

    def _stock(self, materials: list[str]) -> Stock:
        every = self.stock
        outlines = tuple(outline(f"sheet {one.id!r}", one.points("sheet")) for one in every)
        return Stock(
            outlines=outlines,
            number=np.array([one.count for one in every], dtype=np.int64),
            price=self._prices([float(shapely.Polygon(points).area) for points in outlines]),
            material=np.array([materials.index(one.material) for one in every], dtype=np.int64),
            grain=np.array([_GRAINS[one.grain] for one in every], dtype=np.int64),
            clamps=tuple(tuple(outline(f"clamp on {one.id!r}", clamp) for clamp in one.clamps) for one in every),
        )

    def _prices(self, areas: list[float]) -> Floats:
        """Sheets without a price cost their area; offcuts without one a share of the cheapest sheet's rate."""
        said = [sheet.price is not None for sheet in self.sheets]
        if any(said) and not all(said):
            raise WrongFile("some sheets have a price and some none: give all of them one, or none")
        whole = len(self.sheets)
        prices = [
            area if one.price is None else one.price for one, area in zip(self.sheets, areas[:whole], strict=True)
        ]
        rates: dict[str, float] = {}
        for sheet, price, area in zip(self.sheets, prices, areas[:whole], strict=True):
            rates[sheet.material] = min(rates.get(sheet.material, np.inf), price / area)
        for offcut, area in zip(self.offcuts, areas[whole:], strict=True):
            value = self.offcut_value * area * rates.get(offcut.material, 1.0)
            prices.append(value if offcut.price is None else offcut.price)
        return np.array(prices, dtype=np.float64)

    def _cutting(self) -> Cutting:
        short, long = sorted(self.least_offcut)
        return Cutting(self.kerf, self.spacing, self.margin, self.clamp_gap, (short, long), self.offcut_value)


class Row(BaseModel):
    id: str
    x: float
    y: float
    angle_deg: float


class Left(BaseModel):
    id: str
    quantity: int
    reason: str


class Kept(BaseModel):
    """A rectangle of the sheet that goes back to stock, in the order in which they are cut off."""

    x: float
    y: float
    size: tuple[float, float]


class CutSheet(BaseModel):
    id: str
    copies: int
    parts: list[Row]
    offcuts: list[Kept]


class SheetsAnswer(BaseModel):
    sheets: list[CutSheet]
    left_out: list[Left]
    cost: float
    """Of sheets and offcuts that are opened, less what is kept of them."""
    bound: float
    """No answer costs less."""
    use: float
    """Area of the parts by area taken off stock."""


def sheets_answer(file: SheetsFile, result: Result) -> SheetsAnswer:
    return SheetsAnswer(
        sheets=[_cut(file, pattern) for pattern in result.patterns],
        left_out=[Left(id=file.parts[one.lot].id, quantity=one.pieces, reason=one.reason) for one in result.left_out],
        cost=result.figures.cost,
        bound=result.bound,
        use=result.figures.use,
    )


def _cut(file: SheetsFile, pattern: Pattern) -> CutSheet:
    placed = zip(pattern.lot.tolist(), pattern.at.tolist(), strict=True)
    return CutSheet(
        id=file.stock[pattern.stock].id,
        copies=pattern.copies,
        parts=[Row(id=file.parts[lot].id, x=x, y=y, angle_deg=angle) for lot, (x, y, angle) in placed],
        offcuts=[Kept(x=x0, y=y0, size=(x1 - x0, y1 - y0)) for x0, y0, x1, y1 in pattern.offcuts.tolist()],
    )
