"""What the terminal shows of a rig: plain values, made anew for each frame."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from hardware_sim.firmware.witness import Counters
from hardware_sim.rig.hands import EpisodeSeen, Stand
from hardware_sim.rig.holders import Holder
from hardware_sim.rig.plan import Planned

ENDED = "ended"
SILENT = "silent"
TALLIES = frozenset(
    {"jobs", "setups", "deposits", "cuts", "filament_mm", "spindle_s", "lost_bytes", "resends", "resets"}
)
"""Counters that are no offence; every other one must stay 0."""


@dataclass(frozen=True, slots=True)
class MachineView:
    shop: str
    machine: str
    firmware: str
    """And the host that it is behind."""
    address: str
    """Where to open it; empty while it is unplugged."""
    state: str
    faulted: bool
    doing: str
    energy: str
    """What is hot or turns, in words."""
    jobs: int
    laid: int
    """Deposits or cuts."""
    offences: tuple[tuple[str, float], ...]
    """What must not happen and has: its counter, and how often or how much."""
    waiting: tuple[str, ...]
    """Kinds of the faults that may still fire."""
    fired: tuple[str, ...]
    holders: tuple[Holder, ...]

    @property
    def troubled(self) -> bool:
        return self.faulted or self.state in (ENDED, SILENT) or bool(self.offences)


@dataclass(frozen=True, slots=True)
class RigView:
    title: str
    machines: tuple[MachineView, ...]
    news: tuple[str, ...]
    """What has happened since the last look, oldest first."""


def machine_view(
    planned: Planned,
    address: str,
    stand: Stand | None,
    missing: str,
    fired: Sequence[str],
    holders: tuple[Holder, ...],
) -> MachineView:
    """`missing`: the state of a machine that gave no answer."""
    config = planned.config
    counters = Counters() if stand is None else stand.counters
    return MachineView(
        shop=planned.shop,
        machine=planned.name,
        firmware=config.firmware if config.host is None else f"{config.firmware} · {config.host}",
        address=address,
        state=missing if stand is None else stand.state,
        faulted=stand is not None and stand.faulted,
        doing="" if stand is None or stand.episode is None else _doing(stand.episode),
        energy="" if stand is None else stand.details.words(),
        jobs=counters.jobs,
        laid=counters.deposits + counters.cuts,
        offences=offences(counters),
        waiting=() if stand is None else tuple(fault.kind for fault in stand.faults_waiting),
        fired=tuple(fired),
        holders=holders,
    )


def offences(counters: Counters) -> tuple[tuple[str, float], ...]:
    """Every counter above 0 that should be 0."""
    return tuple((name, number) for name, number in asdict(counters).items() if number and name not in TALLIES)


def _doing(episode: EpisodeSeen) -> str:
    return f"job {episode.job}" if episode.job else episode.kind
