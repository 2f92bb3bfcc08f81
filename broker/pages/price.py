"""A quote, itemised, as its buyer sees it."""

from broker.ledger.money import as_text
from broker.pages.controls import Text, box
from broker.pages.tables import table
from broker.pages.wording import when
from broker.wire.rest import LeftOutView, QuoteItemView, QuoteView


def draw_price(quote: QuoteView) -> None:
    """Every price line, the sum, and the promised date."""
    names = {item.id: item.name for item in quote.items}
    rows = [
        (names.get(line.item_id or "", "the whole order"), line.kind, line.text, as_text(line.amount, quote.currency))
        for line in quote.lines
    ]
    rows.append(("Total", "", "", as_text(quote.total, quote.currency)))
    table("Price lines", ("For", "Kind", "What", "Amount"), rows, numbers=(3,), sum_row=True)
    Text("p", f"Promised by {when(quote.due_at)}.")


def draw_left_out(quote: QuoteView) -> None:
    """Machines that can't make an item, and which of their limits is in the way."""
    rows = [_row(item, left) for item in quote.items for left in item.left_out]
    if not rows:
        return
    with box("details"):
        Text("summary", f"Machines left out ({len(rows)})")
        table("Machines left out", ("Part", "Machine", "Why"), rows)


def _row(item: QuoteItemView, left: LeftOutView) -> tuple[str, str, str]:
    return item.name, f"{left.workshop} · {left.machine}", left.reason
