"""Errors of files, slicers and programs. Each says what is wrong, where, and what to do."""


class BridgeError(Exception):
    """A file or program can't be used."""


class BadFile(BridgeError):
    """The file is not what it says it is."""


class FileTooLarge(BadFile):
    """The file is over a cap."""


class UnitUnknown(BadFile):
    """The file doesn't say its unit and the size leaves it open: say mm or inch."""


class UnsupportedFormat(BadFile):
    """No reader for this kind of file."""


class ParserDied(BadFile):
    """The child that read the file was killed: it asked for more memory, time or space than is allowed."""


class RepairRefused(BridgeError):
    """The mesh can't be repaired without inventing or losing too much."""


class SlicerFailed(BridgeError):
    """The slicer ended without a usable program."""


class CutRefused(BridgeError):
    """The drawing can't be cut with this tool and sheet."""


class BadLimits(BridgeError):
    """A limits or profile file does not hold what it should."""


class BlockNotApproved(BridgeError):
    """A profile's start, end, change or layer G-code is not what the owner has approved."""
