"""The dependency that turns a request's bearer token into a `Caller`."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from broker.accounts.models import Role
from broker.accounts.service import Caller, caller_of
from broker.database import Database
from broker.errors import Forbidden, Unauthorised

_bearer = HTTPBearer(auto_error=False, description="Printed once by `llagar-broker user add`")


class Authenticator:
    """`Depends(authenticator)` gives the caller; raises Unauthorised, and Forbidden for a role it doesn't admit."""

    def __init__(self, database: Database, *roles: Role) -> None:
        self._database = database
        self._roles = frozenset(roles or Role)

    def only(self, *roles: Role) -> "Authenticator":
        return Authenticator(self._database, *roles)

    async def __call__(self, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        if credentials is None:
            raise Unauthorised(
                "the request has no bearer token",
                where="Authorization",
                fix="send `Authorization: Bearer TOKEN`; the client reads it from LLAGAR_TOKEN",
            )
        async with self._database.reading() as session:
            caller = await caller_of(session, credentials.credentials)
        if caller.role not in self._roles:
            raise Forbidden(f"this is not for the role {caller.role}", where="Authorization", fix="use another account")
        return caller
