"""Where the order page sends files: signed in by cookie, one file a request."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import JSONResponse

from broker.clock import Clock
from broker.database import Database
from broker.errors import BrokerError
from broker.pages.sessions import Sessions, require_same_origin
from broker.parts.intake import Intake
from broker.parts.service import add_part
from slicer_bridge.errors import UnitUnknown

UPLOAD_PATH = "/uploads"


def router(database: Database, clock: Clock, sessions: Sessions, intake: Intake) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.post(UPLOAD_PATH)
    async def upload(request: Request, file: UploadFile, unit: Annotated[str | None, Form()] = None) -> JSONResponse:
        """Answers `part`, its id; or `detail` and `fix`, and `ask` where saying the unit would do."""
        try:
            require_same_origin(request)
            buyer = await sessions.buyer(request)
            measured = await intake.measure(file.filename or "part", file.file, unit or None)
            async with database.writing() as session:
                part = await add_part(session, buyer.id, measured, clock.now())
        except BrokerError as error:
            asked = "unit" if isinstance(error.__cause__, UnitUnknown) else None
            return JSONResponse({"detail": error.detail, "fix": error.fix, "ask": asked}, status_code=error.status)
        return JSONResponse({"part": part.id}, status_code=201)

    return routes
