"""The journeys as Markdown: a row a file, and what each trap led to."""

from collections.abc import Callable, Sequence

from tests.corpus.steps import Entry, Journey, Step
from tests.corpus.traps import TRAPS

_WORDS = {0: "done", 1: "refused", 2: "bad input"}
_LONGEST = 220
_HEAD = ("file", "measured", "findings", "program", "check", "time, material")


def corpus(journeys: Sequence[Journey]) -> str:
    return f"{_table(_HEAD, [_row(one) for one in journeys])}\n## Traps\n\n{_traps(journeys)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n" for cells in lines)


def _traps(journeys: Sequence[Journey]) -> str:
    by_name = {journey.path.name: journey for journey in journeys}
    rows = [(f"`{trap.file}`: {trap.what}", trap.led_to(by_name[trap.file])) for trap in TRAPS if trap.file in by_name]
    return _table(("trap", "led to"), rows)


def _row(journey: Journey) -> tuple[str, ...]:
    name = f"`{journey.path.name}`" + (
        f" (asked for its unit; given {journey.unit_given})" if journey.unit_given else ""
    )
    steps = journey.steps
    return (
        name,
        _facts(steps["measure"]),
        _cell(steps.get("printability"), _findings),
        _cell(steps.get("make"), _made),
        _cell(steps.get("check"), lambda step: "passes"),
        _cell(steps.get("estimate"), _estimate),
    )


def _cell(step: Step | None, words: Callable[[Step], str]) -> str:
    if step is None:
        return "–"
    return words(step) if step.exit == 0 else f"{_WORDS[step.exit]}: {short(step.reason)}"


def _facts(step: Step) -> str:
    facts: Entry | None = step.entry.get("facts")
    if facts is None:
        return f"{_WORDS[step.exit]}: {short(step.reason)}"
    mesh, drawing = facts["mesh"], facts["drawing"]
    if mesh:
        size = " × ".join(f"{value:.1f}" for value in mesh["size_mm"])
        closed = "closed" if mesh["watertight"] else "open"
        bodies = f", {mesh['bodies']} bodies" if mesh["bodies"] > 1 else ""
        return f"{size} mm, {mesh['volume_mm3'] / 1000:.2f} cm³, {mesh['triangles']} triangles, {closed}{bodies}"
    size = " × ".join(f"{value:.1f}" for value in drawing["size_mm"])
    return f"{size} mm, {drawing['contours']} contours, {drawing['cut_length_mm'] / 1000:.2f} m to cut"


def _findings(step: Step) -> str:
    found = [f"{one['severity']} {one['rule']}" for one in step.entry["findings"]]
    return ", ".join(dict.fromkeys(found)) or "none"


def _made(step: Step) -> str:
    made = step.entry["sliced"] or step.entry["cut"]
    return f"{made['lines']} lines by {made['made_by'].split(' with ')[0]}"


def _estimate(step: Step) -> str:
    found = step.entry["estimate"]
    minutes = f"{found['total_s'] / 60:.0f} min"
    if not found["filament"]:
        return f"{minutes}, {found['work_mm'] / 1000:.2f} m of cutting"
    return f"{minutes}, {sum(one['length_mm'] for one in found['filament']) / 1000:.2f} m of filament"


def short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
