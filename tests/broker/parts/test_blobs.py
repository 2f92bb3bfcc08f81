import hashlib
import io
from pathlib import Path

import pytest

from broker.errors import NotFound
from broker.parts.blobs import BlobStore


def test_content_is_found_by_its_hash_and_kept_once(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    sha256 = store.put(io.BytesIO(b"cider"))
    assert sha256 == hashlib.sha256(b"cider").hexdigest() == store.put(io.BytesIO(b"cider"))
    with store.open(sha256) as file:
        assert file.read() == b"cider"
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [store.path(sha256)]


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if data := super().read(3):
            return data
        raise OSError("the disk went away")


def test_a_reader_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    with pytest.raises(OSError, match="went away"):
        store.put(_Broken(b"half a file"))
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("sha256", ["0" * 64, "../../etc/passwd", ""])
def test_what_is_not_here_is_not_found(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(NotFound):
        BlobStore(tmp_path).path(sha256)
