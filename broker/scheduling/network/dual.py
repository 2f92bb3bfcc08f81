"""A bound from prices: what lots must pay at least, were time on machines for sale.

Give all that a class offers in a stretch of time a price. Every lot then chooses what is cheapest for it: to be left
out, or to buy what it needs here or there and be late accordingly. The sum of what lots pay, less the worth of all
that was for sale, is no more than what any plan loses, whatever the prices are: the Lagrangian dual of the fractional
transport problem (Geoffrion 1974, doi:10.1007/BFb0120690). So prices may be found by any means. Here they rise and
fall in proportion to what is asked for too much or too little (multiplicative weights: Arora, Hazan, Kale 2012,
doi:10.4086/toc.2012.v008a006), lots asking for all that is nearly cheapest; the best bound on the way counts.
"""

from dataclasses import dataclass, replace

import numpy as np

from broker.scheduling.compiled import compiled, inlined
from broker.scheduling.network.capacity import Demand, Offers
from broker.scheduling.network.problem import Bools, Floats, Ints

HOT, COLD = 0.1, 0.002
"""What counts as nearly cheapest, at first and at last, as a share of a lot's mean rejection."""
FAST, SLOW = 0.5, 0.02
"""How far prices move, at first and at last."""
SAMPLE = 10_000
"""Lots for which prices are found."""
LEAST = 1e-4
"""Share of a first guess at which a price is none."""


@dataclass(frozen=True, slots=True)
class Stakes:
    """What is lost, by lot."""

    rejection: Floats
    """[N] where the lot isn't made."""
    alone: Floats
    """[N] at the least, where it is; at most `rejection`."""
    weight: Floats
    """[N] each second after `grace_s`."""
    grace_s: Floats
    """[N, C] work done before costs nothing."""
    limit_s: Floats
    """[N, C] no work on it is done later."""
    from_s: Floats
    """[N] nor earlier."""


def bound_loss(stakes: Stakes, offers: Offers, need: Demand, steps: int) -> float:
    """Σ over lots of what any plan loses at least.

    Where lots are very many, prices are found for some of them and as large a share of what is offered; what they
    mean for all lots is then reckoned exactly.
    """
    apart = -(-len(stakes.rejection) // SAMPLE)
    prices = np.zeros(len(offers.kind))
    if apart <= 1:
        return _value(stakes, offers, need, prices, steps)
    nothing = _value(stakes, offers, need, prices.copy(), 1)
    some = Stakes(
        rejection=stakes.rejection[::apart].copy(),
        alone=stakes.alone[::apart].copy(),
        weight=stakes.weight[::apart].copy(),
        grace_s=stakes.grace_s[::apart].copy(),
        limit_s=stakes.limit_s[::apart].copy(),
        from_s=stakes.from_s[::apart].copy(),
    )
    part = replace(offers, amount=offers.amount / apart)
    _value(some, part, Demand(need.work_s[::apart].copy(), need.run_s[::apart].copy()), prices, steps)
    return max(nothing, _value(stakes, offers, need, prices, 1))


def _value(stakes: Stakes, offers: Offers, need: Demand, prices: Floats, steps: int) -> float:
    """The best bound; `prices` become those that give it."""
    return float(
        _best_bound(
            stakes.rejection,
            stakes.alone,
            stakes.weight,
            stakes.grace_s,
            stakes.limit_s,
            stakes.from_s,
            offers.kind,
            offers.is_gap,
            offers.amount,
            offers.from_s,
            offers.until_s,
            offers.gap_s,
            need.work_s,
            need.run_s,
            prices,
            steps,
        )
    )


@compiled
def _best_bound(
    rejection: Floats,
    alone: Floats,
    weight: Floats,
    grace_s: Floats,
    limit_s: Floats,
    from_s: Floats,
    kind: Ints,
    is_gap: Bools,
    amount: Floats,
    opens_s: Floats,
    until_s: Floats,
    gap_s: Floats,
    work_s: Floats,
    run_s: Floats,
    prices: Floats,
    steps: int,
) -> float:
    offers = len(kind)
    price, asked, loss, number = prices.copy(), np.zeros(offers), np.zeros(offers), np.zeros(offers)
    total = rejection.sum()
    guess = _first_guess(total, is_gap, amount, gap_s)
    best = -np.inf
    for step in range(steps):
        cooled = step / steps
        near = max((HOT + (COLD - HOT) * cooled) * total / max(1, len(rejection)), 1e-300)
        asked[:] = 0.0
        paid = 0.0
        for lot in range(len(rejection)):
            least = rejection[lot]
            for offer in range(offers):
                loss[offer] = np.inf
                of = kind[offer]
                work = work_s[lot, of]
                if work == np.inf or opens_s[offer] >= limit_s[lot, of] or until_s[offer] <= from_s[lot]:
                    continue
                number[offer] = work / min(gap_s[offer], run_s[lot, of]) if is_gap[offer] else work
                late = max(alone[lot], weight[lot] * (opens_s[offer] - grace_s[lot, of]))
                loss[offer] = late + number[offer] * price[offer]
                least = min(least, loss[offer])
            paid += least
            if step + 1 < steps:
                _ask(asked, number, loss, least, rejection[lot], near)
        value = paid - (price * amount).sum()
        if value > best:
            best = value
            prices[:] = price
        _reprice(price, asked, amount, guess, FAST + (SLOW - FAST) * cooled, step == 0)
    return best


@inlined
def _ask(asked: Floats, number: Floats, loss: Floats, least: float, rejection: float, near: float) -> None:
    """A lot's work is shared out over all that is nearly cheapest for it, being left out among them."""
    shares = 1.0 / (1.0 + ((rejection - least) / near) ** 2) ** 2
    for offer in range(len(loss)):
        if loss[offer] < np.inf:
            loss[offer] = 1.0 / (1.0 + ((loss[offer] - least) / near) ** 2) ** 2
            shares += loss[offer]
        else:
            loss[offer] = 0.0
    for offer in range(len(loss)):
        if loss[offer] > 0.0:
            asked[offer] += number[offer] * loss[offer] / shares


@inlined
def _reprice(price: Floats, asked: Floats, amount: Floats, guess: Floats, rate: float, first: bool) -> None:
    for offer in range(len(price)):
        over = min(1.0, asked[offer] / amount[offer] - 1.0)
        floor = LEAST * guess[offer]
        now = max(price[offer], 300.0 * floor if first else floor) * np.exp(rate * over)
        price[offer] = now if now >= floor else 0.0


@inlined
def _first_guess(total: float, is_gap: Bools, amount: Floats, gap_s: Floats) -> Floats:
    """What a unit of each would cost, were all lots worth as much as all seconds."""
    seconds = 1.0
    for offer in range(len(amount)):
        if not is_gap[offer]:
            seconds += amount[offer]
    guess = np.full(len(amount), total / seconds)
    for offer in range(len(amount)):
        if is_gap[offer]:
            guess[offer] *= min(gap_s[offer], 20_000.0)
    return guess
