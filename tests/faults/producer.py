"""A producer who orders small things again and again, whatever becomes of the broker meanwhile."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import manifold3d
from ezdxf.filemanagement import new as new_drawing

from broker.client.errors import ClientError, Unreachable
from broker.client.http import Client
from broker.wire.rest import WantedItem
from hardware_sim.parts import solid_triangles, write_stl

LOOK_S = 0.3
PATIENT = (1.0,) * 120
"""A write is tried again for two minutes."""


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
    """Runs in a thread of its own. `enough`: no further order; the thread ends when all are delivered."""

    url: str
    token: str
    folder: Path
    delivered: list[str] = field(default_factory=list)
    under_way: str = ""
    since_s: float = 0.0
    """When the order under way was placed, or looked at last with a change."""
    error: Exception | None = None
    enough: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="producer")
        self._thread.start()

    def end(self) -> None:
        """Whatever is under way."""
        self.enough.set()
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def done(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def _work(self) -> None:
        try:
            with Client(self.url, self.token, pauses_s=PATIENT) as client:
                while not self.enough.is_set():
                    self._one(client)
        except ClientError as error:
            self.error = error

    def _one(self, client: Client) -> None:
        number = len(self.delivered)
        peg = client.upload(write_peg(self.folder / f"peg-{number}.stl", 1.0 + 0.02 * number))
        tag = client.upload(write_tag(self.folder / "tag.dxf"))
        wanted = [WantedItem(part_id=peg.id, quantity=2, material=material) for material in ("PLA", "PETG")]
        quote = client.quote((*wanted, WantedItem(part_id=tag.id, quantity=2, material="plywood-3")))
        self.under_way = client.accept(quote.id).id
        self.since_s = time.monotonic()
        while not self._ended.wait(LOOK_S):
            try:
                state = client.order(self.under_way).state
            except Unreachable:
                continue
            if state == "delivered":
                self.delivered.append(self.under_way)
                return
