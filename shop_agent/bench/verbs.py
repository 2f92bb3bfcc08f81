"""`llagar-agent machine`: what a person does to one machine, asked of the agent that runs it."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shop_agent.options import DEFAULT, Config, Operator, named
from shop_agent.settings import load_config
from shop_agent.state.records import Mode

if TYPE_CHECKING:
    from shop_agent.bench.schemas import Schema

app = typer.Typer(help="Act on one machine.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="its name in agent.toml")]
Reason = Annotated[str, typer.Option(help="goes into the run's record")]
Millimetres = Annotated[float, typer.Argument(help="machine coordinate, mm")]
# Machine coordinates of a router are mostly negative: they are no options.
NEGATIVE = {"ignore_unknown_options": True}


@app.command()
def hold(name: Name, config: Config = DEFAULT, operator: Operator = "", reason: Reason = "") -> None:
    """Pause the run under way; a spindle stops."""
    _act(config, name, "hold", operator, reason)


@app.command()
def resume(name: Name, config: Config = DEFAULT, operator: Operator = "") -> None:
    """Go on with a run that is held; says that you are there."""
    _act(config, name, "resume", operator)


@app.command()
def cancel(name: Name, config: Config = DEFAULT, operator: Operator = "", reason: Reason = "") -> None:
    """End the run under way in order: heaters and spindle off."""
    _act(config, name, "cancel", operator, reason)


@app.command()
def stop(name: Name, config: Config = DEFAULT, operator: Operator = "", reason: Reason = "") -> None:
    """Stop the machine ahead of all that is queued; no emergency stop, which is a button."""
    _act(config, name, "stop", operator, reason)


@app.command()
def presence(name: Name, config: Config = DEFAULT, operator: Operator = "") -> None:
    """Say that you are there, for another interval of the policy."""
    _act(config, name, "presence", operator)


@app.command()
def home(name: Name, config: Config = DEFAULT, operator: Operator = "") -> None:
    """Home a router, between runs: stand clear."""
    _act(config, name, "home", operator)


@app.command(context_settings=NEGATIVE)
def zero(name: Name, x: Millimetres, y: Millimetres, z: Millimetres, config: Config = DEFAULT) -> None:
    """Set a router's work zero, and show what the firmware reads back."""
    from shop_agent.bench.schemas import Offset, ZeroAt

    offset = Offset.model_validate_json(_post(config, name, "zero", ZeroAt(machine_mm=(x, y, z)))).work_offset_mm
    Console().print(f"work zero of {name} read back: {offset}")


@app.command()
def mode(
    name: Name, mode: Annotated[Mode, typer.Argument(help="whose work it takes")], config: Config = DEFAULT
) -> None:
    """Keep the machine for the shop's own work, or give it back."""
    from shop_agent.bench.schemas import MachineView, ModeChange

    view = MachineView.model_validate_json(_post(config, name, "mode", ModeChange(mode=mode)))
    Console().print(f"{name} is {view.mode} now: {view.standing}{f', {view.reason}' if view.reason else ''}")


def _act(config: Path, name: str, verb: str, operator: str, reason: str = "") -> None:
    from shop_agent.bench.presence import left_text
    from shop_agent.bench.schemas import Act, MachineView

    view = MachineView.model_validate_json(_post(config, name, verb, Act(operator=named(operator), reason=reason)))
    left = "" if view.presence_left_s is None else f"; confirm presence again within {left_text(view)}"
    Console().print(f"taken: {verb} {name}{left}")


def _post(config: Path, name: str, verb: str, body: "Schema") -> bytes:
    """Raises Refused, NoBench."""
    from shop_agent.bench.client import BenchClient

    with closing(BenchClient(load_config(config).data)) as client:
        return client.act(name, verb, body)
