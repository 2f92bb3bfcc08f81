"""Every seed breaks something in the first two prints, or in the first cut where nothing is printed."""

from pathlib import Path

import pytest

from hardware_sim.faults import FaultKind
from hardware_sim.network.api import Plated, PlateDocument, PlateSeen
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.mishaps import Mishaps
from hardware_sim.network.towns import SHOPS

HERE = Path("unused")
PRINTER, ROUTER = (MachineProcess(SHOPS[shop].machines[0], SHOPS[shop].name, HERE, HERE, HERE) for shop in (0, 2))


def plate(process: str) -> PlateSeen:
    part = Plated(name="p", lot="l", height_mm=5.0, outline=((0, 0), (1, 0), (0, 1)), placements=((0, 0, 0),))
    document = PlateDocument(
        process=process, material="m", size_mm=(9, 9), usable_mm=(0, 0, 9, 9), thickness_mm=3.0, parts=(part,)
    )
    return PlateSeen(id="p", run="r", workshop="w", machine="m", document=document)


@pytest.mark.parametrize("seed", range(8))
def test_the_first_two_prints_bring_a_failed_run_and_a_lost_piece(seed: int) -> None:
    mishaps = Mishaps(seed)
    mishaps.expect(prints=True)
    faults = [fault for _ in range(2) for fault in mishaps.at_set_up(PRINTER, plate("fdm"))]
    assert {FaultKind.DETACH, FaultKind.THERMAL_RUNAWAY} <= {fault.kind for fault in faults}
    assert all(0.2 < fault.at < 5.0 for fault in faults if fault.kind is not FaultKind.CORRUPT_BYTE)
    assert {one.kind for one in mishaps.happened} == {fault.kind for fault in faults}


@pytest.mark.parametrize("seed", range(8))
def test_where_nothing_is_printed_the_first_cut_fails(seed: int) -> None:
    mishaps = Mishaps(seed)
    mishaps.expect(prints=False)
    kinds = [fault.kind for _ in range(2) for fault in mishaps.at_set_up(ROUTER, plate("cut2d"))]
    assert kinds == [FaultKind.HARD_LIMIT]


def test_a_network_that_is_only_executed_in_stays_whole() -> None:
    mishaps = Mishaps(3, breaks=False)
    assert not mishaps.at_set_up(PRINTER, plate("fdm"))
    assert not mishaps.at_set_up(ROUTER, plate("cut2d"))
