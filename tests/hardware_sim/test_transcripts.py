"""The firmware's side of `tests/transcripts`: what it is sent goes in, what it says must be there byte for byte."""

import json
from pathlib import Path

import pytest

from hardware_sim.firmware.config import FaultConfig, PrinterConfig, RouterConfig
from hardware_sim.firmware.control import Bench
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from tests.hardware_sim.cores import BOOTED_S, booted_grbl, booted_marlin

FOLDER = Path(__file__).parent.parent / "transcripts"
NAMES = sorted(path.stem for firmware in ("grbl", "marlin") for path in FOLDER.glob(f"{firmware}_*.txt"))


def _header(lines: list[str], key: str, default: str) -> str:
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(f"# {key}:")), default)


def _machine(name: str, lines: list[str]) -> tuple[Marlin | Grbl, float]:
    settings = json.loads(_header(lines, "settings", "{}"))
    machine: Marlin | Grbl
    if name.startswith("marlin"):
        machine = booted_marlin(config=PrinterConfig.model_validate(settings))
    else:
        machine = booted_grbl(config=RouterConfig.model_validate(settings))
    if _header(lines, "begins", "booted") == "opened":
        machine.reset(BOOTED_S, "port opened")
    return machine, BOOTED_S


def _unescaped(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def _step(machine: Marlin | Grbl, mark: str, text: str, now: float) -> tuple[bytes, float]:
    match mark:
        case ">":
            return machine.receive(_unescaped(text), now), now
        case "@":
            return machine.advance(now + float(text)), now + float(text)
        case _:
            order = json.loads(text)
            if "command" in order:
                reply, out = Bench(machine).answer(text.encode(), now)
                assert json.loads(reply)["ok"], reply
                return out, now
            return machine.inject(FaultConfig.model_validate(order).fault(), now), now


@pytest.mark.parametrize("name", NAMES)
def test_firmware_says_what_the_transcript_holds(name: str) -> None:
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    machine, now = _machine(name, lines)
    said, wanted, where = b"", b"", "its beginning"
    for line in lines:
        mark, _, text = line.partition(" ")
        if mark == "<":
            wanted += _unescaped(text)
        elif mark in (">", "@", "!"):
            assert said == wanted, f"after {where}"
            (said, now), wanted, where = _step(machine, mark, text, now), b"", line
    assert said == wanted, f"after {where}"
