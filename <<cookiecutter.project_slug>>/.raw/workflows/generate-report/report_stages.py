"""Which stage or final status a word of a row or an event means."""

from __future__ import annotations

import functools
import re

from report_words import Words


def normal(word: str) -> str:
    """Return a status or event in lower case with underscores: "No-Show" is "no_show"."""
    return re.sub(r"[\s\-./]+", "_", word.strip().lower())[:60]


class Stages:
    """The stages and final statuses of an entity, by whatever is written for them."""

    def __init__(self, words: Words) -> None:
        self.names = tuple(stage.name for stage in words.stages)
        self.first = self.names[0]
        self.order = {name: index for index, name in enumerate(self.names)}
        self.final = tuple(end.name for end in words.final)
        self.good = words.good
        self._stages = {word: stage.name for stage in words.stages for word in (stage.name, *stage.also)}
        self._finals = {word: end.name for end in words.final for word in (end.name, *end.also)}
        # Words are few, events come in by the million.
        self.stage_of = functools.lru_cache(maxsize=4096)(self._stage_of)
        self.final_of = functools.lru_cache(maxsize=4096)(self._final_of)

    def _stage_of(self, word: str) -> str | None:
        """Return the stage that a status or event belongs to, None when it belongs to none."""
        return self._stages.get(normal(word))

    def _final_of(self, word: str) -> str | None:
        """Return the final status that the word means, None when it means none: still in progress."""
        return self._finals.get(normal(word))
