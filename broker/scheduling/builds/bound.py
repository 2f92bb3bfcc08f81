"""Lower bounds of builds and of their summed height."""

import math

import numpy as np

from broker.scheduling.builds.stock import Stock
from broker.scheduling.rectangles.bound import MOST_THRESHOLDS, SLACK, functions
from broker.scheduling.rectangles.problem import RESOLUTION_MM, Floats, Ints


def builds_needed(stock: Stock) -> int:
    """By volume, and by volume with heights measured by dual feasible functions (see `rectangles.bound`)."""
    if not len(stock.item):
        return 0
    height = np.minimum(stock.pose[:, 2], stock.volume[2])
    measured = functions(height, int(stock.volume[2]), MOST_THRESHOLDS)
    return max(math.ceil(_total(stock, _floor_share(stock) * value) - SLACK) for value in measured)


def least_height(stock: Stock, builds: int) -> float:
    """Of so many builds in sum, mm: the parts' volume over the floor, and the highest part."""
    if not len(stock.item):
        return 0.0
    by_volume = _total(stock, _floor_share(stock) * stock.pose[:, 2]) - builds * stock.spacing_z
    highest = int(_least(stock, stock.pose[:, 2]).max()) - stock.spacing_z
    return max(by_volume * (1.0 - 1e-12), float(highest)) * RESOLUTION_MM


def _floor_share(stock: Stock) -> Floats:
    """[q]"""
    shares: Floats = stock.pose[:, 0] / stock.volume[0] * (stock.pose[:, 1] / stock.volume[1])
    return shares


def _total(stock: Stock, value: Floats) -> float:
    """Every part at the pose of least value."""
    return float(_least(stock, value) @ stock.run_length)


def _least(stock: Stock, value: Floats | Ints) -> Floats | Ints:
    """[r] of each run's poses."""
    first = np.cumsum([0] + [len(ways) for ways in stock.ways[:-1]])
    least: Floats | Ints = np.minimum.reduceat(value[np.concatenate(stock.ways)], first)
    return least
