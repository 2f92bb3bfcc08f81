"""What ends a command of the rig: what is wrong, where, and what to do."""


class RigError(Exception):
    """The rig can't go on; `code` is the exit code of its command."""

    code = 1
