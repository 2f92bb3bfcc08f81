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
    data_bytes: int
    cpu_s: int
    file_bytes: int
    features: bool = False
    repair: bool = False

    @classmethod
    def of_ours(
        cls, path: Path, workdir: Path, max_triangles: int, unit: str | None = None, *, features: bool = False
    ) -> "Request":
        """For a file that nobody else made, read without limits in this very process."""
        return cls(
            path=path,
            workdir=workdir,
            unit=unit,
            max_triangles=max_triangles,
            memory_bytes=0,
            data_bytes=0,
            cpu_s=0,
            file_bytes=0,
            features=features,
        )


class Reply(BaseModel, frozen=True):
    """Either facts, or an error's class name and words."""

    facts: PartFacts | None = None
    repair: Repair | None = None
    error: str = ""
    message: str = ""
