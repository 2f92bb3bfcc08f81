"""`/api/files`: upload, list, select, delete. Source: OctoPrint 1.11 server/api/files.py."""

import shutil

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hardware_sim.hosts.disk import BadPath, Stored, cleaned
from hardware_sim.hosts.octoprint.printer import Printer
from hardware_sim.hosts.octoprint.states import BUSY, State
from hardware_sim.hosts.octoprint.uploads import SUFFIXES, references
from hardware_sim.hosts.web import Json, json_object

TRUE = ("true", "yes", "y", "1")
NO_FOLDERS = "Can not upload file, invalid file name"


class FileRoutes:
    def __init__(self, printer: Printer, user: str) -> None:
        self._printer = printer
        self._uploads = printer.uploads
        self._user = user

    async def listing(self, request: Request) -> Response:
        if request.path_params.get("target", "local") != "local":
            raise HTTPException(404, "Not Found")
        disk = self._uploads.disk
        disk.folder.mkdir(parents=True, exist_ok=True)
        usage = shutil.disk_usage(disk.folder)
        found = [self._uploads.described(stored, _base(request)) for stored in disk.files.values()]
        return JSONResponse({"files": found, "free": usage.free, "total": usage.total})

    async def one(self, request: Request) -> Response:
        return JSONResponse(self._uploads.described(self._stored(request), _base(request)))

    async def upload(self, request: Request) -> Response:
        """201 also where `print` was asked for and isn't possible: `effectivePrint` says so."""
        if request.path_params["target"] != "local":
            raise HTTPException(404, "Not Found")
        async with request.form() as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, "No file to upload and no folder to create")
            folder = form.get("path")
            path = self._path(folder if isinstance(folder, str) else "", file.filename or "")
            if path in self._uploads.disk.files and form.get("noOverwrite") in TRUE:
                raise HTTPException(409, "File already exists and noOverwrite was set")
            data = await file.read()
            select, start = form.get("select") in TRUE, form.get("print") in TRUE
        return self._uploaded(request, self._uploads.put(path, data), select, start)

    def _path(self, folder: str, name: str) -> str:
        try:
            path = cleaned(f"{folder}/{name}")
        except BadPath as error:
            raise HTTPException(400, NO_FOLDERS) from error
        if not path.lower().endswith(SUFFIXES):
            raise HTTPException(415, "Can not upload file, unsupported file type")
        self._not_in_use(path, "Trying to overwrite file that is currently being printed")
        return path

    def _uploaded(self, request: Request, stored: Stored, select: bool, start: bool) -> Response:
        printer = self._printer
        if printer.state is not State.OPERATIONAL:
            select = start = False
        if select or start or (printer.job is not None and printer.job.file.path == stored.path):
            printer.select(stored, self._user)
        if start:
            printer.start(self._user)
        refs = references(stored, _base(request))
        local: Json = {"name": stored.name, "path": stored.path, "origin": "local", "refs": refs}
        body = {"files": {"local": local}, "done": True, "effectiveSelect": select, "effectivePrint": start}
        return JSONResponse(body, 201, {"Location": str(refs["resource"])})

    async def command(self, request: Request) -> Response:
        stored, body = self._stored(request), await json_object(request)
        match body.get("command"):
            case "select":
                if self._printer.state is not State.OPERATIONAL:
                    raise HTTPException(409, "Printer is already printing, cannot select a new file")
                self._printer.select(stored, self._user)
                if body.get("print") in (True, *TRUE):
                    self._printer.start(self._user)
            case "unselect":
                if self._printer.state is not State.OPERATIONAL:
                    raise HTTPException(409, "Printer is already printing, cannot unselect current file")
                self._printer.unselect()
            case _:
                raise HTTPException(400, "command is invalid")
        return Response(status_code=204)

    async def delete(self, request: Request) -> Response:
        stored = self._stored(request)
        self._not_in_use(stored.path, "Trying to delete a file that is currently in use")
        if self._printer.job is not None and self._printer.job.file.path == stored.path:
            self._printer.unselect()
        self._uploads.remove(stored.path)
        return Response(status_code=204)

    def _stored(self, request: Request) -> Stored:
        stored = self._uploads.disk.files.get(request.path_params["path"])
        if request.path_params["target"] != "local" or stored is None:
            raise HTTPException(404, "Not Found")
        return stored

    def _not_in_use(self, path: str, complaint: str) -> None:
        job = self._printer.job
        if job is not None and job.file.path == path and self._printer.state in BUSY:
            raise HTTPException(409, complaint)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
