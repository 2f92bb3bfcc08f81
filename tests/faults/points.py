"""The failpoints: where broker, agent, maker and streamer may be killed.

A place is a function by its qualified name, or the commit of a transaction that such a function makes. Each has two
points, `NAME.before` and `NAME.after`. `when` sees the function's arguments (of a commit: its variables at that moment)
and says whether this pass counts. All processes of a world import this before anything else: standard library alone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Named = Mapping[str, Any]
When = Callable[[Named], bool]


class Role(StrEnum):
    """Whose process; agents and streamers are told apart by shop and machine."""

    BROKER = "broker"
    AGENT = "agent"
    MAKER = "maker"
    STREAMER = "streamer"
    KEYS = "keys"
    """Has another key follow an agent's."""


class Needs(StrEnum):
    """What must be brought about for the place to be passed."""

    ORDER = "order"
    """Nothing: every order passes it."""
    FAULT = "fault"
    """A machine that breaks in mid-run."""
    HOLD = "hold"
    """A person who holds a print, and lets it go on."""
    CANCEL = "cancel"
    """A person who cancels a run."""
    DOUBT = "doubt"
    """An agent killed between permit and start."""
    LEFT = "left"
    """A streamer killed in mid-run."""
    SOCKET = "socket"
    """A shop with a WebSocket to its broker."""
    POLL = "poll"
    """A shop that no WebSocket gets through to."""
    KEYS = "keys"
    """An owner who has another key follow the agent's."""
    SKIP = "skip"
    """A person who leaves an object of a print out."""
    CORRECT = "correct"
    """A person who puts a count right."""
    LAPSE = "lapse"
    """An agent that leaves an offer unanswered."""


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    role: Role
    module: str
    function: str
    when: When | None = None
    needs: Needs = Needs.ORDER
    commit: bool = False
    """The place is the commit that is made within the function, not the function."""
    since: str = ""
    """Only the first pass after one of this place counts."""

    @property
    def points(self) -> tuple[str, str]:
        return f"{self.name}.before", f"{self.name}.after"


def _says(*types: str) -> When:
    """A frame on its way out, by its JSON."""

    def of_type(named: Named) -> bool:
        message = named["message"]
        text = message.get("text") if isinstance(message, dict) else message
        return isinstance(text, str) and json.loads(text).get("type") in types

    return of_type


def _asks(verb: str) -> When:
    return lambda named: bool(named["request"].verb == verb)


def _told(kind: str) -> When:
    """A commit of the agent's that tells the broker this."""
    return lambda named: any(one.body.kind == kind for one in named["unsent"])


def _stored(kind: str) -> When:
    """A commit of the broker's inbox with an event of this kind."""
    return lambda named: any(f'"kind":"{kind}"' in event.payload for event in named["kept"])


def _heeded(named: Named) -> bool:
    """A commit of the broker's inbox with signs of life."""
    return bool(named["heeded"])


def _permitted(named: Named) -> bool:
    """A commit of the agent's with a permit."""
    memory, runs = named["memory"], named["changed"].runs
    return any(run in memory.runs and memory.runs[run].phase == "permitted" for run in runs)


def _wrote(kind: str) -> When:
    """An entry of a streamer's journal."""
    return lambda named: bool(named["report"].kind == kind)


def _broker_commits(
    name: str, module: str, function: str, when: When | None = None, needs: Needs = Needs.ORDER
) -> Place:
    return Place(f"broker.{name}.commit", Role.BROKER, module, function, when, needs, commit=True)


def _broker_says(type_: str) -> Place:
    return Place(f"broker.{type_}.send", Role.BROKER, "broker.runs.link.socket", "SocketChannel._out", _says(type_))


def _agent_commits(kind: str, needs: Needs = Needs.ORDER) -> Place:
    where = "shop_agent.journal", "Journal.commit"
    return Place(f"agent.{kind}.commit", Role.AGENT, *where, _told(kind), needs, commit=True)


def _agent_says(type_: str) -> Place:
    where = "websockets.asyncio.connection", "Connection.send"
    return Place(f"agent.{type_}.send", Role.AGENT, *where, _says(type_), Needs.SOCKET)


def _agent_posts(verb: str) -> Place:
    where = "shop_agent.link.polling", "PollTransport._post"
    return Place(f"agent.{verb}.post", Role.AGENT, *where, lambda named: bool(named["verb"] == verb), Needs.POLL)


def _broker_answers(verb: str) -> Place:
    return Place(f"broker.{verb}.answer", Role.BROKER, "broker.runs.link.polling", f"Polls.{verb}", None, Needs.POLL)


def _keys(function: str) -> Place:
    """A step of a key that follows another."""
    return Place(f"keys.{function}", Role.KEYS, "shop_agent.rotation", function, None, Needs.KEYS)


