"""What parent and child say to each other when a stranger's file is read."""

from pathlib import Path

from pydantic import BaseModel

from slicer_bridge.facts import PartFacts, Repair


class Request(BaseModel, frozen=True):
    path: Path
    workdir: Path
    unit: str | None
    max_triangles: int
    memory_bytes: int
    cpu_s: int
    file_bytes: int
    features: bool = False
    repair: bool = False


class Reply(BaseModel, frozen=True):
    """Either facts, or an error's class name and words."""

    facts: PartFacts | None = None
    repair: Repair | None = None
    error: str = ""
    message: str = ""
