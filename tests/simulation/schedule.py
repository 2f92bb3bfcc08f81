"""One schedule from its seed: faults as they come, then none, and on until nothing moves; judged throughout."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from broker.orders.models import Line, Lot
from broker.runs.counting import scrapped
from broker.runs.models import Correction, InboxEvent, Run, RunStep, Skip
from broker.wire.messages import Corrected, Counted, Envelope, LotCount, Settled
from broker.wire.states import LIVE, RunState
from shop_agent.state.records import Count
from tests.simulation.faults import LAST_S, Fault, Kind, faults
from tests.simulation.judge import Violation
from tests.simulation.mishaps import Mishaps
from tests.simulation.world import MACHINES, World

CALM_S = 300.0
"""So long after the last thing that goes wrong, all that still goes on of it ends."""
LIMIT_S = LAST_S + 8 * 3600.0
"""Whatever hasn't ended by now never will."""
MOST_EVENTS = 60_000
Transition = tuple[RunState, RunState, str]
_Pieces = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    faults: tuple[Fault, ...]
    violations: tuple[Violation, ...]
    transitions: Counter[Transition]
    points: Counter[str]
    """Where processes were killed."""
    events: int
    lasted_s: float
    story: tuple[str, ...]


def run(seed: int, *, told: bool = False, among: Sequence[Kind] = tuple(Kind), judged: str | None = None) -> Outcome:
    """`among`: the kinds of faults that may come. `judged`: the one promise that counts, where it isn't all."""
    world = World(seed, told=told)
    world.judge.judged = judged
    planned = faults(world.dice, MACHINES, among)
    mishaps = Mishaps(world)
    for fault in planned:
        world.calendar.after(fault.at_s, world.life, partial(mishaps.expect, fault))
    calm_s = max(fault.at_s for fault in planned) + CALM_S
    world.calendar.after(calm_s, world.life, mishaps.end_all)
    world.begin()
    events = 0
    while not world.judge.violations and not _over(world, calm_s):
        events += 1
        if events > MOST_EVENTS:
            world.judge.broken("I2", "it never comes to rest")
        if not world.step():
            break
    if not world.judge.violations:
        _judge_end(world)
    world.end()
    return Outcome(
        seed=seed,
        faults=tuple(planned),
        violations=tuple(world.judge.violations),
        transitions=_transitions(world),
        points=world.hazards.hit,
        events=events,
        lasted_s=world.calendar.now_s,
        story=tuple(world.story.lines),
    )


def _over(world: World, calm_s: float) -> bool:
    now_s = world.calendar.now_s
    return now_s > LIMIT_S or (now_s > calm_s and world.settled)


def _judge_end(world: World) -> None:
    tables, judge = world.broker.books.tables, world.judge
    runs = list(tables.all(Run))
    open_runs = [f"{run.id} {run.state}" for run in runs if run.state in LIVE]
    if not world.settled:
        lots = [f"{lot.id} {lot.state} {lot.good}/{lot.quantity}" for lot in tables.all(Lot)]
        judge.broken("I2", "the order never ended: %s; %s", ", ".join(lots), ", ".join(open_runs))
    _judge_counts(world)
    _judge_rows(world)


def _judge_counts(world: World) -> None:
    """I4 and I5; what both a backup and an older journal lack was told to nobody that is left."""
    if world.was_restored and world.journals_lost:
        return
    _judge_words(world)
    if not world.miscounted:
        _judge_beds(world)
    if world.delivered:
        _judge_lines(world)


def _judge_words(world: World) -> None:
    """Lots hold what people gave their word for."""
    tables, judge = world.broker.books.tables, world.judge
    good: Counter[str] = Counter()
    scrap: Counter[str] = Counter()
    heard = _heard(world)
    for run, told in world.attested.items():
        standing = heard.get(run)
        if standing is None and not world.journals_lost:
            judge.broken("I4", "of run %s no count was taken; people said %s", run, told)
        elif standing is not None and standing not in [_pieces(counts) for counts in told]:
            judge.broken("I4", "of run %s the broker took %s; people said %s", run, standing, told)
        for name, is_good, is_scrap in standing or ():
            good[name] += is_good
            scrap[name] += is_scrap
    for skip in tables.all(Skip):
        scrap[skip.lot_id] += 1
        if skip.object not in world.left_out.get(skip.run_id, ()):
            judge.broken("I4", "of run %s %s is scrap, and it was made", skip.run_id, skip.object)
    for lot in tables.all(Lot):
        has, said = (lot.good + lot.surplus, lot.scrap), (good[lot.id], scrap[lot.id])
        if has != said:
            judge.broken("I4", "lot %s has %d good, %d scrap; people said %d, %d", lot.id, *has, *said)


