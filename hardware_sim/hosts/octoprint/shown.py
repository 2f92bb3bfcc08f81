"""What OctoPrint shows of itself. Source: OctoPrint 1.11 server/api/, printer/standard.py, printer/estimation.py."""

from hardware_sim.hosts.octoprint.printer import Job, Printer
from hardware_sim.hosts.octoprint.states import CLOSED, flags
from hardware_sim.hosts.web import Json

VERSION = "1.11.8"
BAUDRATES = [250000, 230400, 115200, 57600, 38400, 19200, 9600]
PROFILE = "_default"
PERMISSIONS = ("ADMIN", "STATUS", "CONNECTION", "FILES_LIST", "FILES_UPLOAD", "FILES_SELECT", "PRINT", "CONTROL")
NOBODY: Json = {"name": None, "display": None, "origin": None, "path": None, "size": None, "date": None}


def user(name: str | None) -> Json:
    """Of a passive login; None: a guest."""
    return {
        "name": name,
        "active": name is not None,
        "admin": name is not None,
        "user": name is not None,
        "apikey": None,
        "settings": {},
        "groups": ["admins", "users"] if name else ["guests"],
        "permissions": list(PERMISSIONS) if name else [],
        "needs": {"role": [], "group": []},
        "session": "rig" if name else None,
        "_is_external_client": False,
        "_login_mechanism": "apikey" if name else None,
    }


def connection(printer: Printer) -> Json:
    closed = printer.state in CLOSED
    ports = [str(printer.serial)] if printer.serial.exists() else []
    return {
        "current": {
            "state": "Closed" if closed else printer.state.value,
            "port": None if closed else str(printer.serial),
            "baudrate": None if closed else 115200,
            "printerProfile": PROFILE,
        },
        "options": {
            "ports": ports,
            "baudrates": BAUDRATES,
            "printerProfiles": [{"id": PROFILE, "name": "Default"}],
            "portPreference": str(printer.serial),
            "baudratePreference": 115200,
            "printerProfilePreference": PROFILE,
        },
    }


def job(printer: Printer) -> Json:
    selected = printer.job
    found: Json = {
        "job": {
            "file": NOBODY if selected is None else _file(selected),
            "estimatedPrintTime": None,
            "averagePrintTime": None,
            "lastPrintTime": None,
            "filament": None,
            "user": None if selected is None else selected.user,
        },
        "progress": _progress(selected),
        "state": printer.state.value,
    }
    if printer.error:
        found["error"] = printer.error
    return found


def _file(selected: Job) -> Json:
    file = selected.file
    return {
        "name": file.name,
        "display": file.name,
        "origin": "local",
        "path": file.path,
        "size": file.size_bytes,
        "date": int(file.date),
    }


def _progress(selected: Job | None) -> Json:
    if selected is None or selected.started is None:
        return dict.fromkeys(("completion", "filepos", "printTime", "printTimeLeft", "printTimeLeftOrigin"))
    share, print_time_s = selected.program.share, selected.print_time_s()
    left, origin = None, None
    if share == 1.0:
        left = 0
    elif share > 0.0 and print_time_s is not None:
        left, origin = int(print_time_s / share - print_time_s), "linear"
    return {
        "completion": share * 100,
        "filepos": selected.program.position,
        "printTime": None if print_time_s is None else int(print_time_s),
        "printTimeLeft": left,
        "printTimeLeftOrigin": origin,
    }


def printer(printer: Printer) -> Json:
    heat = printer.board.temperatures
    return {
        "temperature": {
            "tool0": {"actual": heat.hotend, "target": heat.hotend_target, "offset": 0},
            "bed": {"actual": heat.bed, "target": heat.bed_target, "offset": 0},
        },
        "sd": {"ready": False},
        "state": {"text": printer.state.value, "flags": flags(printer.state), "error": printer.error},
    }


def profiles() -> Json:
    return {
        "profiles": {
            PROFILE: {
                "id": PROFILE,
                "name": "Default",
                "model": "Generic RepRap Printer",
                "default": True,
                "current": True,
                "heatedBed": True,
                "heatedChamber": False,
                "extruder": {"count": 1, "nozzleDiameter": 0.4, "sharedNozzle": False},
            }
        }
    }
