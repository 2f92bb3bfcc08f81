"""The itemised price: what each shop asks by its rates, then the broker's fee; lines sum to the total exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from broker.errors import Conflict
from broker.ledger.money import apportion, to_minor
from broker.quotes.consumption import consumption
from broker.quotes.live_plan import Opinion, Wanted
from broker.quotes.market import Market

_PLATE_MIN = 4
"""An operator's minutes for a plate: load, confirm, clear."""
_PIECE_MIN = Fraction(1, 2)
"""Minutes for a piece: take off, look at, count, pack."""
FEE = "fee"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """`item` is the index of the item it belongs to; None is the whole order's."""

    kind: str
    text: str
    amount: int
    item: int | None


def price(
    wanted: Sequence[Wanted], opinions: Sequence[Opinion], market: Market, fee_percent: Decimal
) -> tuple[PriceLine, ...]:
    """Lines by item, then the fee on all of them. Raises Conflict if a shop left, Unprocessable for wrong stock."""
    shipping = _shipping(opinions, market)
    lines: list[PriceLine] = []
    for index, (item, opinion) in enumerate(zip(wanted, opinions, strict=True)):
        lines += _item_lines(index, item, opinion, market)
        shops = len({share.workshop_id for share in opinion.shares})
        lines.append(
            PriceLine(
                "shipping", f"{item.name}: share of parcels from {_count(shops, 'workshop')}", shipping[index], index
            )
        )
    subtotal = sum(line.amount for line in lines)
    fee = to_minor(Fraction(fee_percent) * subtotal / 100)
    return (*lines, PriceLine(FEE, f"broker's fee, {fee_percent.normalize():f} % of the above", fee, None))


def _item_lines(index: int, item: Wanted, opinion: Opinion, market: Market) -> list[PriceLine]:
    machine = material = setup = labour = Fraction(0)
    seconds = plates = 0.0
    each = ""
    for share in opinion.shares:
        shop = market.shop(share.workshop_id)
        rates, stock = shop.inventory.rates, shop.stock(item.material)
        if stock is None:
            raise Conflict(f"{shop.name} has just run out of {item.material}", fix="ask for the price again")
        piece = consumption(item.facts, item.recipe, stock)
        each = each or piece.text
        seconds, plates = seconds + share.machine_s, plates + share.plates
        machine += Fraction(share.machine_s) * rates.machine_per_h / 3600
        material += piece.price * share.pieces
        setup += Fraction(share.plates) * rates.setup
        labour += (Fraction(share.plates) * _PLATE_MIN + share.pieces * _PIECE_MIN) * rates.labour_per_h / 60
    texts = (
        ("machine", f"{item.name}: {seconds / 3600:.2f} h of machines", machine),
        ("material", f"{item.name}: {item.quantity} × {each}", material),
        ("setup", f"{item.name}: {plates:.2f} plates to set up", setup),
        ("labour", f"{item.name}: hands for {plates:.2f} plates and {_count(item.quantity, 'piece')}", labour),
    )
    return [PriceLine(kind, text, to_minor(amount), index) for kind, text, amount in texts]


def _shipping(opinions: Sequence[Opinion], market: Market) -> list[int]:
    """One parcel a workshop, shared by its items according to their pieces; minor units by item."""
    amounts = [0] * len(opinions)
    for workshop_id in sorted({share.workshop_id for opinion in opinions for share in opinion.shares}):
        pieces = [
            Fraction(sum(share.pieces for share in opinion.shares if share.workshop_id == workshop_id))
            for opinion in opinions
        ]
        parcel = market.shop(workshop_id).inventory.rates.shipping
        for index, amount in enumerate(apportion(parcel, pieces)):
            amounts[index] += amount
    return amounts


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
