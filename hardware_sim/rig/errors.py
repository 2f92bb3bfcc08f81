"""What the rig for testers says when it can't go on."""

from hardware_sim.errors import RigError


class BadRigFile(RigError):
    """A rig.toml, or the bundle of a rig, that can't be used."""

    code = 2


class BadWords(RigError):
    """A command's words name what isn't there."""

    code = 2


class NoRig(RigError):
    """No rig was found, or more than one."""


class MachineFailed(RigError):
    """A machine's process didn't come up, or ended by itself."""


class Refused(RigError):
    """The machine refused a command."""
