"""What somebody vouches for at a machine before a run may start."""

from pydantic import AwareDatetime, Field

from broker.wire.base import Wire


class SetupRecord(Wire):
    """What an operator confirmed at the machine: single use, bound to machine, run and boot id."""

    id: str
    operator: str
    boot_id: str
    at: AwareDatetime
    bed_clear: bool
    material: str
    tool_mm: float
    sheet_mm: tuple[float, float, float] | None = None
    work_zero_mm: tuple[float, float, float] | None = None
    """Work offset read back from the firmware, machine coordinates; routers and lasers only."""
    clamps_clear: bool | None = None
    extraction_on: bool | None = None
    # What wasn't asked for goes unsaid: a broker that is older doesn't know it.
    colour: str = Field(default="", exclude_if=lambda colour: not colour)
    surface: str = Field(default="", exclude_if=lambda surface: not surface)
    """The sheet on a printer's bed."""
    spools: tuple[str, ...] = Field(default=(), exclude_if=lambda spools: not spools)
    """By the shop's own names: the loaded one, then those that follow it."""
    stays: bool = Field(default=False, exclude_if=lambda stays: not stays)
    """The operator is there until the spool has been changed."""
    tool_length: str | None = Field(default=None, exclude_if=lambda length: length is None)
    """How the length of a router's tool is known."""
