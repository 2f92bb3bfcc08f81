"""`python -m slicer_bridge`: exit 0 done, 1 refused with reasons, 2 bad input or use."""

import sys

from slicer_bridge.command_line.main import main

sys.exit(main(sys.argv[1:]))
