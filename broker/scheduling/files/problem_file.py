"""The readable form of a network's problem: names for indices, seconds from the plan's zero (`docs/scheduling.md`).

What a machine, a lot or a workshop is named is its owner's business; a name stands once in its list, and wherever it
is spoken of again it must be in its list. An unknown key is an error.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from broker.scheduling.network.validate import MAX_VALUE
from broker.scheduling.validate import MAX_PIECES, MAX_SECONDS

MOST_LOTS = 200_000
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Moment = Annotated[float, Field(ge=-MAX_SECONDS, le=MAX_SECONDS, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Above = Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)]
Pieces = Annotated[int, Field(ge=0, le=MAX_PIECES)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MachineClass(_Model):
    """Machines that are alike."""

    id: Name
    unattended: bool = Field(description="its runs may go on with nobody there")
    overhead_s: Seconds = Field(default=0.0, description="machine time of every run: heating, homing")
    clear_s: Seconds = Field(default=0.0, description="a person's time before every run")
    count_s: Seconds = Field(default=0.0, description="a person's time before every run, for what the last one made")
    watch_s: Seconds = Field(default=0.0, description="a person's time after every start")
    cost_per_s: Amount = Field(default=0.0, description="minor units")


class Leg(_Model):
    seconds: Seconds
    cost: Amount = 0.0


class Workshop(_Model):
    id: Name
    operators: Pieces = 1
    shifts: list[tuple[Moment, Moment]] = Field(description="from, until: when somebody is there")
    ship: dict[Name, Leg] = Field(description="by place; a place that isn't named isn't delivered to")
    operator_cost_per_s: Amount = 0.0
    stock: dict[Name, Amount] = Field(default={}, description="by material; one that isn't named never runs out")


class Machine(_Model):
    id: Name
    workshop: Name
    machine_class: Name = Field(alias="class")
    ready_s: Seconds = Field(default=0.0, description="when what it does now has ended")
    loaded: Name | None = Field(default=None, description="family; null: none")
    blocks: list[tuple[Moment, Moment]] = Field(default=[], description="from, until: taken for something else")


class Pair(_Model):
    from_family: Name | None = Field(alias="from", description="null: nothing loaded")
    to: Name
    seconds: Seconds


class Setups(_Model):
    same_s: Seconds = Field(default=0.0, description="from a family to itself")
    other_s: Seconds = Field(default=0.0, description="from any to another")
    pairs: list[Pair] = Field(default=[], description="what differs from these")


class Way(_Model):
    """How a class makes a lot."""

    machine_class: Name = Field(alias="class")
    piece_s: Above
    per_plate: Annotated[int, Field(ge=1, le=MAX_PIECES)] = Field(description="pieces that one run holds at most")


class Exclusion(_Model):
    machine_class: Name = Field(alias="class")
    reason: Name


class Bar(_Model):
    machine: Name
    reason: Name


class Lot(_Model):
    id: Name
    quantity: Pieces
    family: Name
    place: Name
    ways: list[Way] = Field(description="classes that can make it")
    excluded: list[Exclusion] = Field(default=[], description="why others can't")
    barred: list[Bar] = Field(default=[], description="single machines that mustn't")
    release_s: Seconds = Field(default=0.0, description="no run of it starts earlier")
    due_s: Moment | None = Field(default=None, description="wanted at its place; null: whenever")
    deadline_s: Moment | None = Field(default=None, description="at its place by then or not at all; null: none")
    weight: Above = Field(default=1.0, description="of a second late")
    rejection: Annotated[float, Field(ge=0, le=MAX_VALUE, allow_inf_nan=False)] | None = Field(
        default=None, description="weighted seconds that not making it counts; null: weight × horizon"
    )
    waiting_cost: Amount = Field(default=0.0, description="minor units for each second until it has arrived")
    order: Name | None = Field(default=None, description="lots of one order travel together; null: alone")
    share: Name | None = Field(default=None, description="lots of one family and one word here may share a plate")
    material: Name | None = None
    use: Amount = Field(default=0.0, description="of its material for a piece, in the stock's unit")


class ProblemFile(_Model):
    """A problem of the scheduling core. Times are seconds from the plan's zero; money is in minor units."""

    horizon_s: Seconds = Field(description="every run starts before it")
    now_s: Seconds = Field(default=0.0, description="no run begins before it")
    families: list[Name] = Field(description="what machines are set up for: process, material, colour, tool")
    setups: Setups = Setups()
    classes: list[MachineClass]
    workshops: list[Workshop]
    machines: list[Machine]
    lots: list[Lot] = Field(max_length=MOST_LOTS)
