"""`llagar`: what a producer does. Reads LLAGAR_URL and LLAGAR_TOKEN."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live

from broker.client.errors import BadInput, ClientError
from broker.client.http import Client
from broker.client.tables import explanation_text, order_table, orders_table, quote_table, runs_table
from broker.client.watch import Look, changes
from broker.client.wishes import Wish, read_tier, read_wishes
from broker.wire.rest import OrderView, Problem, QuoteView, WantedItem
from broker.wire.tiers import Tier

_DEFAULT_URL = "http://127.0.0.1:8040"
_BAD_INPUT = 2
_NOT_NOW = 1
"""The broker is away, failed, or has cancelled the order."""
_SERVER_FAULT = 500

app = typer.Typer(
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
    help="Order small batches from a network of workshops. LLAGAR_URL names the broker, LLAGAR_TOKEN is yours.",
)
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE…", help="STL, 3MF, OBJ, STEP, DXF, SVG; FILE:QUANTITY[:MATERIAL] too"),
]
Quantities = Annotated[list[str] | None, typer.Option("--quantity", "-n", help="Pieces; once, or once a file")]
Materials = Annotated[list[str] | None, typer.Option("--material", "-m", help="Such as PLA; once, or once a file")]
Units = Annotated[list[str] | None, typer.Option("--unit", "-u", help="mm, cm, m, inch, px; where a file doesn't say")]
Alone = Annotated[bool, typer.Option("--alone", help="No plate is shared with other pieces; may cost more")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout, also of errors")]


def main() -> None:
    try:
        app()
    except ClientError as error:
        _report(error.problem, as_json="--json" in sys.argv)
        raise SystemExit(_NOT_NOW if error.problem.status >= _SERVER_FAULT else _BAD_INPUT) from None


@app.command()
def quote(
    files: Files = None,
    quantities: Quantities = None,
    materials: Materials = None,
    units: Units = None,
    alone: Alone = False,
    as_json: AsJson = False,
) -> None:
    """Upload files and show what they would cost, line by line, and by when, for each lead time."""
    wishes = read_wishes(files or [], quantities or [], materials or [], units or [])
    with _client() as client:
        _show_quote(_ask(client, wishes, share=not alone), as_json)


@app.command()
def order(
    files: Files = None,
    quantities: Quantities = None,
    materials: Materials = None,
    units: Units = None,
    alone: Alone = False,
    quote_id: Annotated[str | None, typer.Option("--quote", help="Accept this quote instead of asking anew")] = None,
    tier: Annotated[str, typer.Option("--tier", metavar="TIER", help="express, standard or economy")] = Tier.STANDARD,
    as_json: AsJson = False,
) -> None:
    """Order files, or accept a quote; the price is held until delivery."""
    if quote_id and files:
        raise BadInput("files and --quote say two things", where="--quote", fix="give the one or the other")
    wanted_tier = read_tier(tier)
    wishes = [] if quote_id else read_wishes(files or [], quantities or [], materials or [], units or [])
    with _client() as client:
        if quote_id is None:
            asked = _ask(client, wishes, share=not alone)
            if not as_json:
                _show_quote(asked, as_json=False, tier=wanted_tier)
            quote_id = asked.id
        _show_order(client.accept(quote_id, wanted_tier), as_json)


@app.command()
def watch(
    order_id: Annotated[str, typer.Argument(metavar="ORDER")],
    every_s: Annotated[float, typer.Option("--every", min=0.05, help="Seconds between looks")] = 1.0,
    patience_s: Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait for a broker away")] = 600.0,
    as_json: AsJson = False,
) -> None:
    """Follow an order until it is delivered; with --json one line for each change."""
    with _client() as client:
        looks = changes(client, order_id, every_s, patience_s, with_runs=not as_json)
        last = _print_each(looks) if as_json else _live(looks)
    if last == "cancelled":
        raise typer.Exit(_NOT_NOW)


@app.command()
def why(order_id: Annotated[str, typer.Argument(metavar="ORDER")], as_json: AsJson = False) -> None:
    """Say why an order is made where and when it is, and what would bring it earlier."""
    with _client() as client:
        said = client.explanation(order_id)
    if as_json:
        typer.echo(f"[{','.join(view.model_dump_json() for view in said)}]")
    else:
        Console().print(explanation_text(said))


@app.command()
def orders(as_json: AsJson = False) -> None:
    """List your orders, newest first."""
    with _client() as client:
        listed = client.orders()
    if as_json:
        typer.echo(listed.model_dump_json())
    else:
        Console().print(orders_table(listed.orders))


def _client() -> Client:
    token = os.environ.get("LLAGAR_TOKEN", "")
    if not token:
        raise BadInput(
            "there is no token", where="LLAGAR_TOKEN", fix="set it to what `llagar-broker user add` printed for you"
        )
    return Client(os.environ.get("LLAGAR_URL", _DEFAULT_URL), token)


def _ask(client: Client, wishes: Sequence[Wish], *, share: bool) -> QuoteView:
    items = []
    for wish in wishes:
        part = client.upload(wish.path, wish.unit)
        items.append(WantedItem(part_id=part.id, quantity=wish.quantity, material=wish.material, share=share))
    return client.quote(tuple(items))


def _print_each(looks: Iterator[Look]) -> str:
    """The state of the order at the end."""
    state = ""
    for look in looks:
        typer.echo(look.order.model_dump_json())
        state = look.order.state
    return state


def _live(looks: Iterator[Look]) -> str:
    """The state of the order at the end."""
    state = ""
    with Live(console=Console(), auto_refresh=False) as live:
        for look in looks:
            live.update(Group(order_table(look.order), runs_table(look.runs)), refresh=True)
            state = look.order.state
    return state


def _show_quote(quote: QuoteView, as_json: bool, tier: Tier = Tier.STANDARD) -> None:
    if as_json:
        typer.echo(quote.model_dump_json())
    else:
        Console().print(quote_table(quote, tier))


def _show_order(order: OrderView, as_json: bool) -> None:
    if as_json:
        typer.echo(order.model_dump_json())
    else:
        Console().print(order_table(order))
        typer.echo(f"`llagar watch {order.id}` follows it")


def _report(problem: Problem, as_json: bool) -> None:
    if as_json:
        typer.echo(problem.model_dump_json(exclude_none=True))
        return
    typer.echo(f"{problem.title}: {problem.detail}", err=True)
    if problem.where:
        typer.echo(f"  where: {problem.where}", err=True)
    if problem.fix:
        typer.echo(f"  to do: {problem.fix}", err=True)
