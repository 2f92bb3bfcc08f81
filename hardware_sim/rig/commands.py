"""The commands of `llagar-rig` for testers: `up`, `fault`, `faults`, `do`, `report`."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardware_sim.faults import After, FaultKind
from hardware_sim.firmware.acts import InjectFault
from hardware_sim.rig import by_hand, kinds
from hardware_sim.rig.errors import BadWords
from hardware_sim.rig.folder import find_any

RigPlace = Annotated[Path | None, typer.Option("--rig", help="the rig with its ports in this folder, if several run")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")]


def up(
    rig: Annotated[Path | None, typer.Argument(metavar="RIG.toml", help="which machines (docs/rig.md)")] = None,
    ports: Annotated[Path | None, typer.Option(help="link every port into this folder")] = None,
    speed: Annotated[float | None, typer.Option(min=0.1, help="divides physics; goes before the file's")] = None,
    seed: Annotated[int | None, typer.Option(help="what random faults are drawn from; goes before the file's")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="a line for each happening, no table")] = False,
    seconds: Annotated[float | None, typer.Option("--for", min=0.0, help="end by itself after SECONDS")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="the next rig doesn't remove what is known of this one")] = False,
    replay: Annotated[Path | None, typer.Option(help="start the rig of this report again")] = None,
) -> None:
    """Start the machines of a workshop, or of a hundred, and show how they stand."""
    from hardware_sim.rig.up import Wanted
    from hardware_sim.rig.up import up as run_up

    run_up(Wanted(rig, replay, ports, speed, seed, headless, seconds, keep), _console())


def fault(
    machine: str,
    kind: FaultKind,
    more: Pairs = None,
    at: Annotated[float | None, typer.Option(help="how many of --after; at once if left out")] = None,
    after: Annotated[After | None, typer.Option(help="what AT counts")] = None,
    job: Annotated[int | None, typer.Option(min=0, help="in which job; 0: the one under way or the next")] = None,
    rig: RigPlace = None,
) -> None:
    """Bring about a fault on a machine of the rig that is up."""
    options = {"at": at, "after": after, "job": job}
    given = {key: value for key, value in options.items() if value is not None}
    config = by_hand.fault_of(kind, {**by_hand.pairs(more or ()), **given})
    by_hand.carry_out(rig, machine, InjectFault(command="fault", fault=config))
    _console().print(f"{machine}: {kind} is on its way")


def faults() -> None:
    """List the kinds of faults."""
    _list((kind.value, kinds.happens_to(kind), words) for kind, words in kinds.says().items())


def do(
    machine: Annotated[str | None, typer.Argument()] = None,
    command: Annotated[str | None, typer.Argument()] = None,
    more: Pairs = None,
    rig: RigPlace = None,
) -> None:
    """Do with a machine what a person's hands do; without words, list what there is."""
    if machine is None:
        _list((_call(name, one), (one.__doc__ or "").strip()) for name, one in by_hand.commands().items())
        return
    if command is None:
        raise BadWords("say what to do: llagar-rig do MACHINE COMMAND; `llagar-rig do` lists the commands")
    reply = by_hand.carry_out(rig, machine, by_hand.command_of(command, by_hand.pairs(more or ())))
    _console().print(json.dumps(reply, indent=1) if reply else f"{machine}: done", markup=False, soft_wrap=True)


def report(
    out: Annotated[Path | None, typer.Option(help="the bundle; rig-TIME.zip by default")] = None,
    rig: RigPlace = None,
) -> None:
    """Bundle seed, machines, logs and versions of the rig that is up, or of the last one, for a replay."""
    from hardware_sim.rig.report import write_report

    path = out or Path(f"rig-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip")
    try:
        write_report(find_any(rig), path)
    except OSError as error:
        raise BadWords(f"{path}: can't be written: {error.strerror}") from error
    _console().print(f"{path}; start it again with: llagar-rig up --replay {path}", markup=False, soft_wrap=True)


def _call(name: str, command: type[BaseModel]) -> str:
    """How it is said: optional keys in brackets."""
    keys = (
        f"{key}=…" if field.is_required() else f"[{key}=…]"
        for key, field in command.model_fields.items()
        if key != "command"
    )
    return " ".join((name, *keys))


def _list(rows: Iterable[tuple[str, ...]]) -> None:
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _console().print(table)


def _console() -> Console:
    return Console(highlight=False)
