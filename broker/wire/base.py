"""What every message between broker and agent has in common."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Frozen; an unknown field is an error on either side."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")
