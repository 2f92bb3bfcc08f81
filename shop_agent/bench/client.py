"""The bench's HTTP client, for the terminal."""

import ssl
from pathlib import Path

import httpx
from pydantic import TypeAdapter, ValidationError

from shop_agent.bench import schemas
from shop_agent.bench.api import ADDRESS_FILE
from shop_agent.errors import AgentError, Refused
from shop_agent.state.records import Mode

_TASKS: TypeAdapter[list[schemas.TaskView]] = TypeAdapter(list[schemas.TaskView])
_SPOOLS: TypeAdapter[list[schemas.SpoolView]] = TypeAdapter(list[schemas.SpoolView])
_RUNS: TypeAdapter[list[schemas.CountedRun]] = TypeAdapter(list[schemas.CountedRun])
_MACHINES: TypeAdapter[list[schemas.MachineView]] = TypeAdapter(list[schemas.MachineView])
ANSWERS: TypeAdapter[schemas.Answer] = TypeAdapter(schemas.Answer)
_TIMEOUT_S = 360.0
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody."""


class NoBench(AgentError):
    """No agent runs here."""


class BenchClient:
    def __init__(self, data: Path) -> None:
        """Raises NoBench."""
        path = data / ADDRESS_FILE
        try:
            address = schemas.Address.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise NoBench(f"{path} can't be read: start the agent with `llagar-agent run`") from error
        headers = {"Authorization": f"Bearer {address.token}"}
        # The bench is plain HTTP on loopback: reading the certificates of the world would take longer than the answer.
        self._http = httpx.Client(
            base_url=address.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False, verify=_NO_TLS
        )

    def tasks(self) -> list[schemas.TaskView]:
        return _TASKS.validate_json(self._send("GET", "/tasks"))

    def machines(self) -> list[schemas.MachineView]:
        return _MACHINES.validate_json(self._send("GET", "/machines"))

    def answer(self, task: str, answer: schemas.Answer) -> schemas.Taken:
        """Raises Refused with the reason; the task still waits then."""
        return schemas.Taken.model_validate_json(self._send("POST", f"/tasks/{task}", answer.model_dump_json()))

    def act(self, machine: str, verb: str, body: schemas.Schema) -> bytes:
        """Raises Refused."""
        return self._send("POST", f"/machines/{machine}/{verb}", body.model_dump_json())

    def shop(self) -> schemas.ShopView:
        return schemas.ShopView.model_validate_json(self._send("GET", "/shop"))

    def all_modes(self, mode: Mode) -> list[schemas.MachineView]:
        """Of every machine."""
        change = schemas.ModeChange(mode=mode)
        return _MACHINES.validate_json(self._send("POST", "/mode", change.model_dump_json()))

    def spools(self) -> list[schemas.SpoolView]:
        return _SPOOLS.validate_json(self._send("GET", "/spools"))

    def put_spool(self, spool: schemas.SpoolNow) -> schemas.SpoolView:
        """Raises Refused."""
        return schemas.SpoolView.model_validate_json(self._send("POST", "/spools", spool.model_dump_json()))

    def put_spool_away(self, spool: str) -> None:
        """Raises Refused."""
        self._send("POST", "/spools/away", schemas.SpoolOut(id=spool).model_dump_json())

    def runs(self) -> list[schemas.CountedRun]:
        return _RUNS.validate_json(self._send("GET", "/runs"))

    def correct(self, run: str, correction: schemas.Correction) -> schemas.CountedRun:
        """Raises Refused."""
        answer = self._send("POST", f"/runs/{run}/correct", correction.model_dump_json())
        return schemas.CountedRun.model_validate_json(answer)

    def program(self, machine: str) -> bytes:
        """What it runs, or is to run next. Raises Refused."""
        return self._send("GET", f"/machines/{machine}/program")

    def _send(self, method: str, path: str, body: str | None = None) -> bytes:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            answer = self._http.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise NoBench(f"the agent does not answer at {self._http.base_url}: {error}") from error
        if answer.is_success:
            return answer.content
        try:
            problem = schemas.Problem.model_validate_json(answer.content)
        except ValidationError as error:
            raise NoBench(f"{self._http.base_url} is no bench: HTTP {answer.status_code}") from error
        raise Refused(problem.detail)

    def close(self) -> None:
        self._http.close()
