"""Blobs from the broker: verified when they come, and again whenever they are used."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shop_agent.errors import StagingFailed
from shop_agent.identity import Identity, Signer, own_key, public_text
from shop_agent.staging.fetch import BrokerUnreachable, Fetcher
from tests.shop_agent.fake_broker import FakeBroker


def fetcher(broker: FakeBroker, folder: Path) -> Fetcher:
    identity = Identity(agent=broker.agent, workshop="Nava", broker=broker.url)
    return Fetcher(broker.url, Signer(identity, own_key(folder)), folder / "blobs", lambda: datetime.now(UTC))


async def test_what_was_fetched_is_used_again_unless_it_is_damaged(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path))) as broker:
        sha256 = broker.add_blob(b"solid cube")
        blobs = fetcher(broker, tmp_path)
        path = await blobs.fetch(sha256)
        linked = path.with_suffix(".stl")
        linked.hardlink_to(path)
        broker.blobs.clear()
        assert await blobs.fetch(sha256) == path
        path.write_bytes(b"solid cubf")
        with pytest.raises(StagingFailed, match="HTTP 404"):
            await blobs.fetch(sha256)
        assert list(path.parent.iterdir()) == []
        broker.add_blob(b"solid cube")
        assert (await blobs.fetch(sha256)).read_bytes() == b"solid cube"


async def test_other_bytes_than_asked_for_are_refused(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path))) as broker:
        sha256 = broker.add_blob(b"solid cube")
        broker.blobs[sha256] = b"solid cubf"
        blobs = fetcher(broker, tmp_path)
        with pytest.raises(StagingFailed, match="came with other bytes"):
            await blobs.fetch(sha256)
        assert list((tmp_path / "blobs").iterdir()) == []


async def test_a_broker_whose_clock_moves_meanwhile_is_asked_again_later(tmp_path: Path) -> None:
    async with FakeBroker(public_text(own_key(tmp_path))) as broker:
        sha256 = broker.add_blob(b"solid cube")
        now, day = datetime.now(UTC), timedelta(days=1)
        broker.refusal_dates = [now + day, now - day]
        blobs = fetcher(broker, tmp_path)
        with pytest.raises(BrokerUnreachable, match="the broker's clock stood at"):
            await blobs.fetch(sha256)
        assert list((tmp_path / "blobs").iterdir()) == []
        assert (await blobs.fetch(sha256)).read_bytes() == b"solid cube"
