"""The bench in a terminal: what waits, and a person's answers."""

from collections.abc import Callable

from rich.console import Console
from rich.prompt import Confirm, FloatPrompt, IntPrompt, Prompt
from rich.table import Table
from rich.text import Text

from broker.wire.messages import LotCount, Scrap, ScrapReason
from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient
from shop_agent.bench.presence import left_text
from shop_agent.errors import Refused
from shop_agent.state.tasks import TaskKind


def task_table(tasks: list[schemas.TaskView]) -> Table:
    table = Table(title=f"{len(tasks)} waiting" if tasks else "nothing is waiting")
    for heading in ("task", "machine", "what", "note"):
        table.add_column(heading, overflow="fold")
    for task in tasks:
        table.add_row(task.id, task.machine or "", task.title, task.note)
    return table


def machine_table(machines: list[schemas.MachineView]) -> Table:
    table = Table(title="machines")
    for heading in ("machine", "stands", "mode", "run", "lines", "presence", "firmware", "why"):
        table.add_column(heading, overflow="fold")
    for one in machines:
        left = "" if one.presence_left_s is None else left_text(one)
        firmware = "by hand: attested" if one.attested else one.firmware or ""
        table.add_row(one.name, one.standing, one.mode, one.run or "", _progress(one), left, firmware, _why(one))
    return table


def lost_link_text(machines: list[schemas.MachineView]) -> Text:
    """What becomes of each machine once its cable is gone, as its streamer says."""
    lines = [f"{one.name}: when its link is lost: {one.lost_link}" for one in machines if one.lost_link]
    return Text("\n".join(lines))


def _progress(machine: schemas.MachineView) -> str:
    if not machine.run or machine.attested:
        return ""
    minutes = "" if machine.time_left_s is None else f", {machine.time_left_s / 60:.0f} min left"
    return f"{machine.lines_done}/{machine.lines_total}{minutes}"


def _why(machine: schemas.MachineView) -> str:
    asks = f"it asks: {machine.prompt}" if machine.prompt else ""
    return asks or machine.waits or machine.reason or machine.state_reason or ""


