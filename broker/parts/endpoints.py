import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response, UploadFile

from broker.accounts.authenticator import Authenticator
from broker.accounts.idempotency import IdempotencyKey, answer, earlier_answer, write_of
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.parts.blobs import BlobStore
from broker.parts.intake import Intake
from broker.parts.pictures import picture
from broker.parts.service import add_part, part_of, part_view
from broker.wire.rest import PartView, Problem

_SVG = "image/svg+xml"
_REFUSALS: dict[int | str, dict[str, object]] = {status: {"model": Problem} for status in (401, 413, 422)}


def router(
    database: Database, clock: Clock, authenticator: Authenticator, intake: Intake, blobs: BlobStore
) -> APIRouter:
    routes = APIRouter(prefix="/parts", tags=["parts"])

    @routes.post("", status_code=201, response_model=PartView, responses=_REFUSALS)
    async def upload(
        caller: Annotated[Caller, Depends(authenticator)],
        file: UploadFile,
        unit: Annotated[str | None, Form(description="mm, cm, m, inch, px or pt; overrides what the file says")] = None,
        key: IdempotencyKey = None,
    ) -> Response:
        """Upload one STL, 3MF, OBJ, STEP, DXF or SVG; it is measured before the answer."""
        measured = await intake.measure(file.filename or "part", file.file, unit or None)
        write = write_of(caller.id, key, "parts", measured.name, unit or "", measured.facts.source_sha256)
        async with database.writing() as session:
            earlier = await earlier_answer(session, write)
            if earlier is not None:
                return earlier
            now = clock.now()
            row = await add_part(session, caller.id, measured, now)
            return await answer(session, write, 201, part_view(row), now)

    @routes.get("/{part_id}")
    async def show(caller: Annotated[Caller, Depends(authenticator)], part_id: str) -> PartView:
        async with database.reading() as session:
            return part_view(await part_of(session, caller, part_id))

    @routes.get("/{part_id}/thumbnail", response_class=Response, responses={200: {"content": {_SVG: {}}}})
    async def thumbnail(caller: Annotated[Caller, Depends(authenticator)], part_id: str) -> Response:
        """A small picture, the same for ever."""
        async with database.reading() as session:
            row = await part_of(session, caller, part_id)
        text = await asyncio.to_thread(picture, row, blobs)
        return Response(text, media_type=_SVG, headers={"Cache-Control": "private, max-age=31536000, immutable"})

    return routes
