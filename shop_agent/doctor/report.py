"""What `doctor` has found, as a table and as JSON."""

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
    found += ["progress by executed lines" if can.executed_lines else "progress by acknowledged lines"]
    return ("attested by a person",) if can.attested else tuple(found)


def show(report: Report, console: Console) -> None:
    console.print(_table(report.machines))
    for title, attention, style in (("needs attention", True, "yellow"), ("good to know", False, "default")):
        chosen = [remark for remark in report.remarks if remark.attention is attention]
        if chosen:
            console.print(Text(f"\n{title}", "bold"))
        for name in dict.fromkeys(remark.machine for remark in chosen):
            texts = [remark.text for remark in chosen if remark.machine == name]
            console.print(Text(f"  {name}", style))
            for text in texts:
                console.print(Padding(Text(text), (0, 0, 0, 4)))


def _table(machines: tuple[Seen, ...]) -> Table:
    table = Table(title=f"{len(machines)} found" if machines else "no machine found")
    for heading in ("machine", "", "driver", "firmware", "speed", "can", "when its link is lost"):
        table.add_column(heading, overflow="fold")
    for one in machines:
        speed = str(one.baudrate) if one.baudrate else ""
        state = one.state or one.outcome.value
        table.add_row(one.name, state, one.driver, one.firmware, speed, ", ".join(one.can), one.lost_link)
    return table
