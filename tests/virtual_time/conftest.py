from tests.shop_agent.conftest import short

__all__ = ["short"]
