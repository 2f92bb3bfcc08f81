"""The questions of a setup: what lies on the machine, is fitted and loaded; wrong answers are the bench's to refuse."""

from rich.console import Console
from rich.prompt import Confirm, FloatPrompt, Prompt

from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient
from shop_agent.bench.tables import needs_text, spool_text
from shop_agent.state.records import ToolLength

_NONE = "none"
_UNKNOWN = "not at all"


class SettingUp:
    def __init__(self, client: BenchClient, console: Console, operator: str) -> None:
        self._client = client
        self._console = console
        self._operator = operator

    def ask(self, task: schemas.TaskView) -> schemas.SetupAnswer:
        self._console.print(needs_text(task))
        if task.router and not task.attested:
            self._touch_off(task.machine or "")
        answer = schemas.SetupAnswer(
            operator=self._operator,
            bed_clear=self._yes("Is the bed or table clear?"),
            material=self._same("loaded", task.material or "", "Which material is?"),
            tool_mm=FloatPrompt.ask("Nozzle or cutter, mm", console=self._console, default=task.tool_mm or 0.0),
        )
        return answer.model_copy(update=self._at_router() if task.router else self._at_printer(task))

    def _at_printer(self, task: schemas.TaskView) -> dict[str, object]:
        said: dict[str, object] = {}
        if task.surface:
            said["surface"] = self._same("on the bed", task.surface, "Which surface is?")
        spools = self._spools(task)
        if not spools and task.colour:
            said["colour"] = self._same("the colour", task.colour, "Which is?")
        stays = len(spools) > 1 and self._yes("Will you stay until the spool is changed?")
        return {**said, "spools": spools, "stays": stays}

    def _spools(self, task: schemas.TaskView) -> tuple[str, ...]:
        """The loaded one, and the one that follows if that is too light."""
        if not task.spools:
            return self._weighed(task)
        for spool in task.spools:
            self._console.print(spool_text(spool))
        held = {spool.id: spool.left_g for spool in task.spools}
        first = Prompt.ask("Which spool is loaded?", console=self._console, default=task.spools[0].id)
        needed_g = task.material_g or 0.0
        if held.get(first, needed_g) >= needed_g:
            return (first,)
        self._console.print(f"spool {first} holds {held[first]:.0f} g, the program takes {needed_g:.0f} g")
        then = Prompt.ask("Which spool follows it?", console=self._console, default=_NONE)
        return (first,) if then == _NONE else (first, then)

    def _weighed(self, task: schemas.TaskView) -> tuple[str, ...]:
        """A spool that nobody has entered yet may be, for its weight to be kept."""
        grams = Prompt.ask("How many grams are left on its spool? (Enter: not kept)", console=self._console, default="")
        try:
            left_g = float(grams)
        except ValueError:
            return ()
        spool = schemas.SpoolNow(material=task.material or "", colour=task.colour, left_g=left_g)
        kept = self._client.put_spool(spool)
        self._console.print(f"it is spool {kept.id} from now on: write that on it")
        return (kept.id,)

    def _touch_off(self, machine: str) -> None:
        if self._yes(f"Home {machine} now? Stand clear"):
            self._client.act(machine, "home", schemas.Act(operator=self._operator))
        if self._yes("Set the work zero?"):
            x, y, z = (FloatPrompt.ask(f"Machine {axis}, mm", console=self._console) for axis in "XYZ")
            offset = self._client.act(machine, "zero", schemas.ZeroAt(machine_mm=(x, y, z)))
            read = schemas.Offset.model_validate_json(offset).work_offset_mm
            self._console.print(f"work zero read back: {read}")

    def _at_router(self) -> dict[str, object]:
        ways = [*map(str, ToolLength), _UNKNOWN]
        asked = "How is the length of the tool that is fitted now known?"
        known = Prompt.ask(asked, console=self._console, choices=ways, default=ways[0])
        return {
            "tool_length": None if known == _UNKNOWN else ToolLength(known),
            "sheet_mm": self._sheet(),
            "clamps_clear": self._yes("Do all clamps stand where they are drawn, and nowhere else?"),
            "extraction_on": self._yes("Is the extraction on?"),
        }

    def _sheet(self) -> schemas.Triple:
        width, depth, thickness = (
            FloatPrompt.ask(f"Sheet {what}, mm", console=self._console)
            for what in ("width", "depth", "thickness as measured")
        )
        return (width, depth, thickness)

    def _same(self, where: str, wanted: str, otherwise: str) -> str:
        if self._yes(f"Is {wanted} {where}?"):
            return wanted
        return Prompt.ask(otherwise, console=self._console)

    def _yes(self, question: str) -> bool:
        return Confirm.ask(question, console=self._console)
