"""`llagar-rig`: simulated machines, by themselves or with the whole of Llagar around them."""

import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from hardware_sim.demo.kills import Kill, When
from hardware_sim.demo.kills import chaos as every_process
from hardware_sim.errors import RigError
from hardware_sim.rig import commands

SPEED = 600.0

# Commands import what they need themselves: whoever breaks a machine has no use for geometry.
app = typer.Typer(
    pretty_exceptions_enable=False,
    help="Llagar's rig: simulated machines to test against, and a network of workshops that have them.",
    no_args_is_help=True,
)
for command in (commands.up, commands.fault, commands.faults, commands.do, commands.report):
    app.command()(command)
Seed = Annotated[int, typer.Option(help="what goes wrong, and where")]
Speed = Annotated[float, typer.Option(min=1.0, help="divides the firmware's physics, no timer of any protocol")]
AgentsFrom = Annotated[Path | None, typer.Option(help="folder that holds the agents' llagar-agent")]


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="end when the order is delivered")] = False,
    json: Annotated[Path | None, typer.Option(help="write what happened (docs/demo.schema.json)")] = None,
    seed: Seed = 1,
    speed: Speed = SPEED,
    kill: Annotated[
        list[str] | None, typer.Option(help="broker, agent:WORKSHOP or streamer:MACHINE, ended by SIGKILL")
    ] = None,
    chaos: Annotated[int | None, typer.Option(metavar="SEED", help="SIGKILL of every process once")] = None,
    when: Annotated[When, typer.Option(help="at which moment")] = When.RUNNING,
    parts: Annotated[list[str] | None, typer.Option(help="FILE:QUANTITY[:MATERIAL], more follow")] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[PARTS]...", help="more for --parts")] = None,
    timeout: Annotated[float, typer.Option(help="seconds until a batch counts as stuck")] = 900.0,
    agents_from: AgentsFrom = None,
) -> None:
    """One batch, from files to counted parts."""
    from hardware_sim.demo.run import Wanted, run
    from hardware_sim.demo.screen import console

    wishes = (*(parts or ()), *(more or ()))
    if more and not parts:
        _fail(f"{more[0]}: files come after --parts", 2)
    kills = (*(Kill(process, when) for process in kill or ()), *(every_process(chaos) if chaos is not None else ()))
    run(Wanted(headless, json, seed, speed, kills, wishes, timeout, agents_from), console())


@app.command(name="exec")
def execute(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...")],
    seed: Seed = 1,
    speed: Speed = SPEED,
    agents_from: AgentsFrom = None,
) -> None:
    """Run COMMAND beside a network that is up, LLAGAR_URL and LLAGAR_TOKEN set; hand on its exit code."""
    from hardware_sim.network.network import running

    with running(speed, seed, agents_from, breaks=False) as network:
        try:
            code = subprocess.run(command, env=network.producer_environment(), check=False).returncode
        except OSError as error:
            _fail(f"{command[0]}: can't be run: {error.strerror}", 2)
        network.require_sound()
    raise SystemExit(code if code >= 0 else 128 - code)


def _fail(message: str, code: int = 1) -> NoReturn:
    sys.stderr.write(f"llagar-rig: {message}\n")
    raise SystemExit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def main() -> None:
    """SIGTERM and SIGHUP end it as Ctrl-C does, in a background job too: in order, with nothing left behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
    except RigError as error:
        _fail(str(error), error.code)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
