"""This process's connections: an agent has one, the latest."""

from collections.abc import Iterator

from broker.runs.link.connection import Connection


class Registry:
    def __init__(self) -> None:
        self._by_agent: dict[str, Connection] = {}

    def __len__(self) -> int:
        return len(self._by_agent)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._by_agent.values()))

    def add(self, connection: Connection) -> Connection | None:
        """The agent's earlier connection here, which is over."""
        earlier = self._by_agent.get(connection.agent_id)
        self._by_agent[connection.agent_id] = connection
        return earlier

    def remove(self, connection: Connection) -> None:
        """May be repeated, and a later connection stays."""
        if self._by_agent.get(connection.agent_id) is connection:
            del self._by_agent[connection.agent_id]

    def of(self, agent_id: str) -> Connection | None:
        return self._by_agent.get(agent_id)
