"""The shop's spools at the bench."""

from shop_agent.agent import Agent
from shop_agent.bench import schemas
from shop_agent.state import events as ev
from shop_agent.state.records import SpoolRecord


class Shelf:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def spools(self) -> list[schemas.SpoolView]:
        return [spool_view(spool) for spool in self._agent.memory.spools.values() if not spool.gone]

    def put(self, spool: schemas.SpoolNow) -> schemas.SpoolView:
        """Add one, or say anew what is on it. Raises Refused."""
        before = set(self._agent.memory.spools)
        self._agent.apply(ev.SpoolGiven(spool.id, spool.material, spool.colour, spool.left_g))
        name = spool.id or next(iter(set(self._agent.memory.spools) - before))
        return spool_view(self._agent.memory.spools[name])

    def put_away(self, name: str) -> list[schemas.SpoolView]:
        """Used up, or not to be used any more. Raises Refused."""
        self._agent.apply(ev.SpoolGone(name))
        return self.spools()


def spool_view(spool: SpoolRecord) -> schemas.SpoolView:
    return schemas.SpoolView(
        id=spool.id, material=spool.material, colour=spool.colour, left_g=spool.left_g, machine=spool.machine
    )
