"""Random numbers of compiled loops."""

import numpy as np

from broker.scheduling.compiled import compiled
from broker.scheduling.draws import State, below, drawn, following, fraction, seeded, uniform


@compiled
def _drawn(state: State, number: int) -> tuple[float, int]:
    return uniform(state), below(state, number)


@compiled
def _after(x: np.uint64) -> float:
    return fraction(following(x))


def test_they_fill_their_range_evenly() -> None:
    state = seeded(1)
    both = np.array([_drawn(state, 7) for _ in range(7_000)])
    assert 0.0 <= both[:, 0].min() < 0.01
    assert 0.99 < both[:, 0].max() < 1.0
    counts = np.bincount(both[:, 1].astype(np.int64), minlength=7)
    assert len(counts) == 7
    assert counts.min() > 850
    assert counts.max() < 1_150


def test_the_same_seed_gives_the_same_and_another_one_others() -> None:
    first, again, other = (_drawn(seeded(seed), 1_000) for seed in (3, 3, 4))
    assert first == again != other


def test_a_state_kept_elsewhere_goes_the_same_way() -> None:
    state = drawn(np.random.default_rng(2))
    after = _after(state[0])
    assert _drawn(state, 2)[0] == after
