"""What a line costs: our drivers beside other hosts, a whole shop, and how soon a fault stops a machine.

`python -m tests.benchmarks.streaming --json FILE [--rounds N]`. Every host streams the same 20,000 tiny moves to the
same responder, in turns; ratios are taken round by round, and their median is told.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.benchmarks import octoprint_host, shop, stopping
from tests.benchmarks.processes import Sample, measured, middle
from tests.benchmarks.rows import Row, show, write
from tests.peers.environments import environment

_HOSTS = "tests.benchmarks.hosts"
_ROOT = Path(__file__).parents[2]

Host = Callable[[], Sample]


def _of(peer: str, module: str, firmware: str) -> Host:
    """A peer's host, run by the interpreter of its own environment."""
    python = str(environment(peer) / "bin" / "python")
    return lambda: measured(firmware, [python, "-m", f"{_HOSTS}.{module}"])


def _ours(firmware: str, which: str = "first") -> Host:
    return lambda: measured(firmware, [sys.executable, "-m", f"{_HOSTS}.ours", firmware, which])


def _naive() -> Sample:
    return measured("marlin", [sys.executable, "-m", f"{_HOSTS}.naive"])


def _rounds(hosts: dict[str, Host], rounds: int) -> dict[str, list[Sample]]:
    samples: dict[str, list[Sample]] = {name: [] for name in hosts}
    for number in range(rounds):
        for name, host in hosts.items():
            Console(stderr=True).print(f"round {number + 1} of {rounds}: {name}", style="dim")
            samples[name].append(host())
    return samples


def _row(case: str, metric: str, peer: str, ours: Sequence[Sample], theirs: Sequence[Sample], goal: str) -> Row:
    def value(sample: Sample) -> float:
        return sample.cpu_per_line_us if metric == "CPU per line" else sample.lines_per_s

    return Row(
        group="stream",
        case=case,
        metric=metric,
        unit="µs" if metric == "CPU per line" else "1/s",
        ours=middle([value(sample) for sample in ours]),
        peer=peer,
        theirs=middle([value(sample) for sample in theirs]),
        ratio=middle([value(one) / value(other) for one, other in zip(ours, theirs, strict=True)]),
        goal=goal,
        cpu_s=sum(sample.cpu_s for sample in ours),
        wall_s=sum(sample.wall_s for sample in ours),
    )


def marlin(rounds: int) -> list[Row]:
    """Raises CalledProcessError, ValueError where a host fails."""
    with octoprint_host.server() as (running, ports):
        hosts: dict[str, Host] = {
            "ours": _ours("marlin"),
            "naive pyserial": _naive,
            "printcore": _of("printrun", "printcore", "marlin"),
            "OctoPrint": lambda: octoprint_host.measured(running, ports),
        }
        samples = _rounds(hosts, rounds)
    case, ours = "Marlin, 20,000 moves", samples["ours"]
    return [
        _row(case, "CPU per line", "printcore", ours, samples["printcore"], "<= 0.4"),
        _row(case, "CPU per line", "OctoPrint", ours, samples["OctoPrint"], "<= 0.25"),
        _row(case, "CPU per line", "naive pyserial", ours, samples["naive pyserial"], "<= 2"),
        _row(case, "lines/s", "printcore", ours, samples["printcore"], ">= 6"),
        _row(case, "lines/s", "OctoPrint", ours, samples["OctoPrint"], ""),
        _row(case, "lines/s", "naive pyserial", ours, samples["naive pyserial"], ""),
    ]


def grbl(rounds: int) -> list[Row]:
    """Raises CalledProcessError, ValueError where a host fails."""
    hosts = {
        "ours": _ours("grbl", "again"),
        "ours, first run": _ours("grbl"),
        "grbl-streamer": _of("grbl-streamer", "grblstreamer", "grbl"),
    }
    samples = _rounds(hosts, rounds)
    case, ours, theirs = "GRBL, counting characters, 20,000 moves", samples["ours"], samples["grbl-streamer"]
    first = "… and checked by the firmware first, as no peer does"
    return [
        _row(first, "CPU per line", "grbl-streamer", samples["ours, first run"], theirs, ""),
        _row(first, "lines/s", "grbl-streamer", samples["ours, first run"], theirs, ""),
        _row(case, "CPU per line", "grbl-streamer", ours, theirs, "<= 0.7"),
        _row(case, "lines/s", "grbl-streamer", ours, theirs, ">= 1.5"),
    ]


def main(
    json: Annotated[Path | None, typer.Option(help="write the rows")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Measure, print a table, write rows."""
    os.environ["PYTHONPATH"] = str(_ROOT)  # for interpreters of other environments
    rows = [*marlin(rounds), *grbl(rounds), *shop.measure(), *stopping.measure()]
    show(rows, "streaming")
    if json is not None:
        write(rows, json)


if __name__ == "__main__":
    typer.run(main)
