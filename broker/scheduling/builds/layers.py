"""Layers of boxes side by side, as high as the highest of them, stacked in builds.

Layers are filled one after the other, the highest parts first, so that lower parts fill what higher ones leave over
(first fit by decreasing height: Chung, Garey and Johnson 1982, doi:10.1137/0603007). Layers are stacked by best fit.
"""

from typing import NamedTuple

import numpy as np

from broker.scheduling.builds.stock import Stock
from broker.scheduling.rectangles.construct import first_fit, in_rows
from broker.scheduling.rectangles.grid import Pieces
from broker.scheduling.rectangles.layout import Layout
from broker.scheduling.rectangles.problem import Ints
from broker.scheduling.stopping import Stop

ROWS_CLASS = 0.05
"""Heights that differ by less, a share of the highest, may stand in one row."""


class Draft(NamedTuple):
    """What decides a plan."""

    way: Ints
    """[r] pose of each run, a row of the stock's."""
    order: Ints
    """[r] in which runs are laid."""
    rule: int
    """Of `rectangles.space`, by which a place is chosen."""


class Plan(NamedTuple):
    layout: Layout
    """Within layers; `bin` is the layer."""
    way: Ints
    """[n] pose of each part."""
    build: Ints
    """[layers]"""
    z: Ints
    """[layers] nm."""
    number: int
    height: int
    """Summed over the builds, nm."""

    def score(self) -> tuple[int, int]:
        return self.number, self.height


def planned(stock: Stock, draft: Draft, stop: Stop) -> Plan | None:
    """None: stopped before the last part lay."""
    way = np.repeat(draft.way, stock.run_length)
    layout = first_fit(_pieces(stock, way), stock.run, draft.order, draft.rule, stop)
    return None if layout is None else _stacked(stock, way, layout)


def planned_in_rows(stock: Stock, way: Ints) -> Plan:
    """Quick, and never cut short."""
    by_part = np.repeat(way, stock.run_length)
    height = stock.pose[by_part, 2]
    rank = -np.ceil(height / (ROWS_CLASS * int(height.max(initial=1)))).astype(np.int64)
    return _stacked(stock, by_part, in_rows(_pieces(stock, by_part), rank))


def _pieces(stock: Stock, way: Ints) -> Pieces:
    width, depth, _ = np.ascontiguousarray(stock.pose[way].T)
    across, along, _ = (int(length) for length in stock.volume)
    return Pieces(width, depth, width / across * (depth / along), across, along, stock.rotate)


def _stacked(stock: Stock, way: Ints, layout: Layout) -> Plan:
    height = np.zeros(layout.bins(), dtype=np.int64)
    np.maximum.at(height, layout.bin, stock.pose[way, 2])
    build, z = np.zeros_like(height), np.zeros_like(height)
    top: list[int] = []
    for layer in np.argsort(-height, kind="stable").tolist():
        high = int(height[layer])
        open_builds = [k for k, filled in enumerate(top) if filled + high <= stock.volume[2]]
        if not open_builds:
            open_builds = [len(top)]
            top.append(0)
        build[layer] = max(open_builds, key=top.__getitem__)
        z[layer] = top[build[layer]]
        top[build[layer]] += high
    return Plan(layout, way, build, z, len(top), sum(top) - stock.spacing_z * len(top))
