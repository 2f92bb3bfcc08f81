"""Errors of the shop agent. Each says what is wrong, where, and what to do."""

from pathlib import Path


class AgentError(Exception):
    """The agent can't do this."""


class BadConfig(AgentError):
    """A file of the owner's does not hold what it should."""


class NotEnrolled(AgentError):
    """This agent has no name at its broker yet: run `llagar-agent enroll`."""


class EnrolmentFailed(AgentError):
    """The broker did not take this agent in."""


class Refused(AgentError):
    """A person's answer can't be taken; its text is the reason, and nothing has changed."""


class StagingFailed(AgentError):
    """No program could be made for a plate."""


class StreamerGone(AgentError):
    """No streamer answers for this machine."""


class StreamerSaidNo(AgentError):
    """The streamer refused; its text is the reason."""


class AlreadyRunning(AgentError):
    """Another process has this machine or data folder."""


class LinkRefused(AgentError):
    """The broker closed the socket on us or spoke another protocol."""


class JournalTorn(AgentError):
    """An event could not be committed, and what is remembered is ahead of the journal: start the agent again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class JournalFailed(AgentError):
    """The disk did not take what had to be written down."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} can't be written ({reason}): make room on its disk, or mend it, and start again")
        self.path = path


class JournalDamaged(AgentError):
    """A journal's file is not what was written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is damaged ({reason}): go and look at every machine, move the file and those that begin with its"
            " name aside, and start again; what it knew is lost, and the broker is told so"
        )
        self.path = path
