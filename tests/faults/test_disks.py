"""Disks that are full: whoever can't write says so or ends, nothing is half done, and with room again all goes on."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware_sim.network.network import Network
from tests.faults.disks import empty, fill, mounted
from tests.faults.judge import judged
from tests.faults.world import World, world
from tests.waiting import eventually

SHOP = "Nava"
DATA, MACHINES = f"shops/{SHOP}/data", f"shops/{SHOP}/data/machines"
FULL = "disk is full"
PATIENCE_S = 120.0


@pytest.fixture(autouse=True)
def _disks(tmp_path: Path) -> None:
    try:
        with mounted(tmp_path / "probe"):
            return
    except subprocess.CalledProcessError as error:
        pytest.skip(f"small disks are mounted by root alone: {error.stderr.strip()}")


def _agents_end(made: World) -> None:
    """An agent that can't write down what it knows ends, and says why."""
    child = made.network.processes.children[f"agent-{SHOP}"]
    assert eventually(child.popen.poll, PATIENCE_S) == 2
    assert FULL in child.tail(1)


def _streamers(network: Network) -> dict[str, int]:
    return {name: network.streamer_of(name) for name, one in network.machines.items() if one.shop == SHOP}


def _streamers_end(made: World) -> None:
    """A streamer whose start or word can't be written ends; its agent starts others."""
    before = _streamers(made.network)
    eventually(lambda: any(pid != before[name] for name, pid in _streamers(made.network).items()), PATIENCE_S)


def _brokers_word(made: World) -> None:
    child = made.network.processes.children["broker"]
    eventually(lambda: FULL in child.log.read_text(errors="replace"), PATIENCE_S)
    assert child.popen.poll() is None


@pytest.mark.proof(share=0.0255)
def test_full_disks_lose_nothing() -> None:
    with world(disks=("broker", DATA, MACHINES)) as made:
        made.producer.start()
        steps: list[tuple[str, Callable[[World], None]]] = [
            (DATA, _agents_end),
            (MACHINES, _streamers_end),
            ("broker", _brokers_word),
        ]
        for disk, comes in steps:
            fill(made.folder / disk)
            comes(made)
            empty(made.folder / disk)
            if disk == DATA:
                made.network.processes.kill(f"agent-{SHOP}")
                made.network.start_agent(SHOP)
        made.finish()
        assert judged(made, calm=False) == []
