"""`python -I printcore_host.py PORT FILE`: print FILE with printcore, in the environment that has it.

Says `ended` once everything was sent and acknowledged, then keeps the port until standard input ends.
"""

import sys
import threading
from pathlib import Path

from printrun.gcoder import LightGCode
from printrun.printcore import printcore

PATIENCE_S = 60.0


def main(port: str, file: str) -> int:
    online, ended = threading.Event(), threading.Event()
    host = printcore()
    host.onlinecb = online.set
    host.endcb = ended.set
    host.errorcb = lambda error: print(error, file=sys.stderr, flush=True)
    host.connect(port, 115200)
    host.startprint(LightGCode(Path(file).read_text().splitlines())) if online.wait(PATIENCE_S) else None
    printed = ended.wait(PATIENCE_S)
    print("ended" if printed else "gave up", flush=True)
    sys.stdin.read()
    host.disconnect()
    return 0 if printed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
