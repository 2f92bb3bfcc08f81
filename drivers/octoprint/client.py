"""octorest, with what it lacks: time-outs, and errors that say what happened. Its errors are translated here alone.

octorest 0.4 asks the server in its constructor when it is given a key, so the key goes into the session; it raises a
bare RuntimeError whose text ends in the status.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import requests
from octorest import OctoRest
from pydantic import BaseModel, ValidationError
from requests.adapters import HTTPAdapter

from drivers.errors import LinkLost, NoAnswer
from drivers.hosting.web import require_ok, shown
from drivers.octoprint.answers import Connection, File, Job, Printer, Profiles, Version

Answer = TypeVar("Answer", bound=BaseModel)
_REPLY = re.compile(r"Reply for \S+ was not OK: (.*) \((\d{3})\)", re.DOTALL)


class PatientAdapter(HTTPAdapter):
    """Gives every request a time-out, s."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        return super().send(request, stream, timeout or self.timeout_s, verify, cert, dict(proxies or {}))


class Client:
    """Used by one thread. Everything raises LinkLost, NoAnswer, HostRefused."""

    def __init__(self, url: str, api_key: str, timeout_s: float) -> None:
        self._what = f"OctoPrint at {url}"
        self._adapter = PatientAdapter(timeout_s)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["X-Api-Key"] = api_key
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)
        with self._translated():
            self._rest = OctoRest(url=url, session=self._session)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except requests.Timeout as error:
            raise NoAnswer(f"{self._what} does not answer in time") from error
        except ValueError as error:  # json's, and requests' own which is a RequestException too
            raise NoAnswer(f"{self._what} answers something else than JSON: {error}") from error
        except requests.RequestException as error:
            raise LinkLost(f"{self._what} can't be reached: {error}") from error
        except TypeError as error:
            raise LinkLost(f"{self._what}: {error}") from error
        except RuntimeError as error:
            match = _REPLY.fullmatch(str(error))
            if match is None:
                raise NoAnswer(f"{self._what}: {error}") from error
            require_ok(int(match[2]), match[1], self._what)
            raise NoAnswer(f"{self._what} answers with HTTP {match[2]}") from error

    def _read(self, model: type[Answer], told: object) -> Answer:
        try:
            return model.model_validate(told)
        except ValidationError as error:
            raise NoAnswer(f"{self._what} answers something else than its documents say: {shown(str(told))}") from error

    def version(self) -> Version:
        with self._translated():
            told = self._rest.get_version()
        return self._read(Version, told)

    def connection(self) -> Connection:
        with self._translated():
            told = self._rest.connection_info()
        return self._read(Connection, told)

    def profiles(self) -> Profiles:
        with self._translated():
            told = self._rest.printer_profiles()
        return self._read(Profiles, told)

    def connect(self, port: str | None, baudrate: int | None) -> None:
        """Have OctoPrint open its machine's port."""
        with self._translated():
            self._rest.connect(port=port, baudrate=baudrate)

    def job(self) -> Job:
        with self._translated():
            told = self._rest.job_info()
        return self._read(Job, told)

    def printer(self) -> Printer:
        with self._translated():
            told = self._rest.printer(exclude=["sd", "state"], history=True, limit=1)
        printer = self._read(Printer, told)
        try:
            printer.heaters()
            printer.reported_s()
        except ValidationError as error:
            raise NoAnswer(f"{self._what} tells no temperatures: {shown(str(told))}") from error
        return printer

    def file(self, name: str) -> File:
        with self._translated():
            told = self._rest.files_info("local", name)
        return self._read(File, told)

    def upload(self, name: str, program: bytes, timeout_s: float) -> None:
        usual_s, self._adapter.timeout_s = self._adapter.timeout_s, timeout_s
        try:
            with self._translated():
                self._rest.upload((name, program))
        finally:
            self._adapter.timeout_s = usual_s

    def select_and_print(self, name: str) -> None:
        with self._translated():
            self._rest.select(name, print=True)

    def pause(self) -> None:
        with self._translated():
            self._rest.pause()

    def resume(self) -> None:
        with self._translated():
            self._rest.resume()

    def cancel(self) -> None:
        with self._translated():
            self._rest.cancel()

    def gcode(self, *lines: str) -> None:
        with self._translated():
            self._rest.gcode(list(lines))

    def delete(self, name: str) -> None:
        with self._translated():
            self._rest.delete(name)

    def close(self) -> None:
        self._session.close()
