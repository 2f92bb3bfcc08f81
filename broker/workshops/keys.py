"""Ed25519: agents sign, the broker only checks."""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from broker.errors import BadRequest

_KEY_BYTES = 32
_KEYS_KEPT = 20_000
"""Parsing takes as long as checking a signature, and an agent signs with one key for years."""


def require_public_key(text: str) -> None:
    """Raises BadRequest unless `text` is base64 of 32 bytes that are a key."""
    try:
        raw = base64.b64decode(text, validate=True)
        if len(raw) != _KEY_BYTES:
            raise ValueError(f"{len(raw)} bytes")
        Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise BadRequest(
            f"the public key is no Ed25519 key: {error}",
            where="public_key",
            fix="send base64 of the 32 raw bytes",
        ) from error


def is_signed(public_key: str, text: str, signature: str) -> bool:
    """Whether `signature` (base64) is the key's own over `text` in UTF-8."""
    try:
        raw = base64.b64decode(signature, validate=True)
        _parsed(public_key).verify(raw, text.encode())
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=_KEYS_KEPT)
def _parsed(public_key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
