"""`llagar-agent spools` and `llagar-agent runs`: what the shop keeps, and what was counted."""

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Annotated

import typer
from pydantic import BaseModel, TypeAdapter, ValidationError
from rich.console import Console

from broker.wire.messages import LotCount
from shop_agent.errors import Refused
from shop_agent.options import DEFAULT, Config, Operator, named
from shop_agent.settings import load_config

spools = typer.Typer(help="The shop's spools; `put` and `away` change them.")
runs = typer.Typer(help="Runs that were counted; `correct` puts a count right.")
Json = Annotated[bool, typer.Option("--json", help="as the bench API says it")]
_COUNTS: TypeAdapter[tuple[LotCount, ...]] = TypeAdapter(tuple[LotCount, ...])


@spools.callback(invoke_without_command=True)
def show_spools(context: typer.Context, config: Config = DEFAULT, json: Json = False) -> None:
    """What is left on each."""
    if context.invoked_subcommand is not None:
        return
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.tables import spool_table

    with closing(BenchClient(load_config(config).data)) as client:
        found = client.spools()
    if json:
        _write(found)
    else:
        Console().print(spool_table(found))


@spools.command()
def put(
    material: Annotated[str, typer.Option(help="as agent.toml names it")],
    grams: Annotated[float, typer.Option(min=0.0, help="left on it, without the spool itself")],
    colour: Annotated[str, typer.Option(help="in your own words")] = "",
    spool: Annotated[str, typer.Option(help="its name; left out, a new one is numbered")] = "",
    config: Config = DEFAULT,
) -> None:
    """Add a spool, or say anew what is on one."""
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.schemas import SpoolNow
    from shop_agent.bench.tables import spool_text

    try:
        now = SpoolNow(id=spool, material=material, colour=colour, left_g=grams)
    except ValidationError as error:
        raise Refused(f"no spool can be called {spool!r}: {error.errors()[0]['msg']}") from error
    with closing(BenchClient(load_config(config).data)) as client:
        Console().print(f"spool {spool_text(client.put_spool(now))}")


@spools.command()
def away(spool: str, config: Config = DEFAULT) -> None:
    """A spool is used up, or not to be used any more."""
    from shop_agent.bench.client import BenchClient

    with closing(BenchClient(load_config(config).data)) as client:
        client.put_spool_away(spool)
    Console().print(f"spool {spool} is put away")


@runs.callback(invoke_without_command=True)
def show_runs(context: typer.Context, config: Config = DEFAULT, json: Json = False) -> None:
    """What was counted of each."""
    if context.invoked_subcommand is not None:
        return
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.tables import run_table

    with closing(BenchClient(load_config(config).data)) as client:
        found = client.runs()
    if json:
        _write(found)
    else:
        Console().print(run_table(found))


@runs.command()
def correct(
    run: str,
    counts: Annotated[str, typer.Argument(metavar="JSON", help="all its counts, as `runs --json` shows them")],
    note: Annotated[str, typer.Option(help="why")],
    config: Config = DEFAULT,
    operator: Operator = "",
) -> None:
    """Put a count right, until its lot is handed over."""
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.schemas import Correction
    from shop_agent.bench.tables import count_text

    try:
        told = _COUNTS.validate_json(counts)
    except ValidationError as error:
        raise Refused(f"these are no counts: {error.errors()[0]['msg']}") from error
    with closing(BenchClient(load_config(config).data)) as client:
        done = client.correct(run, Correction(operator=named(operator), note=note, counts=told))
    Console().print(f"{run}: " + "; ".join(count_text(count) for count in done.counts))


def _write(found: Sequence[BaseModel]) -> None:
    sys.stdout.write("[" + ",".join(one.model_dump_json() for one in found) + "]\n")
