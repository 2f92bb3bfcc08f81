"""What differs between Grbl and its descendants, as far as a host sees it.

Source: Grbl 1.1h report.c, config.h; grblHAL core report.c, messages.c, stream.h, planner.h; FluidNC Report.cpp,
SettingsDefinitions.cpp (Start/Message), Protocol.cpp alarm_msg(), Uart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hardware_sim.firmware.config import Flavour, RouterConfig

ALARM_NAMES = {
    1: "Hard Limit",
    2: "Soft Limit",
    3: "Abort Cycle",
    4: "Probe Fail Initial",
    5: "Probe Fail Contact",
    6: "Homing Fail Reset",
    7: "Homing Fail Door",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    banner: bytes
    rx_bytes: int
    """As `$I` and `Bf:` have it; one less can be used."""
    planner_blocks: int
    line_numbers: bool
    build: Callable[["Dialect", RouterConfig], bytes]
    message: str
    """How a feedback message is put in brackets."""
    critical: str
    names_alarms: bool = False
    program_end: str = "Pgm End"
    check_door: str = "Check Door"
    alarm_pause_s: float = 0.0
    """Real seconds after `ALARM:` in which it only waits for the bytes to go out; a reset within them is forgotten
    where the alarm locks: report.c report_alarm_message(), protocol.c protocol_exec_rt_system()."""
    keeps_tool: bool = True
    """Grbl has a T word hold for its own line only: `gcode.c`, step 5."""
    mist: bool = True
    """M7; Grbl has it with ENABLE_M7 alone, an M among the options of `$I`."""

    def say(self, text: str) -> bytes:
        return f"{self.message.format(text)}\r\n".encode()

    def alarm(self, code: int) -> bytes:
        named = self.say(f"ALARM: {ALARM_NAMES[code]}") if self.names_alarms else b""
        return named + f"ALARM:{code}\r\n".encode()

    def reset_to_continue(self) -> bytes:
        return f"{self.critical.format('Reset to continue')}\r\n".encode()


def _options(dialect: Dialect, config: RouterConfig, own: str) -> str:
    door = "+" if config.door_switch else ""
    return f"V{'N' if dialect.line_numbers else ''}{own}{door},{dialect.planner_blocks},{dialect.rx_bytes}"


def _grbl_build(dialect: Dialect, config: RouterConfig) -> bytes:
    return f"[VER:1.1h.20190825:]\r\n[OPT:{_options(dialect, config, '')}]\r\n".encode()


def _hal_build(dialect: Dialect, config: RouterConfig) -> bytes:
    home = "HOME," if config.homing else ""
    return (
        f"[VER:1.1f.20250731:]\r\n[OPT:{_options(dialect, config, 'MZH')},3,0]\r\n[AXS:3:XYZ]\r\n"
        f"[NEWOPT:ENUMS,RT-,{home}TC,SED]\r\n[FIRMWARE:grblHAL]\r\n"
    ).encode()


def _fluid_build(_: Dialect, __: RouterConfig) -> bytes:
    return b"[VER:3.7 FluidNC v3.7.18 (esp32-wifi) :]\r\n[OPT:MPHSE]\r\n[MSG:Machine: Simulated router]\r\n"


def dialect(config: RouterConfig) -> Dialect:
    match config.flavour:
        case Flavour.GRBL:
            banner = b"\r\nGrbl 1.1h ['$' for help]\r\n"
            return Dialect(
                banner,
                128,
                15,
                config.line_numbers,
                _grbl_build,
                "[MSG:{}]",
                "[MSG:{}]",
                alarm_pause_s=0.5,
                keeps_tool=False,
                mist=False,
            )
        case Flavour.GRBLHAL:
            banner = b"\r\nGrblHAL 1.1f ['$' or '$HELP' for help]\r\n"
            return Dialect(banner, 1024, 100, True, _hal_build, "[MSG:{}]", "[MSG:{}]", alarm_pause_s=0.1)
        case Flavour.FLUIDNC:
            return Dialect(
                b"\r\nGrbl 3.7 [FluidNC v3.7.18 (esp32-wifi) '$' for help]\r\n",
                256,
                16,
                config.line_numbers,
                _fluid_build,
                "[MSG:INFO: {}]",
                "[MSG:ERR: {}]",
                names_alarms=True,
                program_end="Program End",
                check_door="Check door",
            )
