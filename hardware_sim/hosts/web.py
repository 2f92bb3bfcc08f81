"""What the simulated hosts' web interfaces share: bodies read with errors of the caller's making named as such."""

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request

Json = dict[str, object]


async def json_object(request: Request) -> Json:
    """The body as a JSON object. Raises HTTPException 400."""
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise HTTPException(400, "Malformed JSON body in request") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "Expected a JSON object")
    return body
