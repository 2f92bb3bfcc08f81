"""What the agent asks of the child that makes a program, and what it answers."""

from pathlib import Path

from pydantic import BaseModel

from broker.wire.shop import MachineSpec
from shop_agent.state.records import PlateNeeds, Program


class MakeOrder(BaseModel, frozen=True):
    """`parts` holds every part of the plate by its SHA-256; the program is written into `folder`."""

    plate: Path
    parts: Path
    folder: Path
    machine: MachineSpec
    profile: Path
    limits: Path
    policy: Path


class Made(BaseModel, frozen=True):
    """Either a program, or why there is none."""

    program: Program | None = None
    needs: PlateNeeds | None = None
    error: str = ""
