"""How an order shows: lines, lots, runs, plates, money."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from broker.ledger.money import as_text
from broker.orders.models import OrderState
from broker.pages.controls import Drawing, Text, box
from broker.pages.plate_drawing import draw_plate
from broker.pages.price import draw_left_out, draw_price
from broker.pages.tables import bar, state, table
from broker.pages.wording import PROCESSES, pieces, tone, when
from broker.wire.compared import terms_at
from broker.wire.rest import LineView, OrderView, QuoteView
from broker.wire.states import RunState
from broker.wire.tracking import CorrectionView, LotView, PlateView, RunView

Row = tuple[str | Callable[[], object], ...]


@dataclass(frozen=True, slots=True)
class NamedLot:
    """A lot with its part's name."""

    name: str
    lot: LotView


@dataclass(frozen=True, slots=True)
class GroupedPlate:
    """A plate, and the number of its line for each lot of this order: the reader may see these by name."""

    plate: PlateView
    groups: tuple[tuple[str, int], ...]


def draw_head(order: OrderView) -> None:
    with box("div", "head"):
        Text("h1", "Order")
        Text("code", order.id)
        state(order.state, tone(OrderState(order.state)))
    delivered = f"Delivered on {when(order.delivered_at)}." if order.delivered_at else ""
    tier = order.tier.capitalize()
    Text("p", f"{tier}. Placed on {when(order.created_at)}. Promised by {when(order.due_at)}. {delivered}", "quiet")


def draw_lines(lines: tuple[LineView, ...]) -> None:
    Text("h2", "Parts")
    table("Lines", ("Part", "Made of", "Pieces", "Progress"), [_line(line) for line in lines], numbers=(2,))


def _line(line: LineView) -> Row:
    made = f"{PROCESSES[line.process]}, {line.material}"
    return line.name, made, f"{line.ordered:,}", lambda: draw_made(line.ordered, line.good, line.scrap)


def draw_made(ordered: int, good: int, scrap: int) -> None:
    """Good and scrap as bars of what was ordered, with the numbers below."""
    words = f"{good:,} of {ordered:,} good" + (f", {scrap:,} scrap" if scrap else "")
    most = max(ordered, good + scrap, 1)
    bar(words, (("good", good / most), ("scrap", scrap / most)))
    Text("small", words)


def draw_lots(lots: tuple[NamedLot, ...]) -> None:
    Text("h2", "Lots")
    if not lots:
        Text("p", "The plan has not given it to a workshop yet.", "quiet")
        return
    table("Lots by workshop", ("Workshop", "Part", "State", "Pieces", "Progress"), map(_lot, lots), numbers=(3,))


def _lot(named: NamedLot) -> Row:
    lot = named.lot
    return (
        lot.workshop,
        named.name,
        lambda: state(lot.state, tone(lot.state)),
        f"{lot.quantity:,}",
        lambda: _lot_made(lot),
    )


def _lot_made(lot: LotView) -> None:
    draw_made(lot.quantity, lot.good, lot.scrap)
    reasons = ", ".join(f"{scrap.pieces} by {scrap.reason}" for scrap in lot.scrap_by_reason)
    surplus = f"Surplus: {lot.surplus:,}" if lot.surplus else ""
    corrected = [_corrected(one) for one in lot.corrections]
    for words in (f"Scrap: {reasons}" if reasons else "", surplus, *corrected, lot.reason):
        if words:
            Text("div", words, "quiet")


def _corrected(one: CorrectionView) -> str:
    now, before = f"{one.good_after} good, {one.scrap_after} scrap", f"{one.good_before} good, {one.scrap_before} scrap"
    return f"Count corrected on {when(one.at)}: {now} in place of {before} ({one.note})"


def draw_runs(runs: tuple[RunView, ...]) -> None:
    Text("h2", "Runs")
    if not runs:
        Text("p", "Nothing is planned on a machine yet.", "quiet")
        return
    table("Runs", ("Machine", "Plate", "State", "Progress", "Passed through"), map(_run, runs))


def _run(run: RunView) -> Row:
    return (
        lambda: _machine(run),
        pieces(sum(lot.pieces for lot in run.lots)),
        lambda: state(run.state, tone(run.state)),
        lambda: _progress(run),
        lambda: _path(run),
    )


def _machine(run: RunView) -> None:
    Text("strong", run.machine)
    if run.attested:
        Text("div", "by hand: attested", "quiet")
    Text("div", run.workshop, "quiet")


def _progress(run: RunView) -> None:
    if run.lines_total == 0 or run.started_at is None:
        Text("small", f"planned for {when(run.planned_start)}")
        return
    if run.attested:
        Text("small", "nothing is measured")
        return
    # Progress is lossy: the last report before the end may tell of less.
    done = run.lines_total if run.state in (RunState.FINISHED, RunState.ACCEPTED) else run.lines_done
    share = done / run.lines_total
    bar(f"{share:.0%} of the program", (("busy", share),))
    Text("small", f"{share:.0%}, line {done:,} of {run.lines_total:,}")


def _path(run: RunView) -> None:
    Text("span", " → ".join(run.states), "path")
    if run.stop_requested and run.ended_at is None:
        Text("div", f"Stop asked for: {run.stop_requested}", "warn")
    if run.overdue:
        Text("div", f"Still waits for a {run.waits_for}", "warn")
    if run.note:
        Text("div", run.note, "quiet")


def draw_plates(plates: tuple[GroupedPlate, ...]) -> None:
    Text("h2", "Plates")
    if not plates:
        Text("p", "No plate has been laid out yet.", "quiet")
        return
    with box("div", "cards wide"):
        for grouped in plates:
            _plate(grouped.plate, dict(grouped.groups))


def _plate(plate: PlateView, groups: Mapping[str, int]) -> None:
    words = f"{plate.workshop} · {plate.machine}"
    with box("figure", "card stack"):
        Drawing(draw_plate(plate.document, groups, f"Plate on {words}"))
        with box("figcaption", "head"):
            Text("span", f"{words}, {plate.document.material}", "grow")
            state(plate.state, tone(plate.state))


def draw_quote(quote: QuoteView) -> None:
    Text("h2", "Price")
    draw_price(quote, terms_at(quote, quote.tier))
    draw_left_out(quote)


def draw_ledger(order: OrderView) -> None:
    held, paid, balance = (
        as_text(amount, order.currency) for amount in (order.ledger.held, order.ledger.paid, order.ledger.balance)
    )
    Text("h2", "Money")
    Text("p", f"Held for this order: {held}. Paid out: {paid}. Sum of the books: {balance}.")
