"""What can't be cut is refused, and says where."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.errors import BadOutline, NotFinite, OutOfRange, ProblemError, WrongArray
from broker.scheduling.sheets.problem import Cutting, Lots, Problem, Stock
from tests.broker.scheduling.sheets.stockroom import CUTTING, box, lots, stock

LOTS = lots((box(10, 10), 1))
STOCK = stock((box(100, 100), 1, 10.0))
BOW = np.array([[0.0, 0.0], [10.0, 10.0], [10.0, 0.0], [0.0, 10.0]])


@pytest.mark.parametrize(
    ("parts", "sheets", "cutting", "error", "field"),
    [
        (replace(LOTS, outlines=(BOW,)), STOCK, CUTTING, BadOutline, "lots.outlines[0]"),
        (replace(LOTS, outlines=(box(10, 0),)), STOCK, CUTTING, BadOutline, "lots.outlines[0]"),
        (replace(LOTS, outlines=(box(np.nan, 1),)), STOCK, CUTTING, NotFinite, "lots.outlines[0]"),
        (replace(LOTS, outlines=(box(1e9, 1),)), STOCK, CUTTING, OutOfRange, "lots.outlines[0]"),
        (replace(LOTS, outlines=(box(9, 9)[:2],)), STOCK, CUTTING, BadOutline, "lots.outlines[0]"),
        (replace(LOTS, quantity=np.array([-1])), STOCK, CUTTING, OutOfRange, "lots.quantity"),
        (replace(LOTS, quantity=np.array([1.5])), STOCK, CUTTING, WrongArray, "lots.quantity"),
        (replace(LOTS, worth=np.array([0.0])), STOCK, CUTTING, OutOfRange, "lots.worth"),
        (replace(LOTS, worth=np.array([np.inf])), STOCK, CUTTING, NotFinite, "lots.worth"),
        (replace(LOTS, grained=np.array([0])), STOCK, CUTTING, WrongArray, "lots.grained"),
        (LOTS, replace(STOCK, outlines=(BOW,)), CUTTING, BadOutline, "stock.outlines[0]"),
        (LOTS, replace(STOCK, clamps=((BOW,),)), CUTTING, BadOutline, "stock.clamps[0][0]"),
        (LOTS, replace(STOCK, clamps=()), CUTTING, WrongArray, "stock.clamps"),
        (LOTS, replace(STOCK, grain=np.array([3])), CUTTING, OutOfRange, "stock.grain"),
        (LOTS, replace(STOCK, price=np.array([-1.0])), CUTTING, OutOfRange, "stock.price"),
        (LOTS, STOCK, replace(CUTTING, kerf_mm=np.nan), NotFinite, "cutting.kerf_mm"),
        (LOTS, STOCK, replace(CUTTING, margin_mm=-1.0), OutOfRange, "cutting.margin_mm"),
        (LOTS, STOCK, replace(CUTTING, least_mm=(400.0, 300.0)), OutOfRange, "cutting.least_mm"),
        (LOTS, STOCK, replace(CUTTING, kept_value=1.1), OutOfRange, "cutting.kept_value"),
    ],
)
def test_what_is_wrong_is_named(
    parts: Lots, sheets: Stock, cutting: Cutting, error: type[ProblemError], field: str
) -> None:
    with pytest.raises(error) as caught:
        Problem(parts, sheets, cutting)
    assert caught.value.field == field
