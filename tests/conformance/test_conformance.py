"""Every registered driver keeps every clause of the contract, over every link; a driver without a case fails."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.registry import DRIVERS
from tests.conformance.cases import CASES
from tests.conformance.clauses import ON_A_PLAIN_LINK, ON_ANY_LINK, Bench
from tests.conformance.rig import LINKS, RigMachine


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    driver, link = request.param
    machine = RigMachine(tmp_path, CASES[driver].config)
    try:
        with LINKS[link](machine.url) as url:
            threads, files = threading.active_count(), open_files()
            yield Bench(driver, CASES[driver], machine, url)
            assert threading.active_count() <= threads
            assert open_files() <= files
    finally:
        machine.end()


def test_every_driver_has_a_case() -> None:
    assert set(CASES) == set(DRIVERS)


WITH_CLAUSES = [
    *((driver, link, clause) for clause in ON_ANY_LINK for driver in CASES for link in LINKS),
    *((driver, "plain", clause) for clause in ON_A_PLAIN_LINK for driver in CASES),
]


@pytest.mark.parametrize(
    ("bench", "clause"),
    [
        pytest.param((driver, link), clause, id=f"{driver}, {link}: {clause.__name__}")
        for driver, link, clause in WITH_CLAUSES
    ],
    indirect=["bench"],
)
def test_keeps_the_contract(bench: Bench, clause: Callable[[Bench], None]) -> None:
    clause(bench)
