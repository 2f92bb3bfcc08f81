"""What two servers of one API answer to the same requests, so that it can be compared."""

from dataclasses import dataclass

import httpx

Json = object
_MISSING = "no such key"


@dataclass(frozen=True)
class Exchange:
    step: str
    status: int
    values: dict[str, Json]
    """What both must agree in, by path: `state.flags.ready`."""
    shape: dict[str, str]
    """Every key of the answer by its path, with the type of what stands there."""


def exchange(step: str, answer: httpx.Response, *paths: str) -> Exchange:
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    told = answer.json() if is_json else None
    return Exchange(step, answer.status_code, {path: _at(told, path) for path in paths}, _shape(told))


def _at(told: Json, path: str) -> Json:
    for key in path.split("."):
        told = told.get(key, _MISSING) if isinstance(told, dict) else _MISSING
    return told


def _shape(told: Json, path: str = "") -> dict[str, str]:
    if isinstance(told, dict):
        inner = [_shape(value, f"{path}.{key}" if path else key) for key, value in told.items()]
    elif isinstance(told, list):
        inner = [_shape(value, f"{path}[]") for value in told]
    else:
        # A number is a number, and nothing may stand where something could.
        return {path: "number" if isinstance(told, int | float) and not isinstance(told, bool) else type(told).__name__}
    return {key: kind for found in inner for key, kind in found.items()} | {path: type(told).__name__}


def differences(real: list[Exchange], simulated: list[Exchange]) -> list[str]:
    """Where the simulated server says something else, or something that the real one doesn't."""
    assert [one.step for one in real] == [one.step for one in simulated]
    found = []
    for theirs, ours in zip(real, simulated, strict=True):
        if theirs.status != ours.status:
            found.append(f"{ours.step}: HTTP {ours.status}, really {theirs.status}")
        found += [
            f"{ours.step}: {path} is {value!r}, really {theirs.values[path]!r}"
            for path, value in ours.values.items()
            if value != theirs.values[path]
        ]
        found += [
            f"{ours.step}: {path or 'the answer'} is {kind}, really {theirs.shape.get(path, 'missing')}"
            for path, kind in ours.shape.items()
            if theirs.shape.get(path) not in (kind, "NoneType") and kind != "NoneType"
        ]
    return found
