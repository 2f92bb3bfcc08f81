"""Draws a batch in the terminal while it is made, and its summary at the end."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hardware_sim.demo.view import BatchView, LineView, MachineView

_COLOURS = {"idle": "dim", "printing": "green", "cutting": "green", "faulted": "bold red", "quarantined": "bold red"}


def _bar(share: float, width: int = 24) -> RenderableType:
    return ProgressBar(total=1.0, completed=min(share, 1.0), width=width)


def _machines(machines: Sequence[MachineView]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, title="Machines", title_justify="left")
    for heading, ratio in (("workshop", 2), ("machine", 2), ("doing", 3), ("program", 3), ("", 4)):
        table.add_column(heading, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for machine in machines:
        bar: RenderableType = "" if machine.share is None else _bar(machine.share)
        doing = Text(machine.doing, style=_COLOURS.get(machine.doing, ""))
        table.add_row(machine.workshop, machine.machine, doing, bar, Text(machine.note, style="dim"))
    return table


def _lines(lines: Sequence[LineView]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, title="Lines", title_justify="left")
    for heading, ratio in (("part", 3), ("material", 2), ("good", 1), ("", 4), ("on machines", 2), ("scrap", 1)):
        table.add_column(heading, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for line in lines:
        table.add_row(
            Text(line.part),
            line.material,
            f"{line.good}/{line.ordered}",
            _bar(line.good / line.ordered if line.ordered else 0.0, 32),
            str(line.on_machines or ""),
            Text(str(line.scrap), style="red") if line.scrap else "",
        )
    return table


def batch(view: BatchView) -> RenderableType:
    """The whole picture of one moment."""
    news = Text("\n".join(view.news), style="dim", no_wrap=True, overflow="ellipsis")
    title = f"order {view.order}   {view.state}   {view.wall_s:.0f} s"
    return Group(Text(title, style="bold"), _machines(view.machines), _lines(view.lines), Panel(news, title="News"))


def money(amount: int, currency: str) -> str:
    """Minor units as people write them; the demo's currencies have two decimals."""
    return f"{amount / 100:,.2f} {currency}"


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A summary table; columns after the first are right-aligned where they hold figures."""
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for column, heading in enumerate(headings):
        figures = bool(rows) and all(row[column][:1].isdigit() or row[column] == "" for row in rows)
        made.add_column(heading, justify="right" if figures else "left")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def console() -> Console:
    return Console(highlight=False)
