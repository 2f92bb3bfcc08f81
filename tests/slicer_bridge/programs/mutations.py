"""Ways in which a program can go wrong or be made to: numbers, letters, bytes, words in all spellings, lines."""

import re
from random import Random

from slicer_bridge.programs.limits import Dialect

_NUMBER = re.compile(r"-?\d+\.?\d*")
_BYTES = "\r\n\x08\t\x0b\x0c\x1b\x00\x7f\x18\\;()*#/'\"`{}[]%$@!?~&|<>=_+-.,:^ \x80\x85\xa0\xb2\xff\u0661"
_PRINTER_WORDS = (
    "M28 x.g|M29|M23 x.g|M30 x.g|M32 x.g|M500|M501|M502|M302 S0|M302 P1|M997|M999|M303 E0 S200 C8|M301 P1|"
    "M304 P1|M92 X1|M206 X5|M851 Z-9|M42 P4 S1|M81|M112|M108|M410|M117 x|M118 A1 action:pause|@pause|"
    "//action:cancel|G20|G92 X0|G92|G53|G54|G55|G5 X1 Y1|G29|G10 L2 P1 X9|G10 S1|M149 F|M200 D1.75|M211 S0|"
    "M218 T1 X9|M290 Z-5|M111 S8|M486 C|M486 P0|M3 S9|M106 S999|M220 S500|M221 S900|M205 S99|M203 X99999|"
    "M204 P999999|M201 X999999|M104 S999|M140 S999|M141 S99|T9|G4 S9999|M104 S400 T1|M109 R999|G28|M84|G91|G90|"
    "M83|M82|G92 E0|M18 X|M17|M0|M1|M600|M226 P1 S1|M82;M83|M808 L9|M928 x.g"
)
_KLIPPER_WORDS = (
    "RUN_SHELL_COMMAND CMD=x|SAVE_CONFIG|SET_KINEMATIC_POSITION X=0|FIRMWARE_RESTART|RESTART|"
    "FORCE_MOVE STEPPER=x DISTANCE=9|SET_GCODE_OFFSET Z=-2|SET_PIN PIN=x VALUE=1|"
    "SET_VELOCITY_LIMIT VELOCITY=9999|SET_VELOCITY_LIMIT ACCEL=1e9|"
    "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=400|RESPOND MSG=x|BED_MESH_CLEAR|PRINT_START|SAVE_GCODE_STATE|"
    "RESTORE_GCODE_STATE NAME=x MOVE=1|EXCLUDE_OBJECT NAME=x|TURN_OFF_HEATERS|M109 R200|M190 R60|"
    "SET_PRESSURE_ADVANCE ADVANCE=9|EXCLUDE_OBJECT_START NAME=a|EXCLUDE_OBJECT_END NAME=a|"
    "EXCLUDE_OBJECT_DEFINE NAME=a POLYGON=[[1,1]]|M84 E|SDCARD_PRINT_FILE"
)
_ROUTER_WORDS = (
    "$H|$X|$110=1|$J=G91X9F9|G10 L2 P1 X0|G10L20P0X0|G28|G28.1|G30|G30.1|G92 X0|G92.1|G38.2 Z-9 F9|G43.1 Z5|G49|"
    "G55|G59|G93|G94|G95|G18|G19|G17|G90.1|G91.1|G20|G21|G90|G91|M0|M1|M2|M3|M3 S99999|M4 S1|M5|M7|M8|M9|M30|"
    "M6 T2|M56|G4 P999|G4|G53 G0 Z9|G53 G0 X9|G53 Z-1|G80|G0|G1|G2|G3|S99999|F99999|F0|!|~|?|\x18|\x84|"
    "G2 X1 Y1 R1|G2 I5|G3 X0 Y0 I9 J9|T1|G5.1 X1"
)
WORDS = {
    Dialect.MARLIN: _PRINTER_WORDS.split("|"),
    Dialect.KLIPPER: (_PRINTER_WORDS + "|" + _KLIPPER_WORDS).split("|"),
    Dialect.GRBL: _ROUTER_WORDS.split("|"),
}
_PRINTER_MOVES = (
    "G1 X{} Y{} E{} F{}",
    "G1 Z{} F{}",
    "G1 E{} F{}",
    "G0 X{} F{}",
    "G1 X{} E{}",
    "G1 Y{}",
    "G28 X",
    "G28 Z",
)
_PRINTER_ARCS = ("G2 X{} Y{} I{} J{}", "G3 X{} Y{} R{}", "G2 I{} J{}", "G3 X{} Y{} Z{} I{} J{} E{} F{}")
_PRINTER_SETS = (
    "M104 S{}",
    "M109 S{}",
    "M140 S{}",
    "M109 R{}",
    "G4 S{}",
    "G4 P{}",
    "M220 S{}",
    "M221 S{}",
    "G92 E{}",
    "M106 S{}",
)
_PRINTER_LIMITS = (
    "M201 X{} E{}",
    "M203 X{} Z{}",
    "M204 P{} R{}",
    "M205 X{} S{}",
    "M900 K{}",
    "M104 T{} S{}",
    "M141 S{}",
)
_ROUTER_MOVES = (
    "G1 X{} Y{} F{}",
    "G0 Z{}",
    "X{} Y{}",
    "G0 X{}",
    "G53 G0 X{} Y{}",
    "G91 X{}",
    "G90 X{} Y{}",
    "G20 X{}",
    "F{}",
)
_ROUTER_ARCS = ("G2 X{} Y{} I{} J{}", "G3 X{} Y{} R{}", "G2 X{} Y{} Z{} I{} J{} F{}")
_ROUTER_SETS = ("M3 S{}", "S{}", "G4 P{}", "M4 S{} G1 X{}", "G20 F{}", "G1 Z{} F{}")


