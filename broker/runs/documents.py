"""What an agent fetches by hash: plates that it was offered, and the parts that lie on them. Nothing else."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, Response

from broker.database import Database
from broker.errors import NotFound
from broker.parts.blobs import BlobStore
from broker.runs import repository
from broker.runs.models import PlateRow
from broker.wire.plates import Plate
from broker.workshops.models import Agent
from broker.workshops.signed_requests import SignedGet

_BYTES = "application/octet-stream"


def router(database: Database, signed_get: SignedGet, blobs: BlobStore) -> APIRouter:
    routes = APIRouter(tags=["agents"])

    @routes.get("/agents/blobs/{sha256}", response_class=Response)
    async def blob(agent: Annotated[Agent, Depends(signed_get)], sha256: str) -> Response:
        """A plate's document or a part's normalised file; 404 for what this workshop has no business with."""
        async with database.reading() as session:
            plates = await repository.offered_documents(session, agent.workshop_id)
        for plate in plates:
            if plate.sha256 == sha256:
                assert hashlib.sha256(plate.document.encode()).hexdigest() == sha256
                return Response(plate.document, media_type="application/json")
        if any(_holds(plate, sha256) for plate in plates):
            return FileResponse(blobs.path(sha256), media_type=_BYTES)
        raise NotFound(f"no plate of this workshop needs {sha256!r}", where="sha256")

    return routes


def _holds(plate: PlateRow, sha256: str) -> bool:
    return any(part.part_sha256 == sha256 for part in Plate.model_validate_json(plate.document).parts)
