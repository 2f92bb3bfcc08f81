"""How an order shows: lines, lots, runs, plates, money."""

from collections.abc import Callable
from dataclasses import dataclass

from broker.ledger.money import as_text
from broker.orders.models import LotState, OrderState
from broker.pages.controls import Drawing, Text, box
from broker.pages.plate_drawing import draw_plate
from broker.pages.price import draw_left_out, draw_price
from broker.pages.tables import bar, state, table
from broker.pages.wording import PROCESSES, pieces, tone, when
from broker.wire.rest import LineView, LotView, OrderView, QuoteView
from broker.wire.states import RunState
from broker.wire.tracking import PlateView, RunView

Row = tuple[str | Callable[[], object], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that an order's page shows."""

    order: OrderView
    runs: tuple[RunView, ...]
    plates: tuple[PlateView, ...]

    def groups(self) -> dict[str, int]:
        """The place of its line, for each lot of this order."""
        return {lot.id: place for place, line in enumerate(self.order.lines) for lot in line.lots}

    def piece_counts(self) -> dict[str, int]:
        """Pieces on each plate, of whatever order."""
        return {plate.id: sum(len(part.placements) for part in plate.document.parts) for plate in self.plates}


def draw_head(order: OrderView) -> None:
    with box("div", "head"):
        Text("h1", "Order")
        Text("code", order.id)
        state(order.state, tone(OrderState(order.state)))
    delivered = f"Delivered on {when(order.delivered_at)}." if order.delivered_at else ""
    Text("p", f"Placed on {when(order.created_at)}. Promised by {when(order.due_at)}. {delivered}", "quiet")


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


def draw_lots(lines: tuple[LineView, ...]) -> None:
    Text("h2", "Lots")
    rows = [_lot(line, lot) for line in lines for lot in line.lots]
    if not rows:
        Text("p", "The plan has not given it to a workshop yet.", "quiet")
        return
    table("Lots by workshop", ("Workshop", "Part", "State", "Pieces", "Progress"), rows, numbers=(3,))


def _lot(line: LineView, lot: LotView) -> Row:
    return (
        lot.workshop,
        line.name,
        lambda: state(lot.state, tone(LotState(lot.state))),
        f"{lot.quantity:,}",
        lambda: draw_made(lot.quantity, lot.good, lot.scrap),
    )


def draw_runs(shown: tuple[tuple[RunView, int], ...]) -> None:
    """`shown`: each run with the pieces on its plate."""
    Text("h2", "Runs")
    if not shown:
        Text("p", "Nothing is on a machine yet.", "quiet")
        return
    heads = ("Machine", "Plate", "State", "Progress", "Passed through")
    table("Runs", heads, [_run(run, count) for run, count in shown])


def _run(run: RunView, count: int) -> Row:
    return (
        lambda: _machine(run),
        pieces(count),
        lambda: state(run.state, tone(run.state)),
        lambda: _progress(run),
        lambda: _path(run),
    )


def _machine(run: RunView) -> None:
    Text("strong", run.machine)
    Text("div", run.workshop, "quiet")


def _progress(run: RunView) -> None:
    if run.lines_total == 0:
        Text("small", f"planned for {when(run.planned_start)}")
        return
    share = run.lines_done / run.lines_total
    bar(f"{share:.0%} of the program", (("busy", share),))
    Text("small", f"{share:.0%}, line {run.lines_done:,} of {run.lines_total:,}")


def _path(run: RunView) -> None:
    Text("span", " → ".join(run.states), "path")
    if run.stop_requested and run.state not in (RunState.STOPPED, RunState.FINISHED):
        Text("div", f"Stop asked for: {run.stop_requested}", "warn")
    if run.note:
        Text("div", run.note, "quiet")


def draw_plates(shown: tuple[tuple[PlateView, tuple[tuple[str, int], ...]], ...]) -> None:
    """`shown`: each plate with the group of every lot of this order."""
    Text("h2", "Plates")
    if not shown:
        Text("p", "No plate has been laid out yet.", "quiet")
        return
    with box("div", "cards"):
        for plate, groups in shown:
            _plate(plate, dict(groups))


def _plate(plate: PlateView, groups: dict[str, int]) -> None:
    words = f"{plate.workshop} · {plate.machine}"
    with box("figure", "card stack"):
        Drawing(draw_plate(plate.document, groups, f"Plate on {words}"))
        with box("figcaption", "head"):
            Text("span", f"{words}, {plate.document.material}", "grow")
            state(plate.state, tone(plate.state))


def draw_money(order: OrderView) -> None:
    Text("h2", "Price")
    draw_price(order.quote)
    _ledger(order, order.quote)
    draw_left_out(order.quote)


def _ledger(order: OrderView, quote: QuoteView) -> None:
    words = (
        f"Held for this order: {as_text(order.ledger.held, quote.currency)}. "
        f"Paid out: {as_text(order.ledger.paid, quote.currency)}. "
        f"Sum of the books: {as_text(order.ledger.balance, quote.currency)}."
    )
    Text("p", words, "quiet")
