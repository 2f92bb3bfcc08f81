"""What is odd about some of the files (their README says so), and where that shows in what came of them."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.corpus.steps import Journey


@dataclass(frozen=True, slots=True)
class Trap:
    file: str
    what: str
    led_to: Callable[[Journey], str]


def _findings(*rules: str) -> Callable[[Journey], str]:
    """The findings of these rules, in their own words."""

    def words(journey: Journey) -> str:
        steps = [journey.steps[name] for name in ("measure", "printability") if name in journey.steps]
        found = [one for step in steps for one in step.entry.get("findings", []) if one["rule"] in rules]
        said = dict.fromkeys(f"{one['severity']}: {one['message']}" for one in found)
        return "; ".join(said) or "nothing was found"

    return words


def _made(journey: Journey) -> str:
    step = journey.steps.get("make")
    if step is None:
        return "no program was asked for"
    if step.exit:
        return step.reason
    bounds = (step.entry["sliced"] or step.entry["cut"])["bounds"]
    return "made, " + ", ".join(
        f"{axis} {low:.1f} to {high:.1f}" for axis, low, high in zip("XYZ", bounds["low"], bounds["high"], strict=True)
    )


def _volume(journey: Journey) -> str:
    return f"{journey.steps['measure'].entry['facts']['mesh']['volume_mm3'] / 1000:.1f} cm³; {_made(journey)}"


def _unit(journey: Journey) -> str:
    return "exit 2, asked for its unit" if journey.unit_given else "read without asking for its unit"


def _variant(journey: Journey) -> str:
    facts = journey.steps["measure"].entry["facts"]
    size = " × ".join(f"{value:.1f}" for value in facts["mesh"]["size_mm"])
    return f"{size} mm, a part of its own: nothing in a mesh says whose variant it is, the order's line does"


TRAPS = (
    Trap(
        "Stethoscope__y_piece.stl",
        "82 non-manifold edges (ASCII)",
        _findings("open-mesh", "collapsed-facets", "non-manifold", "repair"),
    ),
    Trap("nimble__rack_leg_21_units.stl", "294 mm long", _made),
    Trap("ZACplus__kammer_01.stl", "1,534 cm³", _volume),
    Trap("Original-Prusa-i3__MK3-front-plate.dxf", "no unit", _unit),
    Trap("Laser-Cut-Keyguard__thinkpad-x1-carbon-6th-gen.dxf", "no unit", _unit),
    Trap("Stethoscope__ring_x16.3mf", "16 build items", _findings("several-items")),
    Trap("wisconsin-photoreactor__4ml-vial-CG-4909-04-holder.stl", "a variant of the 8 ml holder", _variant),
    Trap("wisconsin-photoreactor__8ml-vial-CG-4909-03_holder.stl", "a variant of the 4 ml holder", _variant),
)
