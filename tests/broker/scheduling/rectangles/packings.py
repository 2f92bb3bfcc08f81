"""Packings measured by hand, and small problems solved by trying everything."""

from itertools import product

import numpy as np

from broker.scheduling.rectangles.problem import Bins, Rectangles

Boxes = list[tuple[int, int]]


def rectangles(
    sizes: list[tuple[float, float]],
    bin_mm: tuple[float, float],
    *,
    quantity: int = 1,
    spacing: float = 0.0,
    rotate: bool = False,
) -> Rectangles:
    size = np.array(sizes, dtype=np.float64).reshape(-1, 2)
    return Rectangles(size, np.full(len(size), quantity), bin_mm, spacing, rotate)


def assert_sound(problem: Rectangles, bins: Bins) -> None:
    """Each piece once, on its bin, and in x or in y at least the spacing from every other; to two nanometres."""
    wanted = problem.quantity.copy()
    wanted[bins.left_out] = 0
    assert np.array_equal(np.bincount(bins.item, minlength=len(wanted)), wanted)
    assert sorted(set(bins.bin.tolist())) == list(range(bins.number))
    assert bins.bound <= bins.number
    assert problem.rotate or not bins.turned.any()
    placed: list[list[tuple[float, float, float, float]]] = [[] for _ in range(bins.number)]
    rows = zip(bins.item, bins.bin, bins.x, bins.y, bins.turned, strict=True)
    for item, at, x, y, turned in rows:
        w, d = problem.size[item][::-1] if turned else problem.size[item]
        assert x >= 0
        assert y >= 0
        assert x + w <= problem.bin[0] + 2e-6
        assert y + d <= problem.bin[1] + 2e-6
        for other_x, other_y, other_w, other_d in placed[at]:
            gap = max(other_x - (x + w), x - (other_x + other_w), other_y - (y + d), y - (other_y + other_d))
            assert gap >= problem.spacing - 2e-6
        placed[at].append((x, y, w, d))


def least_bins(boxes: Boxes, side: tuple[int, int], rotate: bool) -> int:
    """Fewest bins of a few whole-numbered boxes: all partitions, each part tried at every whole position."""
    number = 1
    while not any(
        all(_fit([boxes[k] for k, at in enumerate(chosen) if at == b], side, rotate) for b in range(number))
        for chosen in product(range(number), repeat=len(boxes))
        if all(at <= k for k, at in enumerate(chosen))
    ):
        number += 1
    return number


def _fit(boxes: Boxes, side: tuple[int, int], rotate: bool) -> bool:
    return _placed(boxes, np.zeros(side, dtype=bool), rotate)


def _placed(boxes: Boxes, taken: np.ndarray[tuple[int, int], np.dtype[np.bool_]], rotate: bool) -> bool:
    if not boxes:
        return True
    ways = {boxes[0], boxes[0][::-1]} if rotate else {boxes[0]}
    for w, d in sorted(ways):
        for x, y in product(range(taken.shape[0] - w + 1), range(taken.shape[1] - d + 1)):
            if not taken[x : x + w, y : y + d].any():
                taken[x : x + w, y : y + d] = True
                if _placed(boxes[1:], taken, rotate):
                    return True
                taken[x : x + w, y : y + d] = False
    return False
