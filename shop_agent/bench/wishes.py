"""What a person wants of the bench unasked, by one key: the machines for themselves, a first layer that failed, a count
put right.
"""

from rich.console import Console
from rich.prompt import Prompt

from shop_agent.bench import schemas
from shop_agent.bench.client import BenchClient
from shop_agent.bench.counting import Counting
from shop_agent.bench.tables import mode_text, run_table
from shop_agent.errors import Refused
from shop_agent.state.records import Mode

MODES = {"m": Mode.MINE_NOW, "a": Mode.MINE_AFTER, "t": Mode.NOTHING_NEW, "u": Mode.NORMAL}
FIRST_LAYER, CORRECT = "f", "c"
KEYS = frozenset({*MODES, FIRST_LAYER, CORRECT})
HELP = "m mine now, a mine after this run, t nothing new today, u as usual, f first layer failed, c correct a count"


class Wishes:
    def __init__(self, client: BenchClient, console: Console, operator: str) -> None:
        self._client = client
        self._console = console
        self._operator = operator

    def grant(self, key: str) -> None:
        """What is refused is shown."""
        try:
            if key in MODES:
                self._mode(MODES[key])
            elif key == FIRST_LAYER:
                self._first_layer()
            else:
                self._correct()
        except Refused as refused:
            self._console.print(f"[red]not taken:[/] {refused}")

    def _mode(self, mode: Mode) -> None:
        names = [one.name for one in self._client.machines()]
        name = self._which("Which machine? (Enter: all)", names) if len(names) > 1 else names[0]
        if name:
            self._client.act(name, "mode", schemas.ModeChange(mode=mode))
        else:
            self._client.all_modes(mode)
        for one in self._client.machines():
            self._console.print(f"{one.name}: {mode_text(one)}")

    def _first_layer(self) -> None:
        names = [one.name for one in self._client.machines() if one.run]
        if not names:
            raise Refused("no run is under way")
        name = self._which("Which machine?", names) if len(names) > 1 else names[0]
        note = Prompt.ask(f"What became of the first layer on {name}?", console=self._console, default="")
        self._client.act(name, "first-layer", schemas.Act(operator=self._operator, reason=note))
        self._console.print(f"{name} ends in order; clear it, and the plate comes again")

    def _correct(self) -> None:
        runs = [run for run in self._client.runs() if run.counts]
        if not runs:
            raise Refused("nothing was counted yet")
        self._console.print(run_table(runs))
        name = self._which("Which box?", [run.label for run in runs])
        run = next((one for one in runs if one.label == name), None)
        if run is None:
            raise Refused(f"there is no box {name}")
        counts = Counting(self._console).ask(run.expected)
        note = Prompt.ask("Why does the count change?", console=self._console, default="")
        self._client.correct(run.run, schemas.Correction(operator=self._operator, note=note, counts=counts))
        self._console.print("[green]taken[/]")

    def _which(self, question: str, names: list[str]) -> str:
        self._console.print(", ".join(names))
        return Prompt.ask(question, console=self._console, default="")
