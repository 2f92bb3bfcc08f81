"""JSON-RPC 2.0 as Moonraker speaks it: its error codes, and one answer to each request with an id.

Source: moonraker/common.py, class JsonRPC: 404 becomes -32601, 401 becomes -32602, all else keeps its HTTP status.
"""

import json

from hardware_sim.hosts.moonraker.callers import Call, ServerError
from hardware_sim.hosts.moonraker.connection import Connection
from hardware_sim.hosts.moonraker.methods import Methods
from hardware_sim.hosts.web import Json

RENAMED = {404: -32601, 401: -32602}


async def answer(methods: Methods, text: str, connection: Connection) -> Json | None:
    """None where nothing is to be answered."""
    try:
        request = json.loads(text)
    except ValueError:
        return _error(None, -32700, "Parse error")
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
        return _error(None, -32600, "Invalid Request")
    if "method" not in request:
        return None
    return await _result(methods, request, connection)


async def _result(methods: Methods, request: Json, connection: Connection) -> Json | None:
    number, method, params = request.get("id"), request["method"], request.get("params", {})
    if not isinstance(method, str) or method not in methods.table:
        return _error(number, -32601, "Method not found")
    if not isinstance(params, dict):
        return _error(number, -32602, "Invalid params:")
    try:
        result = await methods.call(Call(method, params, connection), connection.admitted)
    except ServerError as error:
        return _error(number, RENAMED.get(error.code, error.code), str(error))
    return None if number is None else {"jsonrpc": "2.0", "result": result, "id": number}


def _error(number: object, code: int, message: str) -> Json:
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message}, "id": number}
