"""`rig.toml`: who is in it, and what is said of one that can't be used."""

import pytest

from hardware_sim.firmware.config import FaultConfig, Kind
from hardware_sim.rig.errors import BadRigFile
from hardware_sim.rig.plan import Plan
from hardware_sim.rig.rig_file import plan_of

PRINTER = '[[machines]]\nname = "p"\nfirmware = "marlin"\n'


def plan(text: str, seed: int | None = None, speed: float | None = None) -> Plan:
    return plan_of(text, "rig.toml", seed, speed)


def faults(of: Plan) -> list[tuple[FaultConfig, ...]]:
    return [machine.config.faults for machine in of.machines]


def test_machines_and_shops_are_counted_out() -> None:
    text = """
speed = 60
[[machines]]
name = "alone"
firmware = "grbl"
speed = 5
[[shops]]
name = "nava"
[[shops.machines]]
name = "printer"
firmware = "marlin"
count = 2
printer = { advanced_ok = true }
[[shops]]
name = "taller"
count = 2
[[shops.machines]]
name = "router"
firmware = "grbl"
"""
    made = plan(text)
    assert [(one.shop, one.name) for one in made.machines] == [
        ("", "alone"),
        ("nava", "printer-1"),
        ("nava", "printer-2"),
        ("taller-1", "taller-1-router"),
        ("taller-2", "taller-2-router"),
    ]
    assert [one.config.speed for one in made.machines] == [5, 60, 60, 60, 60]
    assert [one.config.printer.advanced_ok for one in made.machines] == [False, True, True, False, False]
    assert [one.config.speed for one in plan(text, speed=7).machines] == [5, 7, 7, 7, 7]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "rig.toml: colour: there is no such key"),
        (PRINTER + 'link = "http"', 'rig.toml: machines.0 ("p"): `host` is needed with `link` http'),
        (PRINTER + "colour = 1", 'rig.toml: machines.0.colour ("p"): there is no such key'),
        (PRINTER + "printer = { colour = 1 }", 'machines.0.printer.colour ("p"): there is no such key'),
        (PRINTER + 'faults = [{ kind = "earthquake" }]', "machines.0.faults.0.kind"),
        (PRINTER + 'port = "/dev/ttyUSB0"', "machines.0.port"),
        (PRINTER + "count = 0", "rig.toml: machines.0.count"),
        (PRINTER + PRINTER, "rig.toml: machines are named twice: p"),
        ('[[machines]]\nname = "p"', 'machines.0.firmware ("p"): is missing'),
        ('[[machines]]\nname = "../p"\nfirmware = "grbl"', "machines.0.name"),
        ('[[shops]]\nname = "s"\nmachines = []', "shops.0.machines"),
        ("", "rig.toml: has no machines"),
        ("[[", "rig.toml: no TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(text: str, said: str) -> None:
    with pytest.raises(BadRigFile) as caught:
        plan(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("rig.toml: ")


def test_a_seed_gives_a_machine_its_faults_whoever_stands_beside_it() -> None:
    text = PRINTER + "random = 8\n"
    (alone,) = faults(plan(text, seed=3))
    assert len(alone) == 8
    assert faults(plan(text, seed=3)) == [alone]
    assert faults(plan(text, seed=4)) != [alone]
    more = text + '[[machines]]\nname = "q"\nfirmware = "marlin"\nrandom = 8\n'
    first, second = faults(plan(more, seed=3))
    assert first == alone
    assert second != alone


def test_drawn_faults_come_beside_written_ones_and_never_by_the_clock() -> None:
    (made,) = faults(plan(PRINTER + 'random = 50\nfaults = [{ kind = "hang", after = "seconds", at = 5 }]\n'))
    assert len(made) == 51
    assert made[0].at == 5
    assert {fault.fault().after for fault in made[1:]} == {"moves", "line"}


def test_a_machine_goes_with_its_firmware() -> None:
    assert plan(PRINTER).machines[0].config.firmware is Kind.MARLIN
