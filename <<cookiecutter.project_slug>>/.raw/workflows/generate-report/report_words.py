"""What the report is about, and in which words: one file in entities/ for each entity, which decides all of it."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).resolve().parent / "entities"

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
"""A status or event in lower case with underscores, as `normal` writes it."""
Word = Annotated[str, Field(min_length=1, max_length=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StageSample(_Strict):
    """How sample data reach a stage: in how many hours, and with which final status those end who do not."""

    hours: float = Field(default=24.0, gt=0)
    lost: Name | None = None
    status: Name | None = None


class Stage(_Strict):
    """A stage, and what else is written for it: statuses and events."""

    name: Name
    also: tuple[Name, ...] = ()
    sample: StageSample = StageSample()


class End(_Strict):
    """A final status, and what else is written for it."""

    name: Name
    also: tuple[Name, ...] = ()


class Group(_Strict):
    """What puts entities together, such as the form of a submission; rows may give it under this name."""

    one: Word
    many: Word


class Sample(_Strict):
    """What sample data say: how ids begin, and the groups."""

    id: Word = "id"
    groups: tuple[Word, ...] = ("A", "B", "C")


class Words(_Strict):
    """An entity: its words, stages in order, and final statuses, the first of which is the good end.

    `people`: whether the entities are people. `default`: reported on when no entity is named.
    """

    default: bool = False
    one: Word
    many: Word
    title: Word = ""
    people: bool = False
    group: Group | None = None
    stages: tuple[Stage, ...] = Field(min_length=1)
    final: tuple[End, ...] = Field(min_length=1)
    sample: Sample = Sample()

    @model_validator(mode="after")
    def _unique(self) -> Words:
        for field, entries in (("stages", self.stages), ("final", self.final)):
            names = [name for entry in entries for name in (entry.name, *entry.also)]
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{field}: {', '.join(twice)} stands there twice; leave it in one entry")
        known = {end.name for end in self.final}
        for stage in self.stages:
            if stage.sample.lost is not None and stage.sample.lost not in known:
                raise ValueError(f'stages: "lost" of {stage.name} must be one of {", ".join(sorted(known))}')
        return self

    @property
    def heading(self) -> str:
        """What the report is called when no title is given."""
        return self.title or self.many.capitalize()

    @property
    def good(self) -> str:
        """The final status that is wanted."""
        return self.final[0].name


def words_of(entity: str) -> Words:
    """Return the words of an entity.

    Raises:
        ValueError: there is no such entity, or its file is wrong.
    """
    path = _files().get(entity)
    if path is None:
        raise ValueError(f"must be one of {', '.join(_files())}: each is a file in entities/")
    return _read(path, path.stat().st_mtime_ns)


def resolve(entity: str) -> str:
    """Return the entity; where none is named, the only one, or the one whose file says that it is the default.

    Raises:
        ValueError: there is no such entity, its file is wrong, or no one default is there.
    """
    if entity:
        words_of(entity)
        return entity
    names = list(_files())
    if len(names) > 1:
        names = [name for name in names if words_of(name).default]
    if len(names) != 1:
        raise ValueError('must be given, since not exactly one file in entities/ says "default": true')
    return resolve(names[0])


def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(FOLDER.glob("*.json"))}


@functools.lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> Words:
    """Read a file; again when it has changed, since a pool's worker lives on."""
    try:
        return Words.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"entities/{path.name} is wrong: {where + ': ' if where else ''}{said}") from None
    except ValueError as error:
        raise ValueError(f"entities/{path.name} is no JSON: {error}") from None
