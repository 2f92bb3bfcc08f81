"""What a backup says of itself. It is written last: a folder without it is no backup."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from broker.app.backups.errors import RestoreRefused
from broker.app.backups.files import sync_folder, write_synced

NAME = "manifest.json"
FORMAT = 1
Sha256 = str
Kind = Literal["sqlite", "postgresql"]
DATABASE_NAMES: dict[Kind, str] = {"sqlite": "broker.sqlite", "postgresql": "broker.dump"}


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    software: str
    """Version of Llagar that made it."""
    revision: str
    """Of the tables."""
    broker_epoch: str
    """The history that it is a moment of."""
    made_at: datetime
    """When the database's copy was begun."""
    kind: Kind
    database_sha256: Sha256
    database_bytes: int
    blobs: dict[Sha256, int] = Field(default_factory=dict)
    """Bytes of each."""

    @property
    def database_name(self) -> str:
        return DATABASE_NAMES[self.kind]

    def write(self, folder: Path) -> None:
        write_synced(folder / NAME, self.model_dump_json(indent=1).encode())
        sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """Raises RestoreRefused for what is no backup, or one of another format."""
    path = folder / NAME
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RestoreRefused(
            f"{folder} is no backup: {NAME} can't be read ({error.strerror})",
            where=str(path),
            fix="name a folder that `llagar-broker backup` made; without the manifest it was never finished",
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise RestoreRefused(
            f"the manifest can't be used: {first['msg']}",
            where=f"{path}: {'.'.join(str(step) for step in first['loc'])}",
            fix="take another backup, or restore with the program that made this one",
        ) from error
    if manifest.format != FORMAT:
        raise RestoreRefused(
            f"the backup has format {manifest.format}, this program reads {FORMAT}",
            where=str(path),
            fix=f"restore it with Llagar {manifest.software}",
        )
    return manifest
