"""Simulated firmware as pure cores, without a process around it: booted, and talked to by hand."""

from hardware_sim.faults import Fault, Mishaps
from hardware_sim.firmware.config import PrinterConfig, RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin

BOOTED_S = 1.0


def booted_marlin(*faults: Fault, config: PrinterConfig | None = None, speed: float = 1.0) -> Marlin:
    """Up, its banner read, at the time `BOOTED_S`."""
    machine = Marlin(config or PrinterConfig(), Mishaps(list(faults)), speed=speed, boot_s=0.3, idle_s=1.0)
    machine.reset(0.0, "port opened")
    assert machine.advance(BOOTED_S).startswith(b"start\n")
    return machine


def booted_grbl(*faults: Fault, config: RouterConfig | None = None, speed: float = 1.0) -> Grbl:
    """Up, its banner read, at the time `BOOTED_S`."""
    machine = Grbl(config or RouterConfig(), Mishaps(list(faults)), speed=speed, boot_s=0.3, idle_s=1.0)
    machine.reset(0.0, "port opened")
    assert b"Grbl" in machine.advance(BOOTED_S)
    return machine


def answer(machine: Marlin | Grbl, line: str, limit_s: float = 3600.0) -> bytes:
    """Send one line and let time go on until it is acknowledged, refused, or nothing can come any more."""
    out = machine.receive(line.encode("latin-1") + b"\n", machine.now)
    end = machine.now + limit_s
    while not any(word in out for word in (b"ok", b"error:", b"ALARM:", b"Error:")):
        at = machine.next_event()
        if at > end:
            return out
        out += machine.advance(at)
    return out


def run(machine: Marlin | Grbl, program: str) -> bytes:
    """Send a program line by line, each once the one before it is answered; stops where the machine does."""
    out = b""
    for line in program.splitlines():
        out += answer(machine, line.strip())
        if b"ALARM:" in out or b"Error:" in out:
            break
    return out


def heated(*faults: Fault, speed: float = 1.0) -> Marlin:
    """Homed, at 210 °C, with relative extrusion."""
    machine = booted_marlin(*faults, speed=speed)
    run(machine, "G28\nM109 S210\nG90\nM83\nG1 Z0.2 F600")
    return machine
