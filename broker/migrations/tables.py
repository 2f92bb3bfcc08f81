"""Every table of the broker: importing this module fills `metadata`."""

import broker.accounts.models
import broker.ledger.models
import broker.orders.models
import broker.parts.models
import broker.processes.models
import broker.quotes.models
import broker.runs.models
import broker.workshops.models  # noqa: F401  (imported for its tables, like those above)
from broker.database import Base

metadata = Base.metadata
