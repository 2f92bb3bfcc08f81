"""What the broker's one TOML file may hold. An unknown key is an error; LLAGAR_DATABASE_URL overrides the file."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from broker.errors import BadRequest

CONFIG_NAME = "broker.toml"
EMBEDDED_NAME = "broker.sqlite"


class BadSettings(BadRequest):
    title = "The settings can't be used"


class Settings(BaseModel):
    """Lengths of time in the unit of their name; `fee_percent` of what the shops earn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Path("llagar-data")
    """Folder of the embedded database, the blobs and the address that the broker listens on."""
    shared: Path | None = None
    """Folder of uploads and of the key that signs cookies; None is the data folder. Several processes share one."""
    database_url: str | None = None
    """`postgresql://USER@HOST/NAME` to scale; None is SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: int = Field(default=8040, ge=0, le=65535)
    """0 takes a free one; the real one is written to DATA/address."""
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    upload_cap_bytes: int = Field(default=100_000_000, ge=1)
    fee_percent: Decimal = Field(default=Decimal(10), ge=0, le=100)
    quote_life_h: float = Field(default=24.0, gt=0)
    max_quantity: int = Field(default=100_000, ge=1)
    """Pieces of one item."""
    max_items: int = Field(default=50, ge=1)
    """Items of one quote."""
    lead_margin: float = Field(default=0.25, ge=0)
    """Added to the planned lead time before it is promised, as a share of it."""

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data.resolve() / EMBEDDED_NAME}"

    @property
    def files(self) -> Path:
        """Where what is shared lies."""
        return self.shared or self.data


def load_settings(path: Path | None, environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from `path`, else defaults; overrides that are None don't count.

    Relative folders in the file are relative to the file. Raises BadSettings.
    """
    values = _read(path) if path is not None else {}
    for folder in ("data", "shared"):
        if path is not None and isinstance(values.get(folder), str):
            values[folder] = path.parent / str(values[folder])
    if url := environ.get("LLAGAR_DATABASE_URL"):
        values["database_url"] = url
    values |= {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(step) for step in first["loc"])
        raise BadSettings(
            f"{key}: {first['msg']}",
            where=f"{path or 'command line'}: {key}",
            fix=f"known keys are {', '.join(Settings.model_fields)}",
        ) from error


def _read(path: Path) -> dict[str, object]:
    try:
        return dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSettings(
            f"can't read {path}: {error.strerror}", where=str(path), fix="name a readable file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is no TOML: {error}", where=str(path), fix="correct the line") from error
