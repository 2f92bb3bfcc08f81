"""`llagar-rig up`: machines as an owner would have them, one or a hundred, until somebody ends them."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from hardware_sim.network.processes import Processes
from hardware_sim.rig import folder
from hardware_sim.rig.errors import BadRigFile, MachineFailed, NoRig
from hardware_sim.rig.folder import RigState
from hardware_sim.rig.hands import Panels
from hardware_sim.rig.plan import Plan
from hardware_sim.rig.processes import Machines
from hardware_sim.rig.report import read_bundle
from hardware_sim.rig.rig_file import plan_of, read_rig
from hardware_sim.rig.show import showing
from hardware_sim.rig.watch import Watch

LOOK_S = 0.5
LOOK_S_PER_MACHINE = 0.02
"""A large rig is looked at less often, so that looking stays cheap."""
START_S = 60.0
START_S_PER_MACHINE = 1.0
ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""A person's ways to end a rig that is up."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command's options; `for_s` None: until a signal comes."""

    rig: Path | None
    replay: Path | None
    ports: Path | None
    speed: float | None
    seed: int | None
    headless: bool
    for_s: float | None
    keep: bool


def up(wanted: Wanted, console: Console) -> None:
    """Raises BadRigFile, NoRig, MachineFailed, ProcessEnded; after a machine that failed, when all have ended."""
    text, plan = _asked_for(wanted)
    folder.sweep()
    place = folder.fresh_folder()
    state = RigState(
        folder=place,
        ports=(wanted.ports or place / "ports").absolute(),
        command=tuple(sys.argv),
        started_at=datetime.now(UTC),
        keep=wanted.keep,
    )
    placed = plan.placed(state.ports, place)
    _make(state.ports)
    _require_free(state.ports, placed)
    state.rig_file.write_text(text, encoding="utf-8")
    state.plan_file.write_text(placed.model_dump_json(indent=1) + "\n", encoding="utf-8")
    failed = _run(state, placed, wanted, console)
    console.print(f"ended; what happened is in {place}, and `llagar-rig report` bundles it", soft_wrap=True)
    if failed:
        raise MachineFailed("\n".join(failed))


def _asked_for(wanted: Wanted) -> tuple[str, Plan]:
    """The text of the rig.toml, and its plan."""
    match wanted.rig, wanted.replay:
        case Path() as rig, None:
            text = read_rig(rig)
            return text, plan_of(text, str(rig), wanted.seed, wanted.speed)
        case None, Path() as replay:
            if wanted.seed is not None or wanted.speed is not None:
                raise BadRigFile("a replay has its own seed and speeds: leave out --seed and --speed")
            return read_bundle(replay)
        case _:
            raise BadRigFile("say which rig: llagar-rig up RIG.toml, or llagar-rig up --replay FILE.zip")


def _make(ports: Path) -> None:
    """Raises BadRigFile."""
    try:
        ports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadRigFile(f"{ports}: can't be a folder for ports: {error.strerror}") from error


def _require_free(ports: Path, plan: Plan) -> None:
    """Raises NoRig where another rig has its ports, BadRigFile where a port would replace somebody's file."""
    there = folder.read_state(ports / folder.STATE)
    if there is not None and there.runs():
        raise NoRig(f"{ports}: another rig that is running has its ports there")
    for machine in plan.machines:
        port = machine.config.port
        if port.exists() and not port.is_symlink() and port.suffix != ".url":
            raise BadRigFile(f"{port} is in the way: it is no port of a rig's")


def _run(state: RigState, plan: Plan, wanted: Wanted, console: Console) -> Sequence[str]:
    """What there is to say of machines that ended by themselves."""
    with ExitStack() as stack:
        stack.enter_context(folder.locked(state.folder))
        stack.callback(_tidy, state, plan)
        processes = stack.enter_context(Processes(state.folder / "logs"))
        panels = stack.enter_context(Panels({one.name: one.config.control for one in plan.machines}))
        machines = Machines(state, plan, processes)
        count = len(plan.machines)
        try:
            machines.start()
            machines.wait(panels, START_S + START_S_PER_MACHINE * count)
            state.announce()
            watch = Watch(state, plan, machines, panels)
            _follow(watch, wanted, max(LOOK_S, LOOK_S_PER_MACHINE * count), console)
        except KeyboardInterrupt:
            # The way to end a rig; what follows is the same as after its time.
            pass
        for name, stand in panels.look(LOOK_S).items():
            state.summary(name).write_text(stand.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return [machines.obituary(ending) for ending in machines.endings()]


def _follow(watch: Watch, wanted: Wanted, period_s: float, console: Console) -> None:
    """Until its time is over or a signal of `ENDING` comes."""
    begun = time.monotonic()
    with _held(ENDING), showing(console, headless=wanted.headless) as show:
        while True:
            show(watch.look())
            left_s = float("inf") if wanted.for_s is None else wanted.for_s - (time.monotonic() - begun)
            if left_s <= 0 or signal.sigtimedwait(ENDING, min(period_s, left_s)) is not None:
                return


@contextmanager
def _held(numbers: frozenset[signal.Signals]) -> Iterator[None]:
    """They wait to be asked for: one that came while a line is drawn would leave the terminal half drawn."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _tidy(state: RigState, plan: Plan) -> None:
    """Machines take their ports with them; a killed one can't."""
    for machine in plan.machines:
        machine.config.port.unlink(missing_ok=True)
    state.retire()
