"""The Marlin driver on a model, in virtual time and one thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar
from unittest.mock import patch

from drivers.base import PortSettings
from drivers.marlin.driver import MarlinDriver
from drivers.transports import Port
from tests.drivers.marlin_model import BadCable, MarlinModel

WIRE_S = 0.0005


class VirtualPort(Port):
    """`meanwhile` is called whenever the driver waits: what another thread would do."""

    model: ClassVar[MarlinModel]
    cable: ClassVar[BadCable | None]
    meanwhile: ClassVar[Callable[[], None]]
    _open = False
    _back = b""

    def open(self) -> None:
        self._open, self._back = True, b""

    @property
    def is_open(self) -> bool:
        return self._open

    def read(self, timeout_s: float) -> bytes:
        model = self.model
        if self._unsent:
            self._deliver(bytes(self._unsent))
            self._unsent.clear()
        type(self).meanwhile()
        self._hear()
        if not self._back:
            model.advance(min(model.now + max(timeout_s, 0.0), max(model.next_s(), model.now)))
            self._hear()
        data, self._back = self._back, b""
        if data:
            model.advance(model.now + WIRE_S)
        return data

    def _deliver(self, data: bytes) -> None:
        self.model.receive(self.cable.out(data) if self.cable else data)

    def _hear(self) -> None:
        said = self.model.said()
        self._back += self.cable.back(said) if self.cable else said

    def urgent(self, data: bytes) -> bool:
        self._deliver(data)
        return True

    def wake(self) -> None:
        return

    def close(self) -> None:
        self._open = False


@contextmanager
def driving(
    model: MarlinModel, cable: BadCable | None = None, settings: PortSettings | None = None
) -> Iterator[MarlinDriver]:
    VirtualPort.model, VirtualPort.cable, VirtualPort.meanwhile = model, None, staticmethod(lambda: None)
    with patch("drivers.streaming.machine.Port", VirtualPort):
        driver = MarlinDriver(settings or PortSettings("virtual", answer_s=10.0), clock=lambda: model.now)
    driver.open()
    VirtualPort.cable = cable
    yield driver
