"""The one statement that SQLAlchemy spells differently for SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import Base


def insert(session: AsyncSession, model: type[Base]) -> postgresql.Insert:
    """Return an INSERT that knows `on_conflict_do_nothing`; SQLite's has the same methods."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)  # type: ignore[return-value]
    return postgresql.insert(model)
