"""Start and end blocks for engines that can't work out PrusaSlicer's expressions."""

from slicer_bridge.errors import BadLimits
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, end_block, start_block


def plain_ends(printer: PrinterProfile, material: FilamentProfile, top_mm: float) -> tuple[str, str]:
    """The shop's own blocks; `top_mm`: height of the highest part. Raises BadLimits for expressions not known here."""
    lift = f"{{min(max_layer_z + 10, {printer.height_mm:g})}}"
    end = "\n".join(end_block(printer)).replace(lift, f"{min(top_mm + 10, printer.height_mm):.3f}")
    return _plain("\n".join(start_block(printer, material)), printer), _plain(end, printer)


def _plain(block: str, printer: PrinterProfile) -> str:
    for line in block.splitlines():
        if any(brace in line for brace in "{}[]"):
            raise BadLimits(f"{line!r} in {printer.name}'s blocks is an expression that only PrusaSlicer works out")
    return block
