"""The lead times of a quote side by side, one of them chosen."""

from collections.abc import Callable

from broker.ledger.money import as_text
from broker.pages.controls import Text, box
from broker.pages.wording import TIERS, when
from broker.wire.compared import beside, terms_at
from broker.wire.rest import QuoteTierView, QuoteView
from broker.wire.tiers import Tier


def draw_tiers(quote: QuoteView, chosen: Tier, on_choice: Callable[[Tier], object]) -> None:
    """Native radio buttons, so arrow keys move the choice; a lone tier is no choice."""
    if len(quote.tiers) == 1:
        Text("p", f"Promised by {when(quote.due_at)}. Nothing sooner or cheaper is to be had now.")
        return
    with box("fieldset", "tiers"):
        Text("legend", "How soon do you need it?")
        for terms in quote.tiers:
            with box("label", "tier"):
                _radio(terms.tier, terms.tier is chosen, on_choice)
                _card(quote, terms)


def _radio(tier: Tier, is_chosen: bool, on_choice: Callable[[Tier], object]) -> None:
    radio = box("input")
    radio.props.update({"type": "radio", "name": "tier", "value": tier.value})
    if is_chosen:
        radio.props["checked"] = True
    radio.on("change", lambda _event: on_choice(tier), args=[])


def _card(quote: QuoteView, terms: QuoteTierView) -> None:
    standard = terms_at(quote, Tier.STANDARD)
    with box("span", "stack grow"):
        with box("span", "head"):
            Text("span", terms.tier.capitalize(), "tier-name grow")
            Text("strong", as_text(terms.total, quote.currency), "number")
        Text("span", f"By {when(terms.due_at)}")
        if terms.arrival_at is not None:
            Text("small", f"Expected on {when(terms.arrival_at)}")
        if terms is not standard:
            Text("span", f"{beside(terms, standard, quote.currency)}", "beside")
        Text("small", TIERS[terms.tier])
