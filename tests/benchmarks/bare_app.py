"""What the coordinator is measured against: the least that stores a form, and the seed's sample."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, MetaData, String, Table, Text, Uuid, insert
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine(os.environ["BARE_DATABASE_URL"], pool_size=10, max_overflow=5)
metadata = MetaData()
forms = Table(
    "bare_forms",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("form", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
app = FastAPI()


class Form(BaseModel):
    """The body of /webhooks/submit."""

    form: str
    email: str
    text: str


@app.on_event("startup")
async def make_table() -> None:
    """Make the table."""
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


async def _store(form: Form) -> dict[str, str]:
    entity_id = uuid.uuid4()
    row = {"id": entity_id, **form.model_dump(), "status": "pending", "created_at": datetime.now(UTC)}
    async with engine.begin() as connection:
        await connection.execute(insert(forms).values(**row))
    return {"id": str(entity_id), "status": "pending", "url": f"/submissions/{entity_id}"}


@app.post("/bare", status_code=202)
async def bare(form: Form) -> dict[str, str]:
    """Store one row: no signature, no dedupe, no timeline, nothing that looks at it afterwards."""
    return await _store(form)


@app.post("/seed", status_code=202)
async def seed(form: Form) -> dict[str, str]:
    """Store one row and run the workflow at once, as the seed's sample does."""
    stored = await _store(form)
    command = [sys.executable, "-m", "raw_runtime", "run", "analyze", "--id", stored["id"], "--text", form.text]
    subprocess.run(command, cwd=os.environ["PROJECT"], check=True, capture_output=True)
    return stored
