"""API keys: who calls, and what the key may do."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.context import context_of
from api.problems import Problem
from db.repositories import api_keys
from db.repositories.api_keys import Principal

Scope = Literal["read", "write", "run", "admin"]

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="api-key",
    description="An API key; make one: python -m api keys create --name NAME --scopes read,run",
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="coordinator"'}
_LONGEST_KEY = 512


class Needs:
    """A dependency: the request's key must have this scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(
        self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> Principal:
        """Return who calls.

        Raises:
            Problem: 401 without a good key, 403 without the scope.
        """
        if given is None or len(request.headers.getlist("authorization")) != 1:
            raise Problem(401, "unauthorized", "Send an API key: Authorization: Bearer rsk_...", headers=_CHALLENGE)
        principal = await self._verify(request, given.credentials)
        if principal is None:
            raise Problem(401, "unauthorized", "The API key is unknown, expired or revoked.", headers=_CHALLENGE)
        if self.scope not in principal.scopes:
            raise Problem(403, "forbidden", f"The API key does not have the scope {self.scope}.")
        return principal

    async def _verify(self, request: Request, presented: str) -> Principal | None:
        if len(presented) > _LONGEST_KEY:
            return None
        context = context_of(request)
        bootstrap = [key.get_secret_value() for key in context.settings.api_keys]
        # A bootstrap key works with the database away.
        if principal := api_keys.verify_bootstrap(presented, bootstrap):
            return principal
        async with context.database.session(read_only=True) as session:
            return await api_keys.verify(session, presented)


CanRead = Annotated[Principal, Depends(Needs("read"))]
CanWrite = Annotated[Principal, Depends(Needs("write"))]
CanRun = Annotated[Principal, Depends(Needs("run"))]
CanAdmin = Annotated[Principal, Depends(Needs("admin"))]
