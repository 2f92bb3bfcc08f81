"""Which Llagar this is; agents and streamers of several versions may live side by side for as long as a run takes."""

VERSION = "0.1.0"
"""That of the distribution."""
