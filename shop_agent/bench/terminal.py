"""The bench in a terminal: what waits, and a person's answers."""

from collections.abc import Callable

from rich.console import Console
from rich.prompt import Confirm, Prompt

from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient
from shop_agent.bench.counting import Counting
from shop_agent.bench.setting_up import SettingUp
from shop_agent.errors import Refused
from shop_agent.state.tasks import TaskKind


class Conversation:
    """Asks a person for the answer to each task."""

    def __init__(self, client: BenchClient, console: Console, operator: str) -> None:
        self._client = client
        self._console = console
        self._operator = operator
        self._setting_up = SettingUp(client, console, operator)
        self._counting = Counting(console)

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
            TaskKind.SETUP: self._setting_up.ask,
            TaskKind.STARTED: self._started,
            TaskKind.ENDED: self._ended,
            TaskKind.COUNT: self._count,
            TaskKind.SETTLE: self._settle,
            TaskKind.LOT: self._lot,
            TaskKind.CLEAR: self._clear,
            TaskKind.RELEASE: self._release,
            TaskKind.HANDOVER: self._handover,
        }
        return makers[task.kind](task)

    def _yes(self, question: str) -> bool:
        return Confirm.ask(question, console=self._console)

    def _said(self, question: str) -> str:
        """Something, at least. Raises Refused."""
        said = Prompt.ask(question, console=self._console, default="")
        if not said.strip():
            raise Refused("say what happened: nobody else saw it")
        return said

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

    def _clear(self, task: schemas.TaskView) -> schemas.ClearAnswer:
        if not self._yes("Are all parts off the machine, and in their box?"):
            raise Refused("say so once they are")
        return schemas.ClearAnswer(operator=self._operator)

    def _release(self, task: schemas.TaskView) -> schemas.ReleaseAnswer:
        if not self._yes("Have you looked at it, put right what was wrong, and cleared it?"):
            raise Refused("say so once you have")
        return schemas.ReleaseAnswer(operator=self._operator)

    def _count(self, task: schemas.TaskView) -> schemas.CountAnswer:
        self._console.print(f"box {task.label}: {', '.join(task.parts)}")
        counts = self._counting.ask(task.expected)
        return schemas.CountAnswer(operator=self._operator, counts=counts, cleared=self._yes("Is the bed clear again?"))

    def _settle(self, task: schemas.TaskView) -> schemas.SettleAnswer:
        first_layer = Confirm.ask(
            "Did nothing but the first layer fail, and shall the plate come again?",
            console=self._console,
            default=False,
        )
        counts = () if first_layer else self._counting.ask(task.expected)
        note = self._said("What happened?")
        return schemas.SettleAnswer(operator=self._operator, counts=counts, note=note, first_layer=first_layer)

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
