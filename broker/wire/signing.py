"""The texts that an agent signs beside its events, and the headers of a signed GET."""

AGENT_HEADER = "Llagar-Agent"
TIME_HEADER = "Llagar-Time"
SIGNATURE_HEADER = "Llagar-Signature"


def hello_text(nonce: str, agent: str, epoch: str) -> str:
    return f"llagar-hello|{nonce}|{agent}|{epoch}"


def key_text(agent: str, time: str, public_key: str) -> str:
    """A key that is to follow an agent's present one. `time` in ISO 8601 with offset."""
    return f"llagar-key|{agent}|{time}|{public_key}"


def get_text(agent: str, time: str, path: str) -> str:
    """`time` as in its header (ISO 8601 with offset); `path` from the root, such as /api/v1/agents/blobs/…"""
    return f"llagar-get|{agent}|{time}|{path}"
