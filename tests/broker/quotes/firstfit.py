"""A plan small enough to check by hand: all pieces of an item on the first machine that holds them.

Express puts half as many on a plate and is there by noon; economy puts twice as many and takes three days longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker.database import Database
from broker.quotes import repository
from broker.quotes.live_plan import LeftOut, Opinion, Share, Wanted
from broker.quotes.market import Market
from broker.wire.shop import MachineSpec
from broker.wire.tiers import Tier

PIECE_S = 600.0
PER_PLATE = 10
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a tier is made: `wait_s` beside the time of its pieces."""

    per_plate: int
    wait_s: float


WAYS = {
    Tier.EXPRESS: Way(PER_PLATE // 2, 0.5 * DAY_S),
    Tier.STANDARD: Way(PER_PLATE, DAY_S),
    Tier.ECONOMY: Way(2 * PER_PLATE, 4 * DAY_S),
}


class FirstFit:
    """Every piece takes ten minutes, ten go on a plate; boxes are compared upright, without turning."""

    def __init__(self, database: Database, ways: Mapping[Tier, Way] = WAYS) -> None:
        self._database = database
        self._ways = ways

    async def consider(self, wanted: Sequence[Wanted]) -> Mapping[Tier, tuple[Opinion, ...]]:
        async with self._database.reading() as session:
            market = await repository.market(session)
        ways = self._ways.items()
        found = {tier: tuple(_opinion(item, market, way) for item in wanted) for tier, way in ways}
        return {
            tier: opinions
            for tier, opinions in found.items()
            if tier is Tier.STANDARD or all(opinion.unplanned == 0 for opinion in opinions)
        }


def _opinion(item: Wanted, market: Market, way: Way) -> Opinion:
    left_out: list[LeftOut] = []
    shares: list[Share] = []
    for shop in market.shops:
        for machine in shop.inventory.machines:
            reason = _obstacle(item, machine)
            if reason:
                left_out.append(LeftOut(shop.name, machine.name, reason))
            elif not shares:
                plates = item.quantity / way.per_plate
                shares.append(Share(shop.id, machine.name, item.quantity, item.quantity * PIECE_S, plates))
    return Opinion(
        shares=tuple(shares),
        left_out=tuple(left_out),
        unplanned=0 if shares else item.quantity,
        unplanned_reason="" if shares else "no machine",
        piece_s=PIECE_S,
        ready_s=item.quantity * PIECE_S + way.wait_s,
    )


def _obstacle(item: Wanted, machine: MachineSpec) -> str:
    if machine.process is not item.process:
        return f"works by {machine.process}, not by {item.process}"
    if item.material.casefold() not in [material.casefold() for material in machine.materials]:
        return f"is never loaded with {item.material}"
    size = (
        item.facts.mesh.size_mm if item.facts.mesh else (*(item.facts.drawing.size_mm if item.facts.drawing else ()), 0)
    )
    for axis, side, most in zip("xyz", size, machine.volume_mm, strict=True):
        if side > most:
            return f"{axis} {side:g} mm is {side - most:g} mm over its {most:g} mm"
    return ""