def grammatical(random: Random, dialect: Dialect) -> str:
    """A line that might stand in a program, with numbers around where limits lie."""
    forms: tuple[str, ...]
    if dialect is Dialect.GRBL:
        forms = random.choice((_ROUTER_MOVES, _ROUTER_MOVES, _ROUTER_ARCS, _ROUTER_SETS))
    else:
        forms = random.choice((_PRINTER_MOVES, _PRINTER_MOVES, _PRINTER_ARCS, _PRINTER_SETS, _PRINTER_LIMITS))
    form = random.choice(forms)
    return form.format(*(_value(random) for _ in range(form.count("{}"))))


def _value(random: Random) -> str:
    scale = random.choice((1, 1, 10, 60, 100, 200, 300, 700, 3000, 9000, 20000))
    value = random.uniform(-0.3, 1) * scale
    return random.choice((f"{value:.0f}", f"{value:.1f}", f"{value:.3f}"))


def mutated(random: Random, line: str, dialect: Dialect) -> str:
    """The line with one thing, now and then more, changed."""
    kind = random.choice((_number, _number, _number, _letter, _spelling, _bytes, _spliced, _spliced, _other))
    line = kind(random, line, dialect)
    return mutated(random, line, dialect) if random.random() < 0.15 else line


def _number(random: Random, line: str, _: Dialect) -> str:
    places = list(_NUMBER.finditer(line.partition(";")[0]))
    if not places:
        return line
    place = random.choice(places)
    value = float(place[0])
    changed = random.choice(
        (
            f"{-value:g}",
            f"{value * 10:g}",
            f"{value * 100:g}",
            f"{value + 200:g}",
            f"{value / 100:.4f}",
            "0",
            "",
            f"{value * random.uniform(0.5, 3):.3f}",
            f"{place[0]}E3",
            f"{place[0]}e3",
            f"+{place[0]}",
            f"00{place[0]}",
            "0" * 70 + place[0],
            f"0x{int(abs(value)):x}",
            f"{place[0]}_0",
            f"{place[0]}.5.5",
            f"--{place[0]}",
            "nan",
            "inf",
            "1" * 40,
            f"{place[0]} 0",
            f".{place[0]}",
            f"{place[0]}.",
            f"{value + random.uniform(-300, 300):.2f}",
            "\u0661\u0662",
        )
    )
    return line[: place.start()] + changed + line[place.end() :]


