"""How a printer is left: fan and motors, over and above cold heaters. Pure.

Motors are kept on by M84 S0, which takes away the firmware's idle time-out (DISABLE_IDLE_Z would let Z drop after
two minutes); a program that has released them itself is not overruled, for its position is gone. Source: Marlin 2.1
`M17_M18_M84.cpp`, `MarlinCore.cpp` manage_inactivity().
"""

from drivers.base import SafeEnd


class Rest:
    def __init__(self, wanted: SafeEnd) -> None:
        self._wanted = wanted
        self.cooling = False
        """The fan was left on, until the hot end is cool."""

    def lines(self, hottest_c: float | None) -> list[str]:
        """What is to be sent; `hottest_c` None: nobody knows."""
        self.cooling = self._wanted.fan_until_c > 0 and not self.is_cool(hottest_c)
        return ["M106 S255" if self.cooling else "M107", "M84 S0" if self._wanted.hold_z else "M84"]

    def is_cool(self, hottest_c: float | None) -> bool:
        return hottest_c is not None and hottest_c < self._wanted.fan_until_c

    def fan_off(self, hottest_c: float | None) -> list[str]:
        """Once it is cool."""
        if not self.cooling or not self.is_cool(hottest_c):
            return []
        self.cooling = False
        return ["M107"]
