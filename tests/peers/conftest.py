from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.octoprint import OctoPrint, octoprint


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OctoPrint]:
    """One OctoPrint for all; whoever uses it leaves it disconnected. It sees ports of any test of this session."""
    everywhere = tmp_path_factory.getbasetemp() / "*" / "printer" / "port"
    with octoprint(tmp_path_factory.mktemp("octoprint") / "base", ports=[str(everywhere)]) as running:
        yield running


@pytest.fixture
def virtual(server: OctoPrint) -> Iterator[OctoPrint]:
    """Connected to its virtual printer."""
    server.connect()
    yield server
    server.disconnect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a machine of the rig keeps its port and its files."""
    made = tmp_path / "printer"
    made.mkdir()
    return made