def _letter(random: Random, line: str, _: Dialect) -> str:
    places = [at for at, char in enumerate(line.partition(";")[0]) if char.isalpha()]
    if not places:
        return line
    at = random.choice(places)
    changed = random.choice(
        ("X", "Y", "Z", "E", "F", "G", "M", "T", "S", "N", "A", "P", "R", "I", line[at].lower(), "")
    )
    return line[:at] + changed + line[at + 1 :]


def _spelling(random: Random, line: str, _: Dialect) -> str:
    code = line.partition(";")[0].rstrip()
    return random.choice(
        (
            code.lower(),
            code.replace(" ", ""),
            code.replace(" ", "  "),
            code.replace(" ", "\t"),
            f"  {code}",
            f"N12 {code}",
            f"N12{code}",
            f"{code}*77",
            f"({code})",
            f"(x;y){code}",
            f"({code}",
            f";{code}",
            f"/{code}",
            f"% {code}",
            re.sub(r"(?<=[A-Z])(?=\d)", "0", code, count=1),
            re.sub(r"(?<=[A-Z])(?=\d)", " ", code, count=1),
            re.sub(r"^(\S+)", r"\1.0", code),
            re.sub(r"^(\S+)", r"\1.1", code),
            f"{code} {code}",
            f"{code}\r{code}",
            f'"{code}"',
            f"{code} ; {'x' * 90}",
            f"{code}{' ' * 90}X1",
            code[: random.randrange(len(code) + 1)],
        )
    )


def _bytes(random: Random, line: str, _: Dialect) -> str:
    at = random.randrange(len(line) + 1)
    char = random.choice((random.choice(_BYTES), chr(random.randrange(256))))
    changed = random.choice(
        (line[:at] + char + line[at:], line[:at] + char + line[at + 1 :], line[:at] + line[at + 1 :])
    )
    return changed.encode("utf-8").decode("latin-1") if any(one > "\xff" for one in changed) else changed


def _spliced(random: Random, line: str, dialect: Dialect) -> str:
    word = random.choice(WORDS[dialect])
    head, _, rest = word.partition(" ")
    word = random.choice(
        (
            word,
            word,
            word,
            word.lower(),
            head,
            word.replace(" ", ""),
            f" {word}",
            f"{word} ; harmless",
            f"N5 {word}*21",
            re.sub(r"^([A-Z])", r"\g<1>0", word),
            re.sub(r"^([A-Z])", r"\1 ", word),
            f"{head}.0 {rest}",
            f"{word}\t",
        )
    )
    return random.choice(
        (
            word,
            word,
            word,
            f"{line} {word}",
            f"{word} {line}",
            f"{line}\r{word}",
            f"; x\r{word}",
            f"(a;b) {word}",
            f"({word})",
            f"{line} \\; {word}",
            f"; {word}",
            f"{line} ; {word}",
            f"x\x08{word}",
            f"{line} ({word})",
            f"/{word}",
            f"{line};\x0b{word}",
        )
    )


def _other(random: Random, _: str, dialect: Dialect) -> str:
    return grammatical(random, dialect)


def rearranged(random: Random, program: list[str], dialect: Dialect) -> list[str]:
    """The program with lines left out, doubled, swapped, cut short, or put in."""
    lines = list(program)
    for _ in range(random.choice((1, 1, 2, 3))):
        at, to = _place(random, lines), _place(random, lines)
        match random.randrange(8):
            case 0 | 1 | 2:
                del lines[at]
            case 3:
                lines[at], lines[to] = lines[to], lines[at]
            case 4:
                lines.insert(to, lines[at])
            case 5:
                lines.insert(at, mutated(random, lines[at], dialect))
            case 6:
                lines.insert(at, random.choice(WORDS[dialect]))
            case _:
                del lines[at : at + random.randrange(1, 20)]
        if not lines:
            lines = ["G4 P0"]
    return lines


def _place(random: Random, lines: list[str]) -> int:
    """Beginnings and ends of programs hold what matters."""
    count = len(lines)
    spot = random.choice(
        (random.randrange(min(count, 25)), random.randrange(count), count - 1 - random.randrange(min(count, 12)))
    )
    return spot
