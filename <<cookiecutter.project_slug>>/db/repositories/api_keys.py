"""Keys of the API: `rsk_<id>_<secret>`. Only a hash of the secret is kept, so a lost key cannot be shown again.

The secret has 256 random bits: it cannot be guessed, so one round of SHA-256 hides it as well as a slow hash would.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import SCOPES, ApiKey
from db.types import new_id, utc_now

PREFIX = "rsk"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: the key's id (None for a bootstrap key), its name and its scopes."""

    key_id: uuid.UUID | None
    name: str
    scopes: frozenset[str]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def create(
    session: AsyncSession,
    name: str,
    scopes: Iterable[str],
    *,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> tuple[str, ApiKey]:
    """Make a key; return it, for the only time, with its row.

    Raises:
        ValueError: a scope that is none of SCOPES, no scope, or no name.
    """
    wanted = sorted(set(scopes), key=lambda scope: (SCOPES.index(scope) if scope in SCOPES else -1, scope))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise ValueError(f"Unknown scope {', '.join(unknown)}; there are: {', '.join(SCOPES)}.")
    if not wanted:
        raise ValueError(f"A key needs at least one scope of: {', '.join(SCOPES)}.")
    if not name.strip():
        raise ValueError("A key needs a name that says who uses it.")
    secret = secrets.token_urlsafe(32)
    row = ApiKey(
        id=new_id(),
        name=name.strip(),
        key_hash=_hash(secret),
        scopes=wanted,
        created_at=now or utc_now(),
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return f"{PREFIX}_{row.id.hex}_{secret}", row


def verify_bootstrap(presented: str, bootstrap: Iterable[str]) -> Principal | None:
    """Return every scope for a key of API_KEYS, else None; takes as long for each key that is wrong."""
    digest, found = _hash(presented), False
    for key in bootstrap:
        found |= hmac.compare_digest(digest, _hash(key))
    return Principal(None, "bootstrap", frozenset(SCOPES)) if found else None


async def verify(
    session: AsyncSession, presented: str, *, bootstrap: Iterable[str] = (), now: datetime | None = None
) -> Principal | None:
    """Return who a presented key stands for; None if it is unknown, wrong, expired or revoked."""
    if principal := verify_bootstrap(presented, bootstrap):
        return principal
    prefix, _, rest = presented.partition("_")
    key_id, _, secret = rest.partition("_")
    try:
        row = await session.get(ApiKey, uuid.UUID(hex=key_id)) if prefix == PREFIX else None
    except ValueError:
        row = None
    right = hmac.compare_digest(_hash(secret), row.key_hash if row else _hash(""))
    if row is None or not right or row.state(now or utc_now()) != "active":
        return None
    return Principal(row.id, row.name, frozenset(row.scopes))


async def revoke(session: AsyncSession, id: uuid.UUID, now: datetime | None = None) -> bool:  # noqa: A002
    """End a key at once; False if there is none of this id, or it was revoked before."""
    written = await session.scalar(
        update(ApiKey)
        .where(ApiKey.id == id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now or utc_now())
        .returning(ApiKey.id)
        .execution_options(synchronize_session="fetch")
    )
    return written is not None


async def list_all(session: AsyncSession) -> list[ApiKey]:
    """Return every key, newest first, revoked ones too."""
    return list(await session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))
