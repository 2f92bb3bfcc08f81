"""What a firmware's heaters were last said to do. Pure."""

from drivers.marlin.answers import Heater

BELOW_C = 3.0
"""TEMP_HYSTERESIS: a heater that is nearer to its target holds it."""


class Heaters:
    def __init__(self) -> None:
        self._all: dict[str, Heater] = {}

    def take(self, reported: tuple[Heater, ...]) -> None:
        """One report names all heaters that there are."""
        self._all = {heater.name: heater for heater in reported}

    @property
    def hotend_c(self) -> float | None:
        """Of the tool in use."""
        heater = self._all.get("T") or self._all.get("T0")
        return heater.current_c if heater else None

    @property
    def bed_c(self) -> float | None:
        return self._all["B"].current_c if "B" in self._all else None

    @property
    def hottest_c(self) -> float | None:
        """Of all tools; None: nothing was said."""
        return max((heater.current_c for heater in self._all.values() if heater.name[0] == "T"), default=None)

    @property
    def on(self) -> Heater | None:
        """One that has a target."""
        return next((heater for heater in self._all.values() if heater.target_c > 0), None)

    @property
    def off(self) -> bool:
        """By the firmware's own word, no heater has a target."""
        return bool(self._all) and self.on is None

    @property
    def rising(self) -> bool:
        """Some heater is on its way up."""
        return any(heater.current_c < heater.target_c - BELOW_C for heater in self._all.values())

    def switching_off(self) -> list[str]:
        tools = [name for name in self._all if name[0] == "T" and name != "T"]
        lines = [f"M104 {name} S0" for name in tools] or ["M104 S0"]
        return [*lines, "M140 S0", *(["M141 S0"] if "C" in self._all else [])]

    def others(self) -> dict[str, str]:
        """Further tools and chambers, for people to read."""
        tools = [name for name in self._all if name[0] == "T" and name != "T"]
        shown = [*(tools if len(tools) > 1 else []), *(["C"] if "C" in self._all else [])]
        return {name: f"{self._all[name].current_c:g} of {self._all[name].target_c:g} °C" for name in shown}
