"""A large plan divided: half of the workshops with what they make, as a world and a state of their own.

A lot that both halves make pieces of is in both, each with its pieces: late in one, it counts as late there.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from broker.scheduling.network.anneal import anneal
from broker.scheduling.network.hasten import hasten
from broker.scheduling.network.load import drop_unmade, load, rows_of
from broker.scheduling.network.problem import Bools, Ints
from broker.scheduling.network.search import SAMPLE, SCALE, cooled, energy, stretch
from broker.scheduling.network.state import empty_state
from broker.scheduling.network.world import World, kin_of, ranges


@dataclass(frozen=True, slots=True)
class Pace:
    """Of a large search for another objective than tardiness."""

    hurried: bool
    """What ends last is sought out."""
    heat: float
    """Temperature where hurried; else the mean energy of a lot."""


class Half:
    """A search of a half; it never says how good its plan is, since that is told by the whole."""

    def __init__(self, laid: World, lots: Ints, rows: Ints, seed: int, drafts: float, pace: Pace | None) -> None:
        self._laid = laid
        self._lots = lots
        number = np.full(int(lots.max(initial=-1)) + 1, -1, dtype=np.int64)
        number[lots] = np.arange(len(lots))
        runs = len(rows) + len(rows) // 5 + len(lots) // 4 + 1
        self._state = empty_state(laid, runs, seed)
        load(laid, self._state, np.stack([rows[:, 0], number[rows[:, 1]], rows[:, 2]], axis=1))
        self._before, self._pace = drafts, pace
        self.drafts = 0

    def step(self) -> None:
        """A stretch of drafts: some 20 ms."""
        lots = len(self._lots)
        if lots == 0 or len(self._laid.of_kind) == 0:
            return
        drafts = stretch(len(self._state.runs))
        pace = self._pace or Pace(hurried=False, heat=energy(self._state) / lots)
        if pace.hurried:
            self.drafts += hasten(self._laid, self._state, drafts, pace.heat, SCALE, 4, SAMPLE, -np.inf)
            return
        temperature = cooled(pace.heat, self._before + self.drafts / lots)
        self.drafts += anneal(self._laid, self._state, drafts, temperature, SCALE, 4, SAMPLE, 0.0, -np.inf)

    def rows(self) -> Ints:
        """Of its plan, with the lots' own numbers."""
        drop_unmade(self._laid, self._state)
        rows = rows_of(self._state)
        return np.stack([rows[:, 0], self._lots[rows[:, 1]], rows[:, 2]], axis=1)


def halves(
    laid: World, rows: Ints, rng: np.random.Generator, drafts: int, pool: ThreadPoolExecutor, pace: Pace | None = None
) -> list[Half]:
    """Workshops divided at random; `rows` as `load` takes them, `drafts` those made so far."""
    shops = len(laid.shops)
    side = rng.permutation(shops) < shops // 2
    # A row of -1 belongs to the run before it.
    leading = np.maximum.accumulate(np.where(rows[:, 0] >= 0, np.arange(len(rows)), 0))
    here = side[laid.machines["shop"][rows[leading, 0]]]
    homeless = rng.random(len(laid.lots)) < 0.5
    seeds = rng.integers(1 << 62, size=2).tolist()
    whole = np.bincount(rows[:, 1], minlength=len(laid.lots)) > 0

    def part(half: bool) -> Half:
        mine = rows[here == half]
        made = np.bincount(mine[:, 1], mine[:, 2], len(laid.lots)).astype(np.int64)
        wanted = np.where(whole, made, np.where(homeless == half, laid.lots["quantity"], 0))
        lots = np.flatnonzero(wanted)
        laid_here = _part(laid, side == half, lots, wanted[lots])
        return Half(laid_here, lots, mine, seeds[half], drafts / len(laid.lots), pace)

    return list(pool.map(part, (False, True)))


def _part(laid: World, shops: Bools, lots: Ints, wanted: Ints) -> World:
    """With those workshops' machines and so many pieces of those lots; what is numbered otherwise stays as it is."""
    record, kinds, places = laid.lots[lots], laid.kinds.copy(), laid.shops.copy()
    record["quantity"] = wanted
    of_kind = laid.of_kind[shops[laid.machines["shop"][laid.of_kind]]]
    of_shop = laid.of_shop[shops[laid.machines["shop"][laid.of_shop]]]
    ranges(kinds, "", laid.machines["kind"][of_kind])
    ranges(places, "machine_", laid.machines["shop"][of_shop])
    return laid._replace(
        lots=record,
        piece_s=laid.piece_s[lots],
        per_plate=laid.per_plate[lots],
        kinds=kinds,
        shops=places,
        kin=kin_of(record, len(laid.ship_s)),
        of_kind=of_kind,
        of_shop=of_shop,
    )
