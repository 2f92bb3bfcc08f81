"""What `doctor` has found, as a table and as JSON."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from drivers.base import Capabilities
from drivers.finding import Outcome


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seen(_View):
    name: str
    url: str
    outcome: Outcome
    configured: bool
    driver: str = ""
    firmware: str = ""
    baudrate: int | None = None
    can: tuple[str, ...] = ()
    volume_mm: tuple[float, float, float] | None = None
    lost_link: str = ""
    state: str = ""
    reason: str = ""
    """Why it is not ready."""
    detail: str = ""


class Remark(_View):
    machine: str
    text: str
    attention: bool


class Report(_View):
    machines: tuple[Seen, ...]
    remarks: tuple[Remark, ...]

    @property
    def well(self) -> bool:
        return not any(remark.attention for remark in self.remarks)


def abilities(can: Capabilities) -> tuple[str, ...]:
    """In words."""
    found = ["hold"] if can.hold else []
    found += ["skip an object"] if can.skip_object else []
    found += ["progress by executed lines" if can.executed_lines else "progress by what it has taken in"]
    return ("attested by a person",) if can.attested else tuple(found)


def show(report: Report, console: Console) -> None:
    console.print(_table(report.machines))
    remarks = report.remarks
    _list(console, "needs attention", "yellow", [(one.machine, one.text) for one in remarks if one.attention])
    told = [(one.name, text) for one in report.machines for text in _said_of(one)]
    known = [(one.machine, one.text) for one in remarks if not one.attention]
    _list(console, "good to know", "default", told + known)


def _list(console: Console, title: str, style: str, lines: Sequence[tuple[str, str]]) -> None:
    """Lines by the machine that they are about."""
    if lines:
        console.print(Text(f"\n{title}", "bold"))
    for name in dict.fromkeys(machine for machine, _ in lines):
        console.print(Text(f"  {name}", style))
        for machine, text in lines:
            if machine == name:
                console.print(Padding(Text(text), (0, 0, 0, 4)))


def _said_of(machine: Seen) -> Iterator[str]:
    """What has no room in the table."""
    if machine.reason:
        yield f"{machine.state}: {machine.reason}"
    if machine.can:
        yield f"can: {', '.join(machine.can)}"
    if machine.lost_link:
        yield f"when its link is lost: {machine.lost_link}"


def _table(machines: tuple[Seen, ...]) -> Table:
    table = Table(title=f"{len(machines)} found" if machines else "no machine found", title_justify="left")
    for heading in ("machine", "", "driver", "speed"):
        table.add_column(heading, no_wrap=True)
    table.add_column("firmware", overflow="fold")
    for one in machines:
        serial = bool(one.firmware) and not one.url.startswith("http")
        speed = str(one.baudrate) if one.baudrate else "any" if serial else ""
        state = one.state or one.outcome.value
        table.add_row(one.name, state, one.driver, speed, one.firmware)
    return table
