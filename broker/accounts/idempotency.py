"""A write that is repeated with its Idempotency-Key gets the answer of the first time, and does nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts import repository
from broker.accounts.models import Idempotency
from broker.errors import Conflict, Unprocessable

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, description="Any text, new for each write"),
]


@dataclass(frozen=True, slots=True)
class Write:
    """One write as asked for; `key` None may be done twice."""

    account_id: str
    key: str | None
    request_sha256: str


def write_of(account_id: str, key: str | None, *parts: str | bytes) -> Write:
    """`parts` are all that makes the request what it is: path, body, hash of a file."""
    digest = hashlib.sha256()
    for part in parts:
        text = part.encode() if isinstance(part, str) else part
        digest.update(len(text).to_bytes(8, "big") + text)
    return Write(account_id, key, digest.hexdigest())


async def earlier_answer(session: AsyncSession, write: Write) -> Response | None:
    """What was answered the first time; None if this is it. Raises Unprocessable for a key of another request."""
    if write.key is None:
        return None
    known = await repository.answer_to(session, write.account_id, write.key)
    if known is None:
        return None
    if known.request_sha256 != write.request_sha256:
        raise Unprocessable(
            "this Idempotency-Key belongs to another request", where="Idempotency-Key", fix="make a new key"
        )
    return _json(known.status, known.answer)


async def answer(session: AsyncSession, write: Write, status: int, body: BaseModel, now: datetime) -> Response:
    """Keep the answer in the transaction of the write itself. Raises Conflict if a twin was quicker."""
    text = body.model_dump_json()
    if write.key is not None:
        session.add(
            Idempotency(
                account_id=write.account_id,
                key=write.key,
                request_sha256=write.request_sha256,
                status=status,
                answer=text,
                created_at=now,
            )
        )
        try:
            await session.flush()
        except IntegrityError as error:
            raise Conflict("the same request is under way", where="Idempotency-Key", fix="send it again") from error
    return _json(status, text)


def _json(status: int, text: str) -> Response:
    return Response(text, status_code=status, media_type="application/json")
