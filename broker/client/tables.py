"""Quotes and orders as people read them in a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from broker.wire.compared import beside, terms_at
from broker.wire.explained import sentences
from broker.wire.explanation import ExplanationView
from broker.wire.money import as_text
from broker.wire.rest import LineView, OrderSummary, OrderView, QuoteTierView, QuoteView
from broker.wire.states import LIVE, RunState
from broker.wire.tiers import Tier
from broker.wire.tracking import RunView

_BAR_WIDTH = 24
_SORRY = frozenset({RunState.FAULTED, RunState.STOPPED, RunState.UNKNOWN, RunState.SCRAPPED})
_STATE_STYLES = {"delivered": "green", "cancelled": "red", "expired": "red", "accepted": "cyan", "open": "cyan"}


def when(moment: datetime | None) -> str:
    return "—" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def state(word: str) -> Text:
    return Text(word, style=_STATE_STYLES.get(word, ""))


def quote_table(quote: QuoteView, tier: Tier) -> RenderableType:
    """What each tier costs and when, then the lines of this one; standard's if it isn't offered."""
    standard = terms_at(quote, Tier.STANDARD)
    head = Text.assemble("Quote ", (quote.id, "bold"), ", ", state(quote.state), f", until {when(quote.expires_at)}")
    return Group(head, _tiers(quote, standard), Text(""), _price(quote, terms_at(quote, tier)), *_remarks(quote))


def _tiers(quote: QuoteView, standard: QuoteTierView) -> RenderableType:
    table = Table(box=None, pad_edge=False)
    for column in ("tier", "price", "promised for", "expected", "beside standard"):
        table.add_column(column, justify="right" if column == "price" else "left")
    for terms in quote.tiers:
        words = "" if terms is standard else beside(terms, standard, quote.currency)
        price = as_text(terms.total, quote.currency)
        table.add_row(Text(terms.tier, style="bold"), price, when(terms.due_at), when(terms.arrival_at), words)
    return table


def _price(quote: QuoteView, terms: QuoteTierView) -> RenderableType:
    price = Table(box=None, pad_edge=False)
    price.add_column("for", style="bold")
    price.add_column("what")
    price.add_column("amount", justify="right")
    for line in terms.lines:
        price.add_row(line.kind, line.text, as_text(line.amount, quote.currency))
    price.add_section()
    price.add_row("total", terms.tier, Text(as_text(terms.total, quote.currency), style="bold"))
    return price


def _remarks(quote: QuoteView) -> list[Text]:
    """What was found in the files, and which machines can't make them."""
    remarks = []
    for item in quote.items:
        size = " × ".join(f"{side:.1f}" for side in item.size_mm)
        remarks.append(Text(f"{item.name}: {size} mm, {item.process}, {item.material}", style="dim"))
        remarks += [Text(f"  {finding.severity}: {finding.message}", style="yellow") for finding in item.findings]
        remarks += [
            Text(f"  not on {left.workshop} {left.machine}: {left.reason}", style="dim") for left in item.left_out
        ]
    return remarks


def order_table(order: OrderView) -> RenderableType:
    head = Text.assemble("Order ", (order.id, "bold"), ", ", state(order.state), f", {order.tier}")
    end = f", delivered {when(order.delivered_at)}" if order.delivered_at else f", promised for {when(order.due_at)}"
    head.append(f", {as_text(order.total, order.currency)}{end}")
    lines = Table(box=None, pad_edge=False)
    for column in ("part", "material", "made", "", "scrap", "where"):
        lines.add_column(column, justify="right" if column in ("made", "scrap") else "left")
    for line in order.lines:
        bar = ProgressBar(total=line.ordered, completed=min(line.good, line.ordered), width=_BAR_WIDTH)
        lines.add_row(line.name, line.material, f"{line.good}/{line.ordered}", bar, str(line.scrap), _where(line))
    return Group(head, lines)


def _where(line: LineView) -> str:
    return ", ".join(f"{lot.workshop} {lot.good}/{lot.quantity} {lot.state}" for lot in line.lots if lot.quantity)


def runs_table(runs: Sequence[RunView]) -> RenderableType:
    """What machines do for an order now, and the attempts that failed."""
    shown = [run for run in runs if run.state in LIVE or run.state in _SORRY]
    if not shown:
        return Text("")
    table = Table(box=None, pad_edge=False)
    for column in ("machine", "pieces", "does", "", "note"):
        table.add_column(column, justify="right" if column == "pieces" else "left")
    for run in shown:
        bar = ProgressBar(total=max(run.lines_total, 1), completed=run.lines_done, width=_BAR_WIDTH)
        pieces = str(sum(lot.pieces for lot in run.lots))
        style = "red" if run.state in _SORRY else ""
        machine = f"{run.workshop} {run.machine}" + (" (attested)" if run.attested else "")
        table.add_row(machine, pieces, Text(run.state, style=style), bar, _note(run))
    return table


def _note(run: RunView) -> Text:
    """A person who was called and hasn't come stays visible."""
    if not run.overdue:
        return Text(run.note)
    return Text("; ".join(filter(None, (run.note, f"still waits for a {run.waits_for}"))), style="red")


def explanation_text(said: Sequence[ExplanationView]) -> RenderableType:
    """Of each line: where and when, then indented what it waits for, what would help, where else it could be made."""
    if not said:
        return Text("Nothing of it is left to make.")
    lines = []
    for view in said:
        first, *rest = sentences(view, when)
        lines += [Text(first, style="bold"), *(Text(f"  {sentence}") for sentence in rest)]
    return Group(*lines)


def orders_table(orders: Sequence[OrderSummary]) -> RenderableType:
    if not orders:
        return Text("No orders yet: `llagar order FILE --quantity N` makes one.")
    table = Table(box=None, pad_edge=False)
    for column in ("order", "state", "made", "scrap", "promised", "total"):
        table.add_column(column, justify="right" if column in ("made", "scrap", "total") else "left")
    for order in orders:
        made = f"{order.good}/{order.ordered}"
        total = as_text(order.total, order.currency)
        table.add_row(order.id, state(order.state), made, str(order.scrap), when(order.due_at), total)
    return table
