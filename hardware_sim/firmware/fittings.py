"""What is on a machine against what its job wants: material, colour, nozzle, sheet, tool."""

from hardware_sim.firmware.witness import Witness

Fittings = dict[str, str | float]
"""Names as in the commands that a person has (`hardware_sim.firmware.acts`); lengths in mm."""

TOLERANCE = 1e-3


def mismatches(wanted: Fittings, fitted: Fittings) -> list[str]:
    """One phrase for each that is wanted and not there."""
    return [
        f"{name} {fitted.get(name, 'unknown')} instead of {value}"
        for name, value in wanted.items()
        if not _equal(value, fitted.get(name))
    ]


def _equal(wanted: str | float, fitted: str | float | None) -> bool:
    if isinstance(wanted, str) or isinstance(fitted, str) or fitted is None:
        return wanted == fitted
    return abs(wanted - fitted) <= TOLERANCE


def note_job(witness: Witness, now: float, wanted: Fittings, fitted: Fittings) -> None:
    """A job began: log what it is made of, and count it where that is not what it should be."""
    wrong = mismatches(wanted, fitted)
    witness.counters.mismatched_jobs += bool(wrong)
    details = {name: round(value, 3) if isinstance(value, float) else value for name, value in fitted.items()}
    witness.note("job_fittings", now, **details, mismatch="; ".join(wrong))
