"""`llagar-agent machine`: what a person does to one machine, asked of the agent that runs it."""

import hashlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from broker.wire.messages import ScrapReason
from shop_agent.errors import Refused
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
    """Go on with a run that is held, and answer what the machine asks; says that you are there."""
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


@app.command("first-layer")
def first_layer(name: Name, config: Config = DEFAULT, operator: Operator = "", reason: Reason = "") -> None:
    """The first layer failed: the run ends in order, and once the machine is cleared its plate comes again."""
    _act(config, name, "first-layer", operator, reason)


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
def probe(
    name: Name,
    plate: Annotated[float, typer.Option(min=0.0, max=100.0, help="thickness of the contact plate, mm")],
    travel: Annotated[float, typer.Option(min=0.1, max=200.0, help="how far down at most, mm")] = 20.0,
    feed: Annotated[float, typer.Option(min=0.01, max=50.0, help="how fast, mm/s")] = 1.0,
    config: Config = DEFAULT,
) -> None:
    """Lower a router's tool onto a contact plate: the work zero's Z goes under it."""
    from shop_agent.bench.schemas import Offset, ProbeBy

    by = ProbeBy(travel_mm=travel, feed_mm_s=feed, plate_mm=plate)
    offset = Offset.model_validate_json(_post(config, name, "probe", by)).work_offset_mm
    Console().print(f"work zero of {name} read back: {offset}")


@app.command()
def skip(
    name: Name,
    thing: Annotated[str, typer.Argument(metavar="OBJECT", help="as `machines --json` names it")],
    config: Config = DEFAULT,
    operator: Operator = "",
    reason: Annotated[ScrapReason, typer.Option(help="it is scrap for")] = ScrapReason.OTHER,
) -> None:
    """Leave out what is still to come of one object: it is scrap at once, and the others go on."""
    from shop_agent.bench.schemas import MachineView, Skip

    which = Skip(operator=named(operator), object=thing, reason=reason)
    view = MachineView.model_validate_json(_post(config, name, "skip", which))
    Console().print(f"skipped on {name}: {', '.join(view.skipped) or thing}")


@app.command()
def override(
    name: Name,
    feed: Annotated[int | None, typer.Option(min=10, max=100, help="percent of the program's feeds")] = None,
    rapid: Annotated[int | None, typer.Option(min=10, max=100, help="percent of rapid moves: 100, 50 or 25")] = None,
    spindle: Annotated[int | None, typer.Option(min=10, max=100, help="percent of the spindle's speed")] = None,
    config: Config = DEFAULT,
    operator: Operator = "",
) -> None:
    """Change feed, rapid or spindle of the run under way, where the firmware can."""
    from shop_agent.bench.schemas import OverrideTo

    _post(
        config,
        name,
        "override",
        OverrideTo(operator=named(operator), feed_percent=feed, rapid_percent=rapid, spindle_percent=spindle),
    )
    Console().print(f"taken: override {name}")


@app.command()
def program(
    name: Name,
    to: Annotated[Path, typer.Option(help="where to write it; must not be there yet")],
    config: Config = DEFAULT,
) -> None:
    """Fetch what a machine runs, or is to run next: for machines run by hand."""
    from shop_agent.bench.client import BenchClient

    with closing(BenchClient(load_config(config).data)) as client:
        data = client.program(name)
    try:
        with to.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise Refused(f"{to} can't be written: {error.strerror}") from error
    Console().print(f"{to}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


@app.command()
def mode(
    name: Name, mode: Annotated[Mode, typer.Argument(help="whose work it takes")], config: Config = DEFAULT
) -> None:
    """Keep the machine for the shop's own work, or give it back."""
    from shop_agent.bench.schemas import MachineView, ModeChange
    from shop_agent.bench.tables import mode_text

    view = MachineView.model_validate_json(_post(config, name, "mode", ModeChange(mode=mode)))
    Console().print(f"{name} is {mode_text(view)} now: {view.standing}{f', {view.reason}' if view.reason else ''}")


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
