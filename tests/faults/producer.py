"""A producer who orders small things again and again, whatever becomes of the broker meanwhile."""

import threading
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import manifold3d
from ezdxf.filemanagement import new as new_drawing

from broker.client.errors import ClientError, Refused, Unreachable
from broker.client.http import Client
from broker.wire.rest import WantedItem
from hardware_sim.parts import solid_triangles, write_stl

LOOK_S = 0.3
PATIENT = (1.0,) * 900
"""A broker that dies again and again is tried for a quarter of an hour: whether all comes to a stop others see."""


def write_peg(path: Path, height_mm: float) -> Path:
    """A block that is printed in a moment."""
    write_stl(path, solid_triangles(manifold3d.Manifold.cube((12.0, 12.0, height_mm))))
    return path


def write_tag(path: Path) -> Path:
    """A rectangle that is cut in a moment."""
    drawing = new_drawing("R2010", units=4)
    drawing.modelspace().add_lwpolyline([(0, 0), (40, 0), (40, 30), (0, 30)], close=True)
    drawing.saveas(path)
    return path


@dataclass(slots=True)
class Producer:
    """Orders in threads of its own. `enough`: no further order; the threads end when all are delivered."""

    url: str
    token: str
    folder: Path
    delivered: list[str] = field(default_factory=list)
    under_way: list[str] = field(default_factory=list)
    error: Exception | None = None
    enough: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def start(self, at_once: int = 1) -> None:
        """`at_once`: so many orders are under way at any time."""
        for number in range(at_once):
            self._threads.append(threading.Thread(target=self._work, name=f"producer {number}"))
            self._threads[-1].start()

    def end(self) -> None:
        """Whatever is under way."""
        self.enough.set()
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def done(self) -> bool:
        return bool(self._threads) and not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        try:
            with Client(self.url, self.token, pauses_s=PATIENT) as client:
                while not self.enough.is_set():
                    self._one(client, next(self._numbers))
        except ClientError as error:
            self.error = error

    def _one(self, client: Client, number: int) -> None:
        peg = client.upload(write_peg(self.folder / f"peg-{number}.stl", 1.0 + 0.02 * number))
        tag = client.upload(write_tag(self.folder / f"tag-{number}.dxf"))
        wanted = [WantedItem(part_id=peg.id, quantity=2, material=material) for material in ("PLA", "PETG")]
        order = _ordered(client, (*wanted, WantedItem(part_id=tag.id, quantity=2, material="plywood-3")))
        self.under_way.append(order)
        while not self._ended.wait(LOOK_S):
            try:
                state = client.order(order).state
            except Unreachable:
                continue
            if state == "delivered":
                self.under_way.remove(order)
                self.delivered.append(order)
                return


def _ordered(client: Client, wanted: tuple[WantedItem, ...]) -> str:
    """The order's id. Where the broker's clock jumps past the quote's end, another is asked for, as it says."""
    while True:
        quote = client.quote(wanted)
        try:
            return client.accept(quote.id).id
        except Refused as error:
            if not error.problem.detail.startswith("the quote expired"):
                raise
