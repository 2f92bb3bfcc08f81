"""An explanation in words for whoever ordered: a sentence each. Moments are written by whoever shows them."""

from collections.abc import Callable
from datetime import datetime

from broker.wire.durations import MINUTE_S, lasting
from broker.wire.explanation import AlternativeView, ExplanationView, Lever, WaitCause, WaitView
from broker.wire.money import as_text

When = Callable[[datetime | None], str]

_CAUSES = {
    WaitCause.NOT_READY: "the machine takes no work",
    WaitCause.RELEASE: "it may not start yet",
    WaitCause.MACHINE: "the machine makes",
    WaitCause.BLOCKED: "the workshop uses the machine itself",
    WaitCause.NOBODY: "nobody is in the workshop",
    WaitCause.PEOPLE: "everybody in the workshop is busy",
    WaitCause.LEFT: "the plan has it wait",
    WaitCause.CHANGE: "somebody clears the machine and sets it up",
    WaitCause.RUN: "the machine makes it",
    WaitCause.TRANSPORT: "a parcel is on its way",
}
_LEVERS = {
    Lever.RELEASE: "An earlier start",
    Lever.PERSON: "Another person in the workshop",
    Lever.SHIFT: "Somebody in the workshop at any hour",
    Lever.QUEUE: "Other work moved away from its machine",
    Lever.SPLIT: "Half of its last plate on another machine",
    Lever.NEARER: "A workshop nearer to you",
    Lever.ELSEWHERE: "All of it on another machine",
}


def where(view: ExplanationView, when: When) -> str:
    """Where it is made, and when it arrives."""
    if view.arrives_at is None:
        return f"{view.part} is not planned: {_because(view)}."
    places = ", ".join(dict.fromkeys(f"{place.workshop} ({place.machine})" for place in view.places))
    return f"{view.part} is made by {places} and arrives on {when(view.arrives_at)}{_beside_promise(view)}."


def _beside_promise(view: ExplanationView) -> str:
    if view.promised_at is None or view.arrives_at is None:
        return ""
    late_s = (view.arrives_at - view.promised_at).total_seconds()
    return f", {lasting(abs(late_s))} {'after' if late_s > 0 else 'before'} the promised date"


def unplanned(view: ExplanationView) -> str:
    """Of pieces that nobody makes yet while others are planned; "" where there are none."""
    if view.arrives_at is None or view.pieces_unplanned == 0:
        return ""
    verb = "piece is" if view.pieces_unplanned == 1 else "pieces are"
    return f"{view.pieces_unplanned:,} {verb} not planned yet: {_because(view)}."


def _because(view: ExplanationView) -> str:
    return "; ".join(view.unplanned_because) or "the plan has not come round to it yet"


def what(wait: WaitView) -> str:
    words = _CAUSES[wait.cause]
    if wait.cause is WaitCause.MACHINE:
        return f"{words} {' and '.join((*wait.parts, *(['other work'] if wait.others else [])))}"
    return f"{words} ({wait.note})" if wait.note else words


def levers(view: ExplanationView) -> tuple[str, ...]:
    """What would make it earlier."""
    if view.arrives_at is None:
        return ()
    found = tuple(f"{_LEVERS[lever.lever]} would bring it {lasting(lever.gain_s)} earlier." for lever in view.levers)
    if len(view.places) > 1 and not found:
        return ("No single change would bring it earlier: other plates of it would still be on their way.",)
    return found or ("Nothing by itself would bring it earlier.",)


def alternative(view: ExplanationView, way: AlternativeView, when: When) -> str:
    """When all of it would arrive from there, and for how much."""
    if way.arrives_at is None:
        return "no time for it within what is planned ahead"
    words = f"there on {when(way.arrives_at)}"
    if view.arrives_at is not None:
        later_s = (way.arrives_at - view.arrives_at).total_seconds()
        same = abs(later_s) < MINUTE_S
        words += ", as soon" if same else f", {lasting(abs(later_s))} {'later' if later_s > 0 else 'earlier'}"
    return f"{words}, for {as_text(way.cost, way.currency)}"


def sentences(view: ExplanationView, when: When) -> tuple[str, ...]:
    """All of it."""
    return (
        where(view, when),
        *filter(None, (unplanned(view),)),
        *(f"{when(wait.from_at)} to {when(wait.until_at)}: {what(wait)}." for wait in view.waits),
        *levers(view),
        *(f"All of it by {way.workshop} ({way.machine}): {alternative(view, way, when)}." for way in view.alternatives),
    )
