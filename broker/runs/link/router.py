from fastapi import APIRouter
from starlette.routing import WebSocketRoute

from broker.runs.link.socket import AgentSocket
from broker.runs.link.switchboard import Switchboard


def router(switchboard: Switchboard) -> APIRouter:
    routes = APIRouter(tags=["agents"])
    routes.routes.append(WebSocketRoute("/agents/socket", AgentSocket(switchboard)))
    return routes
