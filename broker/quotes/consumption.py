"""Material that a piece takes, from its facts alone: no shop has sliced it yet."""

from dataclasses import dataclass
from fractions import Fraction

from broker.errors import Unprocessable
from broker.wire.plates import Recipe
from broker.wire.shop import Stock
from slicer_bridge.cost import print_estimate
from slicer_bridge.facts import MeshFacts, PartFacts
from slicer_bridge.slicing.profile import Recipe as SlicingRecipe

_WASTE = 1.05
"""Skirts, purges and supports of the whole plate, spread over its pieces."""
_MARGIN_MM = 10.0
"""Cut parts stand this far apart: the tool, and a web that holds the sheet."""


@dataclass(frozen=True, slots=True)
class Consumption:
    """`price` in minor units for one piece, not rounded."""

    text: str
    price: Fraction


def consumption(facts: PartFacts, recipe: Recipe, stock: Stock) -> Consumption:
    """Raises Unprocessable if the stock is sheet for a mesh, or filament for a drawing."""
    if facts.mesh is not None and stock.sheet_mm is None:
        grams = _grams(facts.mesh, recipe, stock.density_g_cm3)
        return Consumption(f"{grams:.1f} g {stock.material}", Fraction(grams) / 1000 * stock.price_per_kg)
    if facts.drawing is not None and stock.sheet_mm is not None:
        width, depth = (side + _MARGIN_MM for side in facts.drawing.size_mm)
        share = Fraction(width) * Fraction(depth) / (Fraction(stock.sheet_mm[0]) * Fraction(stock.sheet_mm[1]))
        share = min(share, Fraction(1))
        return Consumption(f"{100 * float(share):.1f} % of a sheet {stock.material}", share * stock.price_per_sheet)
    kind = "sheet" if stock.sheet_mm is not None else "filament"
    raise Unprocessable(f"{stock.material} is {kind}", where="material", fix="take a material that fits the process")


def _grams(mesh: MeshFacts, recipe: Recipe, density_g_cm3: float) -> float:
    slicing = SlicingRecipe(layer_mm=recipe.layer_mm, perimeters=recipe.perimeters, infill=recipe.infill)
    return print_estimate(mesh, slicing).grams(density_g_cm3) * _WASTE
