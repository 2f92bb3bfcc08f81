"""Facts as JSON text and back; the child process, the broker's rows and the command line share this form."""

from pydantic import TypeAdapter

from slicer_bridge.facts import PartFacts

_PART_FACTS = TypeAdapter(PartFacts)


def facts_to_json(facts: PartFacts) -> str:
    return _PART_FACTS.dump_json(facts).decode()


def facts_from_json(text: str | bytes) -> PartFacts:
    """Raises pydantic.ValidationError for text that is not the facts of a part."""
    return _PART_FACTS.validate_json(text)
