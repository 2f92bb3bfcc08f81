"""Entities of a DXF drawing's model space, block references unfolded; what is hidden is left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from ezdxf.document import Drawing
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.dxfgfx import DXFGraphic
from ezdxf.entities.insert import Insert

from slicer_bridge.errors import BadFile, FileTooLarge

MAX_ENTITIES = 50_000
"""After unfolding; ezdxf takes some 0.1 ms for each."""
MAX_NESTING = 32


@dataclass(slots=True)
class Unfolding:
    """Goes through the model space once. `hidden` counts entities that are invisible, or on a layer that is off."""

    document: Drawing
    name: str
    hidden: int = 0
    _totals: dict[str, int] = field(default_factory=dict)

    def entities(self) -> Iterator[DXFGraphic]:
        """Raises BadFile for blocks that are missing or hold themselves, FileTooLarge before too much is unfolded."""
        space = self.document.modelspace()
        total = sum(self._weight(entity, ()) for entity in space)
        if total > MAX_ENTITIES:
            raise FileTooLarge(
                f"{self.name} unfolds to {total:,} entities; at most {MAX_ENTITIES:,} are read: simplify the drawing"
            )
        yield from self._unfold(space, "0")

    def _weight(self, entity: DXFEntity, above: tuple[str, ...]) -> int:
        """Entities that this one unfolds to, itself included; each block is looked into once."""
        if not isinstance(entity, Insert):
            return 1
        return 1 + entity.mcount * self._block_weight(entity, above)

    def _block_weight(self, insert: Insert, above: tuple[str, ...]) -> int:
        key = insert.dxf.name.lower()
        if key in self._totals:
            return self._totals[key]
        block = insert.block()
        if block is None:
            raise BadFile(
                f"{self.name}: entity {insert.dxf.handle} refers to block {insert.dxf.name!r}, which is not there: "
                "export the drawing with its blocks, or explode them"
            )
        if key in above or len(above) >= MAX_NESTING:
            raise BadFile(
                f"{self.name}: block {insert.dxf.name!r} holds itself, or is nested over {MAX_NESTING} deep: "
                "explode its blocks"
            )
        self._totals[key] = 1 + sum(self._weight(entity, (*above, key)) for entity in block)
        return self._totals[key]

    def _unfold(self, entities: Iterable[DXFEntity], outer_layer: str) -> Iterator[DXFGraphic]:
        for one in entities:
            entity = cast("DXFGraphic", one)
            layer = outer_layer if entity.dxf.layer == "0" else entity.dxf.layer
            if not isinstance(entity, Insert):
                if self._visible(entity, layer, also_on=True):
                    yield entity
            elif self._visible(entity, layer, also_on=False):
                for single in entity.multi_insert() if entity.mcount > 1 else (entity,):
                    yield from self._unfold(single.virtual_entities(), layer)

    def _visible(self, entity: DXFGraphic, layer: str, *, also_on: bool) -> bool:
        """A frozen layer hides block references with all they hold; one that is off hides only what lies on it."""
        known = self.document.layers.get(layer) if self.document.layers.has_entry(layer) else None
        hidden = bool(entity.dxf.get("invisible", 0)) or (
            known is not None and (known.is_frozen() or (also_on and known.is_off()))
        )
        self.hidden += hidden
        return not hidden
