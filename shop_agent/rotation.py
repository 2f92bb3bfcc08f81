"""The agent's key is followed by another: made, registered with the broker by the old one's word, then taken up.

Each step is durable before the next and may be repeated: `rotate` goes on where it was killed. The old key is kept
beside for as long as the broker takes what it has signed; with it the new key is registered again where a broker that
was restored from a backup has forgotten it.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.wire.shop import NextKey
from broker.wire.signing import key_text
from shop_agent.errors import RotationFailed
from shop_agent.identity import (
    KEY_FILE,
    Signer,
    make_key,
    public_text,
    read_key,
    refusal,
    replace_durably,
    signature,
    write_private,
)
from shop_agent.settings import is_local

NEXT_FILE = "agent.key.next"
FORMER_FILE = "agent.key.former"
FORMER_LIFE_S = 30 * 24 * 3600.0
_TIMEOUT_S = 20.0


def rotate(data: Path, signer: Signer, at: datetime) -> None:
    """Raises RotationFailed with the broker's reason, BadConfig; may be called again then."""
    following = data / NEXT_FILE
    fresh = read_key(following) if following.exists() else make_key(following)
    register(signer, signer.key, fresh, at)
    take_up(data)


def take_up(data: Path) -> None:
    """The registered key becomes the one that signs."""
    write_private(data / FORMER_FILE, (data / KEY_FILE).read_text(encoding="utf-8"))
    replace_durably(data / NEXT_FILE, data / KEY_FILE)


def register(signer: Signer, old: Ed25519PrivateKey, new: Ed25519PrivateKey, at: datetime) -> None:
    """Raises RotationFailed."""
    broker, agent = signer.identity.broker, signer.identity.agent
    time_, public = at.astimezone(UTC).isoformat(), public_text(new)
    text = key_text(agent, time_, public)
    body = NextKey(
        agent=agent, time=time_, public_key=public, signature=signature(old, text), possession=signature(new, text)
    )
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=not is_local(broker)) as client:
            answer = client.post(f"{broker.rstrip('/')}/api/v1/agents/keys", json=body.model_dump())
    except httpx.HTTPError as error:
        raise RotationFailed(f"{broker} does not answer: {error}; call it again") from error
    if answer.status_code != httpx.codes.NO_CONTENT:
        raise RotationFailed(refusal(answer))


class KeyRing:
    """The running agent's view of its keys' files."""

    def __init__(self, data: Path, signer: Signer) -> None:
        self._data = data
        self._signer = signer
        self._seen_ns = self._written_ns()

    def followed(self) -> bool:
        """Whether another key has been taken up since; then it signs from now on. Raises BadConfig."""
        written_ns = self._written_ns()
        if written_ns == self._seen_ns:
            return False
        self._seen_ns = written_ns
        self._signer.key = read_key(self._data / KEY_FILE)
        return True

    def register_again(self, at: datetime) -> None:
        """The broker doesn't know the key that signs: the one before vouches for it. Raises RotationFailed."""
        former = self._data / FORMER_FILE
        if not former.exists():
            raise RotationFailed("there is no earlier key that could vouch for this one")
        register(self._signer, read_key(former), self._signer.key, at)

    def forget_former(self) -> None:
        """Once nobody takes any more what it has signed."""
        former = self._data / FORMER_FILE
        if former.exists() and time.time() - former.stat().st_mtime > FORMER_LIFE_S:
            former.unlink()

    def _written_ns(self) -> int:
        path = self._data / KEY_FILE
        return path.stat().st_mtime_ns if path.exists() else 0
