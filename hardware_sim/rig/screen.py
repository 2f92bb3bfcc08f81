"""Draws a rig in the terminal."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hardware_sim.rig.view import MachineView, RigView

NEWS = 6
_FRAME_LINES = NEWS + 9
"""Lines of the screen that aren't machines."""
_COLUMNS = (
    "shop",
    "machine",
    "firmware",
    "open it at",
    "state",
    "doing",
    "hot, turning",
    "jobs",
    "laid, cut",
    "offences",
    "faults",
    "held by",
)
_SPARED = ("held by", "shop", "firmware", "laid, cut", "jobs")
"""Left out one after the other while not all fits."""
_WHOLE = frozenset({"machine", "state"})
"""Never cut short."""
_GAP = 2
"""Between columns; half of it is the box's own."""
_EDGES = 2


def screen(view: RigView, news: Sequence[str], width: int, height: int) -> RenderableType:
    """The whole picture of one moment, in `height` lines; if not all machines fit, those that matter most."""
    room = max(1, height - _FRAME_LINES)
    shown = view.machines if len(view.machines) <= room else tuple(sorted(view.machines, key=_rank)[:room])
    rows = [_row(machine) for machine in shown]
    widths = [max(cell_len(name), *(row[at].cell_len for row in rows)) for at, name in enumerate(_COLUMNS)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP // 2, 0, 0))
    columns = _fitting(widths, [any(row[at].cell_len for row in rows) for at in range(len(_COLUMNS))], width)
    for at in columns:
        name = _COLUMNS[at]
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=widths[at] if name in _WHOLE else None)
    for row in rows:
        table.add_row(*(row[at] for at in columns))
    told = Text("\n".join(news), style="dim", no_wrap=True, overflow="ellipsis")
    left_out = len(view.machines) - len(shown)
    more = Text(f"and {left_out} more, at which less happens" if left_out else "", style="dim")
    return Group(Text(view.title, style="bold"), table, more, Panel(told, title="News", height=NEWS + 2))


def _fitting(widths: Sequence[int], filled: Sequence[bool], width: int) -> list[int]:
    """Which columns are shown: those that say nothing now go first."""
    columns = list(range(len(_COLUMNS)))
    silent = [name for at, name in enumerate(_COLUMNS) if not filled[at]]
    for name in (*silent, *(one for one in _SPARED if one not in silent)):
        if sum(widths[at] + _GAP for at in columns) + _EDGES <= width:
            break
        columns.remove(_COLUMNS.index(name))
    return columns


def _rank(machine: MachineView) -> int:
    """Trouble first, then work, then those that somebody holds."""
    return 0 if machine.troubled else 1 if machine.doing else 2 if machine.holders else 3


def _row(machine: MachineView) -> tuple[Text, ...]:
    state_style = "bold red" if machine.troubled else "green" if machine.doing else "dim"
    offences = " ".join(f"{name.replace('_', ' ')} {number:g}" for name, number in machine.offences)
    return (
        Text(machine.shop),
        Text(machine.machine),
        Text(machine.firmware),
        Text(machine.address or "unplugged"),
        Text(machine.state, style=state_style),
        Text(machine.doing),
        Text(machine.energy, style="dim"),
        Text(str(machine.jobs)),
        Text(str(machine.laid)),
        Text(offences, style="bold red"),
        _faults(machine),
        Text(", ".join(f"{holder.command} {holder.pid}" for holder in machine.holders)),
    )


def _faults(machine: MachineView) -> Text:
    """Which have fired, and how many may still."""
    text = Text(_counted(machine.fired), style="yellow")
    if machine.waiting:
        text.append(f"{' · ' if machine.fired else ''}{len(machine.waiting)} to come", style="dim")
    return text


def _counted(kinds: Sequence[str]) -> str:
    return ", ".join(
        kind if kinds.count(kind) == 1 else f"{kind} ×{kinds.count(kind)}" for kind in dict.fromkeys(kinds)
    )
