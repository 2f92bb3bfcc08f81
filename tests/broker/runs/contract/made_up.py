"""Acts as hypothesis makes them up: mostly what may follow, and enough of what may not."""

from hypothesis import strategies as st

from broker.wire.messages import Availability
from tests.broker.runs.contract.acts import (
    Accept,
    Act,
    Alter,
    Ask,
    Beat,
    Begin,
    Correct,
    Decline,
    Deliver,
    Forge,
    Keep,
    Next,
    Report,
    Resend,
    Say,
    Skip,
    TakeBack,
    Wait,
)
from tests.broker.runs.contract.seeded import KEYS, LOTS, MACHINES, RUNS
from tests.broker.runs.contract.words import KINDS

_RUNS, _AGENTS = st.sampled_from(sorted(RUNS)), st.sampled_from(sorted(KEYS))
_LOTS = st.sampled_from(sorted(LOTS))
_OFF = st.sampled_from((0, 0, 0, 0, -1, 1))
_RECORDS = st.sampled_from(("", "", "wrong", "dirty", "record-run1"))
_SAY = st.builds(Say, _RUNS, st.sampled_from(KINDS), st.just(""), _OFF, _OFF, st.integers(0, 5), _RECORDS)
_NEXT = st.builds(Next, _RUNS)
_RARE: tuple[st.SearchStrategy[Act], ...] = (
    st.builds(Say, _RUNS, st.sampled_from(KINDS), _AGENTS),
    st.builds(Skip, _RUNS, st.sampled_from(("piece 1", "piece 2"))),
    st.builds(Correct, _RUNS, st.integers(0, 5)),
    st.builds(Keep, _AGENTS),
    st.builds(Resend, _AGENTS),
    st.builds(Alter, _AGENTS),
    st.builds(Forge, _AGENTS),
    st.builds(Begin, _AGENTS, st.integers(1, 3)),
    st.builds(Ask, _RUNS, st.sampled_from(("r1", "r2")), st.sampled_from(("", "other")), _OFF, _OFF),
    st.builds(
        Beat,
        _AGENTS,
        st.lists(_RUNS, unique=True, max_size=4).map(tuple),
        st.sampled_from((Availability.FREE, Availability.BUSY)),
    ),
    st.builds(Report, _RUNS, st.integers(0, 1000)),
    st.builds(TakeBack, st.sampled_from(sorted(MACHINES))),
    st.builds(Accept, _LOTS, st.integers(0, 9)),
    st.builds(Decline, _LOTS),
    st.builds(Deliver, _LOTS),
    st.builds(Wait, st.sampled_from((0.0, 0.5, 1.5, 2.0, 3.0, 10.0, 100.0))),
)
ACTS: st.SearchStrategy[Act] = st.one_of(_NEXT, _NEXT, _NEXT, _NEXT, _SAY, _SAY, *_RARE)
