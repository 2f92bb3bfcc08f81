"""What nests have shown is known of less and of more."""

import numpy as np

from broker.scheduling.nesting.bed import Bed
from broker.scheduling.nesting.nest import Nest, check_exactly
from broker.scheduling.nesting.nester import Nester
from broker.scheduling.nesting.patterns import Patterns, Wanted
from broker.scheduling.shapes import Pose, Shape

BED = Bed(100.0, 100.0, 50.0, 4.0)


def box(width: float, depth: float) -> Shape:
    return Shape((Pose(np.array([[0.0, 0.0], [width, 0.0], [width, depth], [0.0, depth]]), 10.0),))


def nest(*shapes: int) -> Nest:
    at = np.array([[10.0 * place, 0.0, 0.0] for place in range(len(shapes))])
    return Nest(shapes, (0,) * len(shapes), at, (10.0 * len(shapes), 10.0))


def test_who_holds_more_holds_less() -> None:
    known = Patterns()
    known.learn(((0, 2), (1, 1)), nest(0, 1, 0), last=True)
    held = known.holding(((0, 1), (1, 1)))
    assert held is not None
    assert (held.shape, held.at[:, 0].tolist()) == ((0, 1), [0.0, 10.0])
    assert known.holding(((0, 3),)) is None
    assert known.holding(((2, 1),)) is None


def test_who_does_not_hold_less_does_not_hold_more() -> None:
    known = Patterns()
    known.learn(((0, 2), (1, 2)), nest(0, 0, 1), last=True)
    known.learn(((2, 100),), nest(2, 2, 2), last=True)
    failing: tuple[Wanted, ...] = (((0, 2), (1, 2)), ((0, 3), (1, 2), (2, 1)), ((2, 4),))
    assert [known.fail(wanted) for wanted in failing] == [True] * 3
    assert not known.fail(((0, 2), (1, 1)))
    assert not known.fail(((2, 3),))


def test_a_search_that_is_not_the_last_shows_no_failure() -> None:
    known = Patterns()
    known.learn(((0, 2),), nest(0), last=False)
    assert not known.fail(((0, 2),))


def test_what_is_cut_from_a_nest_lies() -> None:
    shapes = (box(40, 40), box(25, 20), box(15, 60))
    nester = Nester(shapes)
    assert nester.holds(BED, ((0, 2), (1, 3), (2, 1)))
    for wanted in (((0, 1), (2, 1)), ((0, 2), (1, 1)), ((1, 3), (2, 1))):
        found = nester.nest(BED, wanted)
        assert found is not None
        assert sorted(found.shape) == sorted(shape for shape, number in wanted for _ in range(number))
        check_exactly(shapes, found, BED)
    assert not nester.holds(BED, ((0, 9), (1, 1)))
