"""Draws a rig in the terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hardware_sim.rig.view import MachineView, RigView

NEWS = 6
_FRAME_LINES = NEWS + 9
"""Lines of the screen that aren't machines."""
WIDE = 140
"""Columns of a terminal that has room for everything."""
_COLUMNS = (
    ("shop", False),
    ("machine", True),
    ("firmware", False),
    ("open it at", True),
    ("state", True),
    ("doing", True),
    ("hot, turning", True),
    ("jobs", False),
    ("laid, cut", False),
    ("offences", True),
    ("faults", True),
    ("held by", False),
)
"""Headings, and whether they are shown in a narrow terminal too."""


def screen(view: RigView, news: Sequence[str], width: int, height: int) -> RenderableType:
    """The whole picture of one moment, in `height` lines; if not all machines fit, those that matter most."""
    room = max(1, height - _FRAME_LINES)
    shown = view.machines if len(view.machines) <= room else tuple(sorted(view.machines, key=_rank)[:room])
    columns = [number for number, (_, always) in enumerate(_COLUMNS) if always or width >= WIDE]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number in columns:
        table.add_column(_COLUMNS[number][0], no_wrap=True, overflow="ellipsis")
    for machine in shown:
        row = _row(machine)
        table.add_row(*(row[number] for number in columns))
    told = Text("\n".join(news), style="dim", no_wrap=True, overflow="ellipsis")
    left_out = len(view.machines) - len(shown)
    more = Text(f"and {left_out} more, at which less happens" if left_out else "", style="dim")
    return Group(Text(view.title, style="bold"), table, more, Panel(told, title="News", height=NEWS + 2))


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
