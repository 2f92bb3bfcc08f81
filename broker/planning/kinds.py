"""Stations that are alike to the plan: one kind has one bed, one set of sheets, one price."""

from collections.abc import Sequence
from dataclasses import dataclass

from broker.planning.situation import OpenLine, Station
from broker.scheduling.plates.geometry import Box, Table
from broker.wire.shop import MachineSpec, Process, Stock

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of machines, by one of them."""

    first: Station

    @property
    def spec(self) -> MachineSpec:
        return self.first.spec

    def thickness_mm(self, material: str) -> float:
        """Of its sheet of a material; 0 where it has none."""
        sheet = self._sheet(material)
        return sheet[2] if sheet else 0.0

    def size_mm(self, material: str) -> tuple[float, float]:
        """Bed, or what of a material's sheet lies on it."""
        width, depth, _ = self.spec.volume_mm
        sheet = self._sheet(material)
        return (min(width, sheet[0]), min(depth, sheet[1])) if sheet else (width, depth)

    def usable_mm(self, material: str) -> Box:
        (width, depth), margin = self.size_mm(material), self.spec.margin_mm
        return margin, margin, width - margin, depth - margin

    def table(self, material: str) -> Table:
        return Table(self.usable_mm(material), self.spec.volume_mm[2], self.spec.spacing_mm, self.spec.keep_out_mm)

    def why_not(self, line: OpenLine) -> str:
        """What stands against the line here, its shape aside; "" if nothing does."""
        if self.spec.process is not line.process:
            return f"machine does {self.spec.process}, the part needs {line.process}"
        stock = self.first.stock(line.material)
        if stock is None:
            return f"no {line.material} for this machine: it takes {', '.join(self.spec.materials) or 'nothing'}"
        if line.process is Process.CUT2D:
            return self._why_no_sheet(line.material, stock)
        return self._why_no_bed(line.material)

    def _why_no_sheet(self, material: str, stock: Stock) -> str:
        thickness, most = self.thickness_mm(material), self.spec.volume_mm[2]
        if stock.sheet_mm is None:
            return f"{material} is no sheet"
        if thickness > most:
            return f"sheet is {thickness:g} mm thick, machine takes {most:g} mm"
        return self._why_no_bed(material)

    def _why_no_bed(self, material: str) -> str:
        x0, y0, x1, y1 = self.usable_mm(material)
        return "" if x1 > x0 and y1 > y0 else f"margins of {self.spec.margin_mm:g} mm leave nothing of its bed"

    def _sheet(self, material: str) -> tuple[float, float, float] | None:
        stock = self.first.stock(material) if self.spec.process is Process.CUT2D else None
        return stock.sheet_mm if stock else None


def kinds_of(stations: Sequence[Station]) -> tuple[tuple[Kind, ...], list[int]]:
    """The kinds, and which of them each station is of."""
    numbers: dict[Key, int] = {}
    kinds: list[Kind] = []
    of = []
    for station in stations:
        number = numbers.setdefault(_key(station), len(kinds))
        if number == len(kinds):
            kinds.append(Kind(station))
        of.append(number)
    return tuple(kinds), of


def _key(station: Station) -> Key:
    spec = station.spec
    sheets = tuple(sorted((stock.material.casefold(), stock.sheet_mm or ()) for stock in station.inventory.stock))
    taken = tuple(material.casefold() for material in spec.materials)
    of_bed = spec.volume_mm, spec.margin_mm, spec.spacing_mm, spec.keep_out_mm
    return spec.process, *of_bed, spec.tool_mm, spec.attended, taken, sheets, station.inventory.rates.machine_per_h
