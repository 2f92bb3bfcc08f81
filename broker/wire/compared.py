"""One lead time beside another, in words."""

from broker.wire.durations import MINUTE_S, lasting
from broker.wire.money import as_text
from broker.wire.rest import QuoteTierView, QuoteView
from broker.wire.tiers import Tier


def terms_at(quote: QuoteView, tier: Tier) -> QuoteTierView:
    """Standard's if the quote doesn't offer the tier."""
    offered = {terms.tier: terms for terms in quote.tiers}
    return offered.get(tier, offered[Tier.STANDARD])


def beside(one: QuoteTierView, other: QuoteTierView, currency: str) -> str:
    """What `one` gains and costs, such as `2 d 3 h sooner, 4.20 EUR more`."""
    return ", ".join(filter(None, (_sooner(one, other), _dearer(one, other, currency))))


def _sooner(one: QuoteTierView, other: QuoteTierView) -> str:
    """Empty where a date isn't known."""
    if one.due_at is None or other.due_at is None:
        return ""
    seconds = (one.due_at - other.due_at).total_seconds()
    if abs(seconds) < MINUTE_S:
        return "as soon"
    return f"{lasting(abs(seconds))} {'later' if seconds > 0 else 'sooner'}"


def _dearer(one: QuoteTierView, other: QuoteTierView, currency: str) -> str:
    if one.total == other.total:
        return "at the same price"
    return f"{as_text(abs(one.total - other.total), currency)} {'more' if one.total > other.total else 'less'}"
