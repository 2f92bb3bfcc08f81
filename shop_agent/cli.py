"""`llagar-agent`: a workshop's own computer."""

import logging
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from shop_agent import machines, profile_verbs
from shop_agent.bench import stock_verbs, verbs
from shop_agent.errors import AgentError
from shop_agent.options import DEFAULT, Config, Operator, named
from shop_agent.settings import load_config
from shop_agent.state.records import Mode

if TYPE_CHECKING:
    from shop_agent.bench.client import BenchClient

# Commands import what they need themselves: a streamer has no use for FastAPI.
app = typer.Typer(
    pretty_exceptions_enable=False,
    help="A workshop's agent: runs its machines, talks to its broker.",
    no_args_is_help=True,
)
app.add_typer(verbs.app, name="machine")
app.add_typer(machines.app, name="machines")
app.add_typer(profile_verbs.app, name="profile")
app.add_typer(stock_verbs.spools, name="spools")
app.add_typer(stock_verbs.runs, name="runs")


@app.command()
def enroll(
    broker: Annotated[str, typer.Option(help="the broker's address, https://…")],
    code: Annotated[str, typer.Option(help="one-time code from the broker's administrator")],
    config: Config = DEFAULT,
    again: Annotated[bool, typer.Option("--again", help="enrol anew, in place of an earlier identity")] = False,
) -> None:
    """Make this agent's key and let the broker know it."""
    from shop_agent.identity import enrol

    identity = enrol(load_config(config), broker, code, again=again)
    Console().print(f"enrolled as {identity.agent} of {identity.workshop} at {identity.broker}")


@app.command()
def rotate_key(config: Config = DEFAULT) -> None:
    """Have another key follow this agent's; may be called again if it was interrupted.

    A running agent takes it up by itself. What the old key has signed is taken for 30 days more.
    """
    from shop_agent.identity import load_signer
    from shop_agent.rotation import rotate

    loaded = load_config(config)
    rotate(loaded.data, load_signer(loaded), datetime.now(UTC))
    Console().print("the agent signs with another key from now on")


@app.command()
def run(config: Config = DEFAULT) -> None:
    """Talk to the broker, look after the streamers, serve the bench; until interrupted."""
    from shop_agent.life import run_agent

    _log()
    run_agent(load_config(config), config)


@app.command()
def stream(machine: Annotated[str, typer.Option(help="its name in agent.toml")], config: Config = DEFAULT) -> None:
    """Own one machine's port. `run` starts this by itself, detached."""
    from shop_agent.streamer.service import run_streamer

    _log()
    loaded = load_config(config)
    run_streamer(loaded, loaded.machine(machine))


@app.command()
def doctor(
    ports: Annotated[Path | None, typer.Option(help="folder of links to ports and NAME.url files")] = None,
    url: Annotated[list[str] | None, typer.Option(help="a host's http:// or a port's socket:// address")] = None,
    key_file: Annotated[Path | None, typer.Option(help="holds the API key of hosts that agent.toml lacks")] = None,
    json: Annotated[bool, typer.Option("--json", help="as data")] = False,
    config: Config = DEFAULT,
) -> None:
    """Find machines, and say what they and the shop's files lack; moves and heats nothing.

    Without --ports and --url it looks at this computer's serial ports, at hosts on this computer, and at what
    agent.toml names. Opening a serial port restarts most boards: not while a machine prints from its own card. Ends
    with 1 if something needs attention.
    """
    from shop_agent.doctor.examine import examine
    from shop_agent.doctor.report import show

    report = examine(config, ports, url or [], key_file)
    if json:
        _print(report.model_dump_json())
    else:
        show(report, Console())
    raise SystemExit(0 if report.well else 1)


@app.command()
def bench(
    config: Config = DEFAULT,
    once: Annotated[bool, typer.Option("--once", help="ask about what waits now, then end")] = False,
    list_only: Annotated[bool, typer.Option("--list", help="show what waits, ask nothing")] = False,
    json: Annotated[bool, typer.Option("--json", help="with --list: as the bench API says it")] = False,
    answer: Annotated[tuple[str, str] | None, typer.Option(metavar="ID JSON", help="answer one task")] = None,
    operator: Operator = "",
) -> None:
    """What waits for a person at the machines, and the answers."""
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.tables import alarm_text, task_table

    console = Console()
    with closing(BenchClient(load_config(config).data)) as client:
        if answer is not None:
            _answer(client, *answer)
        elif list_only and json:
            _print("[" + ",".join(task.model_dump_json() for task in client.tasks()) + "]")
        elif list_only:
            console.print(alarm_text(client.shop()), task_table(client.tasks()), sep="\n")
        else:
            _converse(client, console, named(operator), once=once)


@app.command()
def mode(mode: Annotated[Mode, typer.Argument(help="whose work it takes")], config: Config = DEFAULT) -> None:
    """Keep all machines for the shop's own work, or give them back; `machine mode` is of one."""
    from shop_agent.bench.client import BenchClient
    from shop_agent.bench.tables import mode_text

    with closing(BenchClient(load_config(config).data)) as client:
        for one in client.all_modes(mode):
            Console().print(f"{one.name} is {mode_text(one)} now: {one.standing}")


def _answer(client: "BenchClient", task: str, text: str) -> None:
    from shop_agent.bench.client import ANSWERS

    try:
        parsed = ANSWERS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        _fail(f"the answer is not understood: {'.'.join(map(str, first['loc']))}: {first['msg']}")
    taken = client.answer(task, parsed)
    Console().print(f"taken: {taken.task}" + (" (it had come before)" if taken.repeated else ""))


def _converse(client: "BenchClient", console: Console, operator: str, *, once: bool) -> None:
    from shop_agent.bench.presence import Watch
    from shop_agent.bench.tables import alarm_text, machine_table, task_table
    from shop_agent.bench.terminal import Conversation
    from shop_agent.bench.wishes import HELP, KEYS, Wishes

    conversation, wishes = Conversation(client, console, operator), Wishes(client, console, operator)
    watch = Watch(client, console, operator, KEYS, HELP)
    put_off: set[str] = set()
    while True:
        console.print(machine_table(client.machines()), alarm_text(client.shop()), task_table(client.tasks()), sep="\n")
        wish = "" if once else watch.until_asked(put_off)
        if wish:
            wishes.grant(wish)
            continue
        put_off = conversation.answer_all()
        if once:
            return


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"llagar-agent: {message}\n")
    raise SystemExit(2)


def main() -> None:
    """Exit code 2 and one clear line for what the owner or the broker can put right."""
    try:
        app()
    except AgentError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
