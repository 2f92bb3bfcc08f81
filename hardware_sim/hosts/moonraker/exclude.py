"""Klipper's exclude_object: what the program says of its objects, and which of them are left out.

Source: klippy/extras/exclude_object.py. Names are kept in capitals, as there.
"""

import json
from dataclasses import dataclass, field

from hardware_sim.hosts.moonraker.gcode import Command, GcodeError
from hardware_sim.hosts.web import Json


@dataclass(slots=True)
class ExcludeObject:
    objects: list[Json] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    current: str | None = None

    @property
    def leaves_out(self) -> bool:
        return self.current in self.excluded

    def reset(self) -> None:
        self.objects, self.excluded, self.current = [], [], None

    def define(self, command: Command) -> None:
        if "RESET" in command.parameters:
            self.reset()
        elif "NAME" in command.parameters:
            self._add({"name": command.text_of("NAME").upper(), **_shape(command)})

    def _add(self, item: Json) -> None:
        self.objects = sorted([*self.objects, item], key=lambda known: str(known["name"]))

    def start(self, command: Command) -> None:
        name = command.text_of("NAME").upper()
        if all(item["name"] != name for item in self.objects):
            self._add({"name": name})
        self.current = name

    def end(self) -> None:
        self.current = None

    def exclude(self, command: Command) -> str:
        """What is said of it. An unknown name is taken too: it may still come."""
        name = command.parameters.get("NAME", "").upper()
        if "RESET" in command.parameters:
            self.excluded = [known for known in self.excluded if name and known != name]
            return f"Unexcluding object {name}" if name else ""
        if not name and "CURRENT" in command.parameters:
            if self.current is None:
                raise GcodeError("There is no current object to cancel")
            name = self.current
        if not name:
            return "Excluded objects: " + " ".join(self.excluded)
        if name not in self.excluded:
            self.excluded = sorted([*self.excluded, name])
        return f"Excluding object {name}"

    def status(self) -> Json:
        return {"objects": self.objects, "excluded_objects": self.excluded, "current_object": self.current}


def _shape(command: Command) -> Json:
    try:
        shape: Json = {}
        if "CENTER" in command.parameters:
            shape["center"] = json.loads(f"[{command.parameters['CENTER']}]")
        if "POLYGON" in command.parameters:
            shape["polygon"] = json.loads(command.parameters["POLYGON"])
        return shape
    except ValueError as error:
        raise GcodeError(f"Error on '{command.text}': not a shape") from error
