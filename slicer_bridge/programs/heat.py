"""Heaters as a program has set them: hotends by tool, bed, chamber."""

from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.travel import Refused


class Heat:
    """Targets in °C. `warm`: the filament of the tool in use may move, since its hotend was waited for."""

    def __init__(self, limits: MachineLimits) -> None:
        self.limits = limits
        self.hotends_c = [0.0] * limits.tools
        self.warm_tools = [False] * limits.tools
        self.bed_c = self.chamber_c = 0.0
        self.tool = 0
        self.warm = False

    def choose(self, tool: int) -> None:
        self.tool = tool
        self.warm = self.warm_tools[tool]

    def set_hotend(self, target: float, tool: int | None, *, waits: bool) -> None:
        """Raises Refused."""
        limit = self.limits.max_hotend_c
        if not 0.0 <= target <= limit:
            raise Refused(f"hotend at {target:g} °C; the limit is {limit:g}")
        number = self.tool if tool is None else tool
        self.hotends_c[number] = target
        enough = int(target) >= self.limits.min_extrusion_c  # Marlin's `value_celsius` drops decimals
        self.warm_tools[number] = enough and (waits or self.warm_tools[number])
        self.warm = self.warm_tools[self.tool]

    def set_bed(self, target: float) -> None:
        """Raises Refused."""
        if not 0.0 <= target <= self.limits.max_bed_c:
            raise Refused(f"bed at {target:g} °C; the limit is {self.limits.max_bed_c:g}")
        self.bed_c = target

    def set_chamber(self, target: float) -> None:
        """Raises Refused."""
        if not 0.0 <= target <= self.limits.max_chamber_c:
            raise Refused(f"chamber at {target:g} °C; the limit is {self.limits.max_chamber_c:g}")
        self.chamber_c = target

    def turn_off(self) -> None:
        self.hotends_c = [0.0] * len(self.hotends_c)
        self.warm_tools = [False] * len(self.hotends_c)
        self.warm = False
        self.bed_c = self.chamber_c = 0.0

    def declare(self, hotend_c: float | None, bed_c: float | None) -> None:
        """What an approved block has set and waited for; a hotend of 0 stands for all of them."""
        if hotend_c == 0.0:
            self.hotends_c = [0.0] * len(self.hotends_c)
            self.warm_tools = [False] * len(self.hotends_c)
            self.warm = False
        elif hotend_c is not None:
            self.set_hotend(hotend_c, None, waits=True)
        if bed_c is not None:
            self.set_bed(bed_c)

    def left_on(self) -> list[str]:
        """What is still on, and how to switch it off."""
        several = len(self.hotends_c) > 1
        reasons = [
            f"the program ends with the hotend{f' T{tool}' if several else ''} at {target:g} °C: "
            f"end with M104 S0{f' T{tool}' if several else ''}"
            for tool, target in enumerate(self.hotends_c)
            if target > 0
        ]
        if self.bed_c > 0:
            reasons.append(f"the program ends with the bed at {self.bed_c:g} °C: end with M140 S0")
        if self.chamber_c > 0:
            reasons.append(f"the program ends with the chamber at {self.chamber_c:g} °C: end with M141 S0")
        return reasons
