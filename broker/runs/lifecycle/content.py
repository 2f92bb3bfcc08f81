"""What an event tells has to fit the run's plate."""

from broker.runs.lifecycle.errors import Unfit
from broker.runs.lifecycle.events import Counts, PieceSkipped, Record, Said
from broker.runs.lifecycle.facts import PlateFacts, RunFacts


def require_content(run: RunFacts, said: Said) -> None:
    """Raises Unfit."""
    match said.told:
        case Record():
            require_record(run.plate, said.told)
        case Counts():
            require_counts(run.plate, said.told)
        case _:
            return


def require_record(plate: PlateFacts, record: Record) -> None:
    """A record is used once, and says what the plate asks for. Raises Unfit."""
    if record.was_used:
        raise Unfit(f"setup record {record.id} was used before")
    if record.material != plate.material:
        raise Unfit(f"the plate needs {plate.material}; loaded is {record.material}")
    if plate.prints and not record.bed_clear:
        raise Unfit("the setup record doesn't say that the bed is clear")
    if not plate.prints and not (record.clamps_clear and record.extraction_on):
        raise Unfit("the setup record doesn't say that the clamps are clear and the extraction is on")


def require_counts(plate: PlateFacts, counts: Counts) -> None:
    """Raises Unfit unless a person counted the plate's lots, and they add up.

    A whole count: good + scrap = the plate's pieces but for those that were skipped, for every lot; else at most that,
    and a lot may be left out.
    """
    named = [lot.lot for lot in counts.lots]
    if not counts.operator.strip():
        raise Unfit("nobody says that they have counted: the operator's name is missing")
    if len(set(named)) != len(named) or not set(named) <= set(plate.pieces):
        raise Unfit(f"the plate holds the lots {', '.join(plate.pieces)}, each once; counted were {', '.join(named)}")
    totals = dict.fromkeys(plate.pieces, 0) | {lot.lot: lot.good + lot.scrap for lot in counts.lots}
    for name, pieces in plate.pieces.items():
        if totals[name] > pieces or (counts.whole and totals[name] != pieces):
            raise Unfit(f"the plate holds {pieces} pieces of {name}; good and scrap add up to {totals[name]}")


def require_piece(plate: PlateFacts, skipped: PieceSkipped) -> None:
    """Raises Unfit if it isn't there to be skipped."""
    if not plate.pieces.get(skipped.lot):
        raise Unfit(f"no piece of lot {skipped.lot!r} is left on the plate")
    if skipped.object in plate.skipped:
        raise Unfit(f"{skipped.object} was skipped before")
