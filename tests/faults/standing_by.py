"""A process that is started before it is needed: it has imported all it will, and waits for a byte to go on.

Starting again after a death then takes no longer than the program's own start.
"""

import importlib
import os
from collections.abc import Mapping, Sequence

from tests.faults.points import Role

VARIABLE = "LLAGAR_FAULTS_STANDS_BY"
IMPORTS: Mapping[str, Sequence[str]] = {
    Role.BROKER: ("broker.app.cli", "broker.app.serving", "broker.pages.mount"),
    Role.AGENT: ("shop_agent.cli", "shop_agent.life"),
}


def stand_by(role: str) -> None:
    """Within the process; it ends where nobody is left to wake it."""
    for module in IMPORTS[role.partition("-")[0]]:
        importlib.import_module(module)
    if not os.read(0, 1):
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