def _judge_beds(world: World) -> None:
    """Where nobody miscounted, it is what lay there."""
    real: Counter[str] = Counter()
    for machine in world.machines.values():
        for pieces in machine.made.values():
            for one in pieces:
                real[one.lot] += one.good
    for lot in world.broker.books.tables.all(Lot):
        if lot.good + lot.surplus != real[lot.id]:
            world.judge.broken(
                "I4", "lot %s has %d good; %d lay on the beds", lot.id, lot.good + lot.surplus, real[lot.id]
            )


def _judge_lines(world: World) -> None:
    tables = world.broker.books.tables
    for line in tables.all(Line):
        good = sum(lot.good for lot in tables.by(Lot, "line_id", line.id))
        if good != line.quantity:
            world.judge.broken("I5", "line %s: %d delivered of %d", line.id, good, line.quantity)


def _heard(world: World) -> dict[str, _Pieces]:
    """By run: the last count that the broker took, of those that it was told."""
    heard: dict[str, _Pieces] = {}
    for event in world.broker.books.tables.all(InboxEvent):
        envelope: object = event.payload
        assert isinstance(envelope, Envelope)
        body = envelope.body
        if event.applied and envelope.run and isinstance(body, Counted | Settled | Corrected):
            heard[envelope.run] = _pieces(body.counts)
    return heard


def _pieces(counts: Sequence[Count] | Sequence[LotCount]) -> _Pieces:
    """Lots with their good pieces and their scrap."""
    return tuple(sorted((count.lot, count.good, _scrap(count)) for count in counts if count.good or _scrap(count)))


def _scrap(count: Count | LotCount) -> int:
    return count.total - count.good if isinstance(count, Count) else scrapped(count)


def _judge_rows(world: World) -> None:
    """I9: versions without gaps, and every event that an agent holds as acknowledged is there."""
    tables, judge = world.broker.books.tables, world.judge
    for run in tables.all(Run):
        steps = [step.version for step in tables.by(RunStep, "run_id", run.id)]
        corrections = {row.version for row in tables.by(Correction, "run_id", run.id)}
        remarks = len(corrections) + len(tables.by(Skip, "run_id", run.id))
        if not run.restored and (len({*steps, *corrections}) + remarks - len(corrections) != run.version):
            judge.broken("I9", "run %s at version %d has steps %s, %d remarks", run.id, run.version, steps, remarks)
    for site in world.sites.values():
        disk = site.agent.disk
        for epoch, acked in disk.acked.rows.items():
            if world.was_restored and epoch != site.agent.log.epoch:
                continue  # the backup is older than what this agent's journal still holds
            for seq in range(1, acked + 1):
                kept = tables.get(InboxEvent, site.agent.agent_id, epoch, seq)
                # A journal that was rolled back may have said another thing under the number meanwhile, in vain.
                held = disk.outbox[epoch].rows.get(seq)
                told: object = held[0] if held else world.sent.get((site.agent.agent_id, epoch, seq))
                if kept is None or kept.payload != told:
                    judge.broken(
                        "I9", "event %d of epoch %s of %s was acknowledged, and is lost", seq, epoch, site.name
                    )


def _transitions(world: World) -> Counter[Transition]:
    found: Counter[Transition] = Counter()
    for run in world.broker.books.tables.all(Run):
        steps: Sequence[RunStep] = world.broker.books.tables.by(RunStep, "run_id", run.id)
        for before, after in pairwise(steps):
            found[before.state, after.state, after.actor.value] += 1
    return found
