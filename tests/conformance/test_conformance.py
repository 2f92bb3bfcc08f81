"""Every registered driver keeps every clause of the contract, over every link; a driver without a case fails."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.registry import DRIVERS
from tests.conformance.bench import Bench
from tests.conformance.broken_cables import OF_CABLES
from tests.conformance.by_hand import BY_HAND
from tests.conformance.by_hand import CLAUSES as CLAUSES_BY_HAND
from tests.conformance.cases import CASES
from tests.conformance.clauses import ON_A_LOSSY_LINK, ON_A_PLAIN_LINK, ON_A_SERIAL_LINK, ON_ANY_LINK
from tests.conformance.links import LINKS, plain
from tests.conformance.rig import RigMachine
from tests.waiting import eventually

Clause = Callable[[Bench], None]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No thread and no open file more than before."""
    threads, files = threading.active_count(), open_files()
    yield
    eventually(lambda: threading.active_count() <= threads and open_files() <= files)


@pytest.fixture
def bench(tmp_path: Path, nothing_left: None, request: pytest.FixtureRequest) -> Iterator[Bench]:
    driver, link = request.param
    config = CASES[driver].config
    machine = RigMachine(tmp_path, {**config, "link": "tcp"} if link == "tcp" else config)
    try:
        with LINKS.get(link, plain)(machine.url) as url:
            yield Bench(driver, CASES[driver], machine, url, link)
    finally:
        machine.end()


def clauses(driver: str, link: str) -> Iterator[Clause]:
    if link == "lossy":
        yield from ON_A_LOSSY_LINK
        return
    yield from ON_ANY_LINK
    if link == "plain":
        yield from (*ON_A_PLAIN_LINK, *OF_CABLES)
        if CASES[driver].exclusive:
            yield from ON_A_SERIAL_LINK


def test_every_driver_has_a_case() -> None:
    assert {*CASES, BY_HAND} == set(DRIVERS)


@pytest.mark.parametrize(
    ("bench", "clause"),
    [
        pytest.param((driver, link), clause, id=f"{driver}, {link}: {clause.__name__}")
        for driver, case in CASES.items()
        for link in case.links
        for clause in clauses(driver, link)
    ],
    indirect=["bench"],
)
def test_keeps_the_contract(bench: Bench, clause: Clause) -> None:
    clause(bench)


@pytest.mark.parametrize("clause", CLAUSES_BY_HAND, ids=lambda clause: clause.__name__)
def test_a_machine_without_a_link_keeps_it_too(nothing_left: None, clause: Callable[[], None]) -> None:
    clause()
