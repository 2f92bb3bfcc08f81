"""What a live plan offers for several lots together: each placed as its tier says, beside the ones before it."""

from collections.abc import Sequence
from copy import deepcopy

from broker.scheduling.network.events import Request, RushOrder, Tier
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.replan import replan
from broker.scheduling.network.whatif import Offer, what_if


def offers(live: LivePlan, requests: Sequence[Request], tier: Tier, *, seed: int = 0) -> tuple[Offer, ...]:
    """One for each request, in order; empty where one of them finds no place. The plan stays as it is.

    What is offered to one is promised to it when the next is placed. There must be spare rows for all but one.
    """
    draft = live if len(requests) == 1 else deepcopy(live, {id(live.problem): live.problem})
    found: list[Offer] = []
    for number, request in enumerate(requests, 1):
        one = what_if(draft, request, (tier,), seed=seed)
        if not one:
            return ()
        found += one
        if number < len(requests):
            replan(draft, RushOrder(request, tier, one[0].ready_s), _at_once, seed)
    return tuple(found)


def _at_once() -> bool:
    return True
