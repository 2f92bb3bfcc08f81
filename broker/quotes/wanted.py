"""What a producer may ask for; each refusal names the item, the fault and what to do."""

from broker.errors import Unprocessable
from broker.parts.models import Part
from broker.parts.suitability import findings_for, usual_process
from broker.quotes.live_plan import Wanted
from broker.quotes.market import Market
from broker.settings import Settings
from broker.wire.plates import Recipe
from broker.wire.rest import WantedItem
from broker.wire.shop import Process
from slicer_bridge.facts import PartFacts, Severity
from slicer_bridge.facts_json import facts_from_json

_LAYER_MM = (0.05, 0.6)
_PERIMETERS = (1, 20)


def wanted_item(index: int, item: WantedItem, part: Part, market: Market, settings: Settings) -> Wanted:
    """Raises Unprocessable."""
    where = f"items[{index}] ({part.name})"
    if not 1 <= item.quantity <= settings.max_quantity:
        raise Unprocessable(
            f"a quantity of {item.quantity:,} can't be made",
            where=f"{where}: quantity",
            fix=f"ask for 1 to {settings.max_quantity:,} pieces",
        )
    facts = facts_from_json(part.facts)
    process = _process(facts, item.process, where)
    _makeable(facts, process, where)
    return Wanted(
        name=part.name,
        facts=facts,
        quantity=item.quantity,
        process=process,
        material=market.material(item.material, process, f"{where}: material"),
        recipe=_recipe(item.recipe or Recipe(), where),
        share=item.share,
    )


def _makeable(facts: PartFacts, process: Process, where: str) -> None:
    for finding in findings_for(facts, process):
        if finding.severity is Severity.REFUSE:
            raise Unprocessable(finding.message, where=f"{where}: {finding.rule}", fix="change the design")


def _process(facts: PartFacts, asked: Process | None, where: str) -> Process:
    process, is_what = usual_process(facts), "a mesh" if facts.mesh is not None else "a drawing"
    if asked not in (None, process):
        raise Unprocessable(
            f"the file is {is_what} and can't be made by {asked}",
            where=f"{where}: process",
            fix=f"take {process}, or upload {'a DXF' if asked is Process.CUT2D else 'an STL'}",
        )
    return process


def _recipe(recipe: Recipe, where: str) -> Recipe:
    limits = (
        ("layer_mm", recipe.layer_mm, *_LAYER_MM),
        ("perimeters", recipe.perimeters, *_PERIMETERS),
        ("infill", recipe.infill, 0, 1),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise Unprocessable(
                f"{name} {value:g} can't be made", where=f"{where}: recipe", fix=f"take {low:g} to {high:g}"
            )
    return recipe
