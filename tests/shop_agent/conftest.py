import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="la"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
