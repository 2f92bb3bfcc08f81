"""Which lead times are worth a choice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.quotes.price import PriceLine
from broker.quotes.terms import Terms, worth_offering
from broker.wire.tiers import Tier

_E, _S, _Y = Tier.EXPRESS, Tier.STANDARD, Tier.ECONOMY


def _terms(total: int, hours: float) -> Terms:
    return Terms((PriceLine("machine", "", total - 1, 0), PriceLine("fee", "", 1, None)), 3600 * hours)


_CASES: dict[str, tuple[dict[Tier, tuple[int, float]], tuple[Tier, ...]]] = {
    "a choice of three": ({_E: (30, 10), _S: (20, 20), _Y: (10, 90)}, (_E, _S, _Y)),
    "all alike": ({_E: (20, 20), _S: (20, 20), _Y: (20, 20)}, (_S,)),
    "only standard": ({_S: (20, 20)}, (_S,)),
    "express is dearer and no sooner": ({_E: (30, 20), _S: (20, 20)}, (_S,)),
    "express is dearer and sooner by seconds": ({_E: (30, 20 - 30 / 3600), _S: (20, 20)}, (_S,)),
    "express is as cheap": ({_E: (20, 10), _S: (20, 20)}, (_E, _S)),
    "economy is later and no cheaper": ({_S: (20, 20), _Y: (20, 90)}, (_S,)),
    "economy is as soon and cheaper": ({_S: (20, 20), _Y: (10, 20)}, (_S,)),
    "express is cheaper and no sooner": ({_E: (10, 30), _S: (20, 20)}, (_S,)),
    "economy is sooner and dearer": ({_S: (20, 20), _Y: (30, 10)}, (_S,)),
    "economy is as soon as express": ({_E: (15, 10), _S: (20, 20), _Y: (12, 10)}, (_S,)),
    "economy is dearer than express": ({_E: (12, 10), _S: (20, 20), _Y: (15, 90)}, (_E, _S)),
}


@pytest.mark.parametrize("case", _CASES)
def test_nobody_chooses_between_equals(case: str) -> None:
    known, expected = _CASES[case]
    offered = worth_offering({tier: _terms(*terms) for tier, terms in known.items()})
    assert tuple(offered) == expected


def test_the_better_terms_stand_as_standard() -> None:
    economy = _terms(10, 20)
    assert worth_offering({_S: _terms(20, 20), _Y: economy}) == {_S: economy}


_TERMS = st.builds(_terms, st.integers(1, 4), st.integers(1, 4).map(float))


@settings(deadline=None, max_examples=200)
@given(st.fixed_dictionaries({_S: _TERMS}, optional={_E: _TERMS, _Y: _TERMS}))
def test_none_that_is_offered_beside_standard_is_beaten_by_another(terms: dict[Tier, Terms]) -> None:
    offered = worth_offering(terms)
    assert _S in offered
    for tier, own in offered.items():
        others = [other for at, other in offered.items() if at is not tier]
        beaten = any(other.total <= own.total and other.ready_s <= own.ready_s for other in others)
        assert not beaten or tier is _S
