"""A quote, itemised, as its buyer sees it."""

from broker.ledger.money import as_text
from broker.pages.controls import Text, box
from broker.pages.tables import table
from broker.wire.rest import LeftOutView, QuoteItemView, QuoteTierView, QuoteView


def draw_price(quote: QuoteView, terms: QuoteTierView) -> None:
    """Every line of a tier's price under its part, and the sum."""
    with box("div", "scroll"), box("table") as made:
        made.props["aria-label"] = "Price lines"
        for item_id, name in _subjects(quote):
            with box("tbody"):
                _subject(name)
                for line in terms.lines:
                    if line.item_id == item_id:
                        _row(line.kind, line.text.removeprefix(f"{name}: "), as_text(line.amount, quote.currency))
        with box("tbody"):
            _row("Total", terms.tier, as_text(terms.total, quote.currency), "sum")


def _subjects(quote: QuoteView) -> list[tuple[str | None, str]]:
    """What price lines are for: each item, then the order as a whole."""
    return [*((item.id, item.name) for item in quote.items), (None, "The whole order")]


def _subject(name: str) -> None:
    with box("tr", "subject"):
        Text("th", name, "name").props.update({"scope": "rowgroup", "colspan": "3"})


def _row(kind: str, what: str, amount: str, classes: str = "") -> None:
    with box("tr", classes):
        Text("td", kind, "quiet" if not classes else "")
        Text("td", what)
        Text("td", amount, "number")


def draw_left_out(quote: QuoteView) -> None:
    """Machines that can't make an item, and which of their limits is in the way."""
    rows = [_left_out(item, left) for item in quote.items for left in item.left_out]
    if not rows:
        return
    with box("details"):
        Text("summary", f"Machines left out ({len(rows)})")
        table("Machines left out", ("Part", "Machine", "Why"), rows)


def _left_out(item: QuoteItemView, left: LeftOutView) -> tuple[str, str, str]:
    return item.name, f"{left.workshop} · {left.machine}", left.reason
