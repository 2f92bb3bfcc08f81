import pytest

from tests.peers.environments import environment, peers


def test_who_is_compared_with() -> None:
    assert {"octoprint", "printrun", "grbl-streamer", "moonraker"} <= set(peers())


def test_a_peer_that_nobody_knows() -> None:
    with pytest.raises(LookupError, match=r"requirements/peers has .*octoprint"):
        environment("cncjs")
