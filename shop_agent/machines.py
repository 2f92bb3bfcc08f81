"""`llagar-agent machines`: how they stand, and one more of them."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from broker.wire.shop import Process
from shop_agent.options import DEFAULT, Config
from shop_agent.settings import load_config
from slicer_bridge.programs.words import Dialect

app = typer.Typer(help="How the machines stand; `add` writes another into the shop's files.")


@app.callback(invoke_without_command=True)
def machines(
    context: typer.Context,
    config: Config = DEFAULT,
    json: Annotated[bool, typer.Option("--json", help="as the bench API says it")] = False,
    shutdown: Annotated[bool, typer.Option("--shutdown", help="end the streamers of idle machines")] = False,
) -> None:
    """How the machines stand."""
    if context.invoked_subcommand is not None:
        return
    loaded = load_config(config)
    if shutdown:
        from shop_agent.streamer.shutdown import shut_down

        for line in shut_down(loaded):
            Console().print(line)
        return
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.tables import lost_link_text, machine_table

    with closing(BenchClient(loaded.data)) as client:
        found = client.machines()
    if json:
        sys.stdout.write("[" + ",".join(one.model_dump_json() for one in found) + "]\n")
    else:
        Console().print(machine_table(found), lost_link_text(found), sep="\n")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="small letters, digits, dashes")],
    material: Annotated[list[str], typer.Option(help="in the shop's stock; may be repeated")],
    tool: Annotated[float, typer.Option(help="nozzle or cutter, mm")],
    port: Annotated[str, typer.Option(help="as `doctor` shows it, or a NAME.url file")] = "",
    by_hand: Annotated[bool, typer.Option("--by-hand", help="it has no link: a person attests its runs")] = False,
    process: Annotated[Process | None, typer.Option(help="if the driver doesn't say it")] = None,
    dialect: Annotated[Dialect | None, typer.Option(help="of its programs, if the driver doesn't say it")] = None,
    volume: Annotated[
        tuple[float, float, float] | None, typer.Option(help="usable width, depth, height in mm, if it doesn't tell")
    ] = None,
    baudrate: Annotated[int | None, typer.Option(help="tried first")] = None,
    key_file: Annotated[Path | None, typer.Option(help="API key of a host")] = None,
    config: Config = DEFAULT,
) -> None:
    """Look at a machine and write it into agent.toml and policy.toml, with limits and profile to fill in."""
    from shop_agent.doctor.addition import Wanted, add
    from shop_agent.errors import BadConfig

    if bool(port) == by_hand:
        raise BadConfig("say --port, or --by-hand for a machine without a link")
    wanted = Wanted(name, port, tuple(material), tool, process, dialect, volume, baudrate, key_file)
    added = add(config, wanted)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    console.print(f"{name}: {added.firmware or 'run by hand'}")
    console.print("written: " + ", ".join(map(str, added.written)))
    for missing in added.missing:
        console.print(f"left to fill in: {missing}")
    console.print("then restart the agent")
