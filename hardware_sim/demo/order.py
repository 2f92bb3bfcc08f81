"""The producer's side of the demo: files, and the `llagar` command that orders them."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware_sim.errors import RigError
from hardware_sim.network.network import Network
from hardware_sim.network.processes import executable
from hardware_sim.parts import write_parts

_QUANTITIES = {"knob": (20, "PLA"), "bracket": (12, "PETG"), "plate": (6, "plywood-3")}
_ORDER_S = 300.0


class OrderRefused(RigError):
    """The broker did not take the order; `code` is the exit code of `llagar order`."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to order, as `llagar order` takes it: FILE:QUANTITY[:MATERIAL]."""

    words: tuple[str, ...]


def own_wishes(folder: Path) -> Wishes:
    """Two parts to print and one to cut, from files made here."""
    words = []
    for part in write_parts(folder):
        quantity, material = _QUANTITIES[part.path.stem]
        words.append(f"{part.path}:{quantity}:{material}")
    return Wishes(tuple(words))


def place(network: Network, wishes: Sequence[str]) -> str:
    """Order and return the order's id. Raises OrderRefused with what the broker said."""
    done = subprocess.run(
        [executable("llagar"), "order", *wishes, "--json"],
        env=network.producer_environment(),
        capture_output=True,
        text=True,
        timeout=_ORDER_S,
        check=False,
    )
    if done.returncode != 0:
        raise OrderRefused((done.stdout + done.stderr).strip(), done.returncode)
    return str(json.loads(done.stdout)["id"])
