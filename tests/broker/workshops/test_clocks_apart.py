"""A workshop's computer whose clock is off gets its files all the same: the broker's answers say what time it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.wire.shop import Enrolled
from broker.workshops.service import invite
from shop_agent.errors import StagingFailed
from shop_agent.identity import Identity, Signer
from shop_agent.staging.fetch import Fetcher
from tests.broker.conftest import HandClock, Town
from tests.broker.runs.agent import Key, enrol

_NO_BLOB = "0" * 64


@pytest.fixture
def clock() -> HandClock:
    """The time that the server's answers are dated with."""
    clock = HandClock()
    clock.forward(seconds=(datetime.now(UTC) - clock.now()).total_seconds())
    return clock


async def _refusal(town: Town, folder: Path, off: timedelta, key: Key, signs_with: Key) -> str:
    async with town.database.writing() as session:
        code = await invite(session, "Taller Nuevo", town.clock.now())
    enrolled = Enrolled.model_validate_json((await enrol(town.url, code, key)).content)
    identity = Identity(agent=enrolled.agent, workshop="Taller Nuevo", broker=town.url)
    blobs = Fetcher(town.url, Signer(identity, signs_with.private), folder, lambda: datetime.now(UTC) + off)
    with pytest.raises(StagingFailed) as refused:
        await blobs.fetch(_NO_BLOB)
    return str(refused.value)


@pytest.mark.parametrize("off", [timedelta(0), timedelta(days=-1), timedelta(days=1)])
async def test_the_brokers_time_is_taken(
    town: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture, off: timedelta
) -> None:
    key = Key(Ed25519PrivateKey.generate())
    assert "HTTP 404" in await _refusal(town, tmp_path, off, key, key), "it knows who asks"
    assert ("set it (NTP)" in caplog.text) == bool(off)


async def test_another_key_is_refused_at_any_time(town: Town, tmp_path: Path) -> None:
    key, other = Key(Ed25519PrivateKey.generate()), Key(Ed25519PrivateKey.generate())
    assert "HTTP 401" in await _refusal(town, tmp_path, timedelta(days=1), key, other)
