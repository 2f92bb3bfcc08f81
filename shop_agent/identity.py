"""Who this agent is: an Ed25519 key that never leaves the computer, and the name its broker gave it."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import BaseModel, ValidationError

from broker.wire.shop import Enrolled, Enrolment
from shop_agent.errors import BadConfig, EnrolmentFailed, NotEnrolled
from shop_agent.journal_file import sync
from shop_agent.settings import AgentConfig, is_local, require_safe_link

KEY_FILE = "agent.key"
IDENTITY_FILE = "identity.json"
_TIMEOUT_S = 20.0


class Identity(BaseModel, frozen=True):
    agent: str
    workshop: str
    broker: str


@dataclass(slots=True)
class Signer:
    """`key` may be followed by another: see `shop_agent.rotation`."""

    identity: Identity
    key: Ed25519PrivateKey

    def sign(self, text: str) -> str:
        """Base64 of the signature over the text in UTF-8."""
        return signature(self.key, text)


def signature(key: Ed25519PrivateKey, text: str) -> str:
    """Base64 of the signature over the text in UTF-8."""
    return base64.b64encode(key.sign(text.encode())).decode()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(fresh, path)


def replace_durably(fresh: Path, path: Path) -> None:
    """`fresh` takes the name `path`, and a power cut doesn't take it back."""
    fresh.replace(path)
    sync(path.parent)


def own_key(data: Path) -> Ed25519PrivateKey:
    """The agent's key, made if there is none. Raises BadConfig for a file that holds no such key."""
    path = data / KEY_FILE
    return read_key(path) if path.exists() else make_key(path)


def make_key(path: Path) -> Ed25519PrivateKey:
    """A new one, in this file."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(path, pem.decode())
    return key


def read_key(path: Path) -> Ed25519PrivateKey:
    """Raises BadConfig for a file that holds no such key."""
    try:
        loaded = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadConfig(f"{path} holds no key ({error}): move it away and enrol again") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise BadConfig(f"{path} holds no Ed25519 key: move it away and enrol again")
    return loaded


def public_text(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def enrol(config: AgentConfig, broker: str, code: str, *, again: bool) -> Identity:
    """Raises EnrolmentFailed with the broker's reason, BadConfig; nothing is left half-made."""
    path = config.data / IDENTITY_FILE
    if path.exists() and not again:
        raise EnrolmentFailed(f"{path}: enrolled already; give --again to enrol anew")
    try:
        require_safe_link(broker)
    except ValueError as error:
        raise BadConfig(str(error)) from error
    key = own_key(config.data)
    body = Enrolment(code=code, public_key=public_text(key)).model_dump()
    try:
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=not is_local(broker)) as client:
            answer = client.post(f"{broker.rstrip('/')}/api/v1/agents/enroll", json=body)
    except httpx.HTTPError as error:
        raise EnrolmentFailed(f"{broker} does not answer: {error}") from error
    if answer.status_code != httpx.codes.CREATED:
        raise EnrolmentFailed(refusal(answer))
    try:
        enrolled = Enrolled.model_validate_json(answer.content)
    except ValidationError as error:
        raise EnrolmentFailed(f"{broker} is no broker of this version") from error
    identity = Identity(agent=enrolled.agent, workshop=enrolled.workshop, broker=broker)
    write_private(path, identity.model_dump_json(indent=2))
    return identity


class _Problem(BaseModel):
    detail: str = ""
    fix: str | None = None


def refusal(answer: httpx.Response) -> str:
    """The broker's reason, in words."""
    try:
        problem = _Problem.model_validate_json(answer.content)
    except ValidationError:
        problem = _Problem()
    detail = problem.detail or f"HTTP {answer.status_code}"
    return f"the broker refused: {detail}" + (f" ({problem.fix})" if problem.fix else "")


def load_signer(config: AgentConfig) -> Signer:
    """Raises NotEnrolled, BadConfig."""
    path = config.data / IDENTITY_FILE
    if not path.exists() or not (config.data / KEY_FILE).exists():
        raise NotEnrolled(f"{config.data} holds no identity: run `llagar-agent enroll --config … --broker … --code …`")
    try:
        identity = Identity.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadConfig(f"{path} is damaged: enrol again") from error
    return Signer(identity, own_key(config.data))