def _agent_asks(verb: str, needs: Needs = Needs.ORDER) -> Place:
    where = "shop_agent.streamer.client", "StreamerClient.ask"
    return Place(f"agent.{verb}.ask", Role.AGENT, *where, _asks(verb), needs)


def _streamer_commits(
    name: str, function: str, when: When | None = None, needs: Needs = Needs.ORDER, *, commit: bool = True
) -> Place:
    return Place(f"streamer.{name}.commit", Role.STREAMER, "shop_agent.streamer.journal", function, when, needs, commit)


def _wrote_of(kind: str, needs: Needs = Needs.ORDER) -> Place:
    return _streamer_commits(kind, "RunJournal.append", _wrote(kind), needs)


def _only_makes_safe(named: Named) -> bool:
    return not named["program"]


def _synced(role: Role, needs: Needs = Needs.ORDER) -> Place:
    return Place(f"{role}.file.fsync", role, "os", "fsync", None, needs)


PLACES: tuple[Place, ...] = (
    _broker_commits("welcome", "broker.runs.link.admission", "Admission._admit_all"),
    _broker_commits("inbox", "broker.runs.inbox", "Inbox._store_all"),
    _broker_commits("counted", "broker.runs.inbox", "Inbox._store_all", _stored("counted")),
    _broker_commits("handed_over", "broker.runs.inbox", "Inbox._store_all", _stored("handed_over")),
    _broker_commits("skipped", "broker.runs.inbox", "Inbox._store_all", _stored("skipped"), Needs.SKIP),
    _broker_commits("corrected", "broker.runs.inbox", "Inbox._store_all", _stored("corrected"), Needs.CORRECT),
    _broker_commits("heartbeat", "broker.runs.inbox", "Inbox._store_all", _heeded),
    _broker_commits("permit", "broker.runs.link.conversation", "Conversation._permit"),
    _broker_commits("plan", "broker.planning.tick", "Planner._plan"),
    _broker_commits("offer", "broker.planning.tick", "Planner._offer"),
    _broker_commits("lapse", "broker.runs.timers", "Timers._lapse", needs=Needs.LAPSE),
    *map(_broker_says, ("welcome", "ack", "run_offer", "permit")),
    *map(_broker_answers, ("open", "say", "hear")),
    _broker_commits("key", "broker.workshops.endpoints", "router.<locals>.keys", needs=Needs.KEYS),
    _synced(Role.BROKER),
    *map(_agent_commits, ("lot_accepted", "claimed", "staged", "armed", "starting", "running", "finished", "counted")),
    Place("agent.permitted.commit", Role.AGENT, "shop_agent.journal", "Journal.commit", _permitted, commit=True),
    _agent_commits("machine"),
    _agent_commits("handed_over"),
    _agent_commits("faulted", Needs.FAULT),
    _agent_commits("settled", Needs.FAULT),
    _agent_commits("unknown", Needs.LEFT),
    _agent_commits("skipped", Needs.SKIP),
    _agent_commits("corrected", Needs.CORRECT),
    _agent_commits("paused", Needs.HOLD),
    _agent_commits("resumed", Needs.HOLD),
    _agent_commits("stopped", Needs.CANCEL),
    _agent_commits("not_started", Needs.DOUBT),
    Place("agent.acknowledged.commit", Role.AGENT, "shop_agent.journal", "Journal.acknowledge"),
    *map(_agent_says, ("hello", "events", "permit_request")),
    *map(_agent_posts, ("open", "say", "hear")),
    *map(_keys, ("make_key", "register", "take_up", "replace_durably")),
    _agent_asks("start"),
    _agent_asks("forbid", Needs.DOUBT),
    _agent_asks("local_reset", Needs.FAULT),
    _synced(Role.AGENT),
    _synced(Role.MAKER),
    _streamer_commits("start", "RunJournal.start"),
    Place(
        "streamer.first_bytes.send", Role.STREAMER, "drivers.transports", "Port._write", since="streamer.start.commit"
    ),
    *map(_wrote_of, ("running", "finished")),
    _wrote_of("paused", Needs.HOLD),
    _wrote_of("resumed", Needs.HOLD),
    _wrote_of("object_skipped", Needs.SKIP),
    _wrote_of("faulted", Needs.FAULT),
    _wrote_of("stopped", Needs.CANCEL),
    _wrote_of("unknown", Needs.LEFT),
    _streamer_commits("forbidden", "RunJournal.forbid", needs=Needs.DOUBT),
    _streamer_commits("reset", "RunJournal.reset", needs=Needs.FAULT, commit=False),
    Place(
        "streamer.made_safe",
        Role.STREAMER,
        "drivers.streaming.serial_driver",
        "SerialDriver.run",
        _only_makes_safe,
        Needs.LEFT,
    ),
)
