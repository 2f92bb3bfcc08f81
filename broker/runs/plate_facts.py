"""What the rules want to know of a run's plate."""

from broker.runs.book import Book
from broker.runs.lifecycle.facts import PlateFacts
from broker.runs.models import Run
from broker.wire.plates import Plate
from broker.wire.shop import Process


async def needs(book: Book, run: Run) -> PlateFacts:
    """What its setup must be like."""
    plate = Plate.model_validate_json((await book.plate(run.plate_id)).document)
    return PlateFacts(plate.material, plate.process is Process.FDM)


async def pieces_left(book: Book, run: Run) -> PlateFacts:
    """What a count of it has to account for."""
    pieces = {row.lot_id: row.pieces for row in (await book.plate_lots([run.plate_id]))[run.plate_id]}
    skips = await book.skips(run.id)
    for skipped in skips:
        pieces[skipped.lot_id] -= 1
    return PlateFacts(pieces=pieces, skipped=frozenset(skipped.object for skipped in skips))