class Conversation:
    """Asks a person for the answer to each task."""

    def __init__(self, client: BenchClient, console: Console, operator: str) -> None:
        self._client = client
        self._console = console
        self._operator = operator

    def answer_all(self) -> set[str]:
        """Each waiting task once; a refused answer is shown, and its task goes on waiting. The ids of those put off."""
        put_off = set()
        for task in self._client.tasks():
            self._console.rule(task.title)
            if task.note:
                self._console.print(task.note)
            if not Confirm.ask("Answer this now?", console=self._console, default=True):
                put_off.add(task.id)
                continue
            try:
                self._client.answer(task.id, self._ask(task))
            except Refused as refused:
                self._console.print(f"[red]not taken:[/] {refused}")
            else:
                self._console.print("[green]taken[/]")
        return put_off

    def _ask(self, task: schemas.TaskView) -> schemas.Answer:
        makers: dict[TaskKind, Callable[[schemas.TaskView], schemas.Answer]] = {
            TaskKind.SETUP: self._setup,
            TaskKind.STARTED: self._started,
            TaskKind.ENDED: self._ended,
            TaskKind.COUNT: self._count,
            TaskKind.SETTLE: self._settle,
            TaskKind.LOT: self._lot,
            TaskKind.CLEAR: lambda task: schemas.ClearAnswer(operator=self._operator),
            TaskKind.RELEASE: lambda task: schemas.ReleaseAnswer(operator=self._operator),
            TaskKind.HANDOVER: self._handover,
        }
        return makers[task.kind](task)

    def _yes(self, question: str) -> bool:
        return Confirm.ask(question, console=self._console)

    def _setup(self, task: schemas.TaskView) -> schemas.SetupAnswer:
        if task.router and not task.attested:
            self._touch_off(task.machine or "")
        sheet = self._sheet() if task.router else None
        return schemas.SetupAnswer(
            operator=self._operator,
            bed_clear=self._yes("Is the bed or table clear?"),
            material=Prompt.ask(f"Which material is loaded? ({task.material} is needed)", console=self._console),
            tool_mm=FloatPrompt.ask("Nozzle or cutter, mm", console=self._console, default=task.tool_mm or 0.0),
            sheet_mm=sheet,
            clamps_clear=self._yes("Do all clamps stand outside the drawn area?") if task.router else None,
            extraction_on=self._yes("Is the extraction on?") if task.router else None,
        )

    def _started(self, task: schemas.TaskView) -> schemas.StartedAnswer:
        self._console.print(f"its program: llagar-agent machine program {task.machine} --to FILE")
        started = self._yes("Does the machine execute the program?")
        note = "" if started else Prompt.ask("Why does it not start?", console=self._console)
        return schemas.StartedAnswer(operator=self._operator, started=started, note=note)

    def _ended(self, task: schemas.TaskView) -> schemas.EndedAnswer:
        if not self._yes("Is the machine done, cold and still?"):
            raise Refused("say so once it is")
        finished = self._yes("Was the whole program executed?")
        note = Prompt.ask("What happened?", console=self._console, default="") if not finished else ""
        return schemas.EndedAnswer(operator=self._operator, finished=finished, note=note)

    def _touch_off(self, machine: str) -> None:
        if self._yes(f"Home {machine} now? Stand clear"):
            self._client.act(machine, "home", schemas.Act(operator=self._operator))
        if self._yes("Set the work zero?"):
            x, y, z = (FloatPrompt.ask(f"Machine {axis}, mm", console=self._console) for axis in "XYZ")
            offset = self._client.act(machine, "zero", schemas.ZeroAt(machine_mm=(x, y, z)))
            read = schemas.Offset.model_validate_json(offset).work_offset_mm
            self._console.print(f"work zero read back: {read}")

    def _sheet(self) -> schemas.Triple:
        width, depth, thickness = (
            FloatPrompt.ask(f"Sheet {what}, mm", console=self._console)
            for what in ("width", "depth", "thickness as measured")
        )
        return (width, depth, thickness)

    def _counts(self, task: schemas.TaskView) -> tuple[LotCount, ...]:
        return tuple(self._lot_count(one) for one in task.expected)

    def _lot_count(self, expected: schemas.Expected) -> LotCount:
        ask = f"Lot {expected.lot}: good pieces of {expected.pieces}"
        good = IntPrompt.ask(ask, console=self._console, default=expected.pieces)
        left = expected.pieces - good
        scrap = IntPrompt.ask("scrap pieces", console=self._console, default=left) if left > 0 else 0
        if not scrap:
            return LotCount(lot=expected.lot, good=good)
        reason = Prompt.ask("why", console=self._console, choices=[str(one) for one in ScrapReason], default="other")
        return LotCount(lot=expected.lot, good=good, scrap=(Scrap(reason=ScrapReason(reason), pieces=scrap),))

    def _count(self, task: schemas.TaskView) -> schemas.CountAnswer:
        counts = self._counts(task)
        return schemas.CountAnswer(operator=self._operator, counts=counts, cleared=self._yes("Is the bed clear again?"))

    def _settle(self, task: schemas.TaskView) -> schemas.SettleAnswer:
        counts = self._counts(task)
        note = Prompt.ask("What happened?", console=self._console, default="")
        return schemas.SettleAnswer(operator=self._operator, counts=counts, note=note)

    def _lot(self, task: schemas.TaskView) -> schemas.LotAnswer:
        accept = self._yes("Take it?")
        reason = "" if accept else Prompt.ask("Why not?", console=self._console, default="")
        return schemas.LotAnswer(operator=self._operator, accept=accept, reason=reason)

    def _handover(self, task: schemas.TaskView) -> schemas.HandoverAnswer:
        for notice in task.notices:
            self._console.print(f"goes into the parcel: {notice}")
        self._console.print(f"to: {task.ship_to}")
        reference = Prompt.ask("Tracking or reference", console=self._console, default="")
        return schemas.HandoverAnswer(operator=self._operator, reference=reference)
