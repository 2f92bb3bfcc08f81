"""A rig's processes, with another of some standing by (`standing_by`) for when the one before has died."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from hardware_sim.network.processes import Child, Processes, stdin_of
from tests.faults.standing_by import VARIABLE


@dataclass(slots=True)
class Prepared(Processes):
    _waiting: dict[str, Child] = field(default_factory=dict)

    def prepare(self, name: str) -> None:
        """Another process like the one of this name that runs, unless one stands by already."""
        if name not in self._waiting and name in self.children:
            running = self.children.pop(name)
            self._waiting[name] = super(Prepared, self).start(
                name, running.argv, environment={VARIABLE: "1"}, talk=True
            )
            self.children[name] = running

    def start(
        self, name: str, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, talk: bool = False
    ) -> Child:
        waiting = self._waiting.pop(name, None)
        if waiting is None:
            return super(Prepared, self).start(name, argv, environment=environment, talk=talk)
        if waiting.argv != tuple(argv) or waiting.popen.poll() is not None:
            _end(waiting)
            return super(Prepared, self).start(name, argv, environment=environment, talk=talk)
        with stdin_of(waiting) as wake:
            wake.write(b"\n")
        self.children[name] = waiting
        return waiting

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._waiting.values():
            _end(child)
        super(Prepared, self).__exit__(kind, error, trace)


def _end(child: Child) -> None:
    child.popen.kill()
    child.popen.wait()
    stdin_of(child).close()
