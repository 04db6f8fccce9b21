"""Alembic's way to change a SQLite table, which is to copy it, made to know worked-out columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Table

if TYPE_CHECKING:
    from alembic.operations.batch import ApplyBatchImpl


class CarefulSQLiteImpl(SQLiteImpl):
    """Takes the place of Alembic's own by being defined; leaves worked-out columns of a copy to the database."""

    __dialect__ = "sqlite"

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: Table) -> None:
        """Take worked-out columns from the list of those that are copied."""
        super().prep_table_for_batch(batch_impl, table)
        for column in table.columns:
            if column.computed is not None and column.name in batch_impl.column_transfers:
                batch_impl.column_transfers[column.name].pop("expr", None)
