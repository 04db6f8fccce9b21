"""The seam for a language model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from tools import llm


class Question(BaseModel):
    text: str


class Reply(BaseModel):
    words: int
    loud: bool = False


class Loud(BaseModel):
    words: int
    loud: bool = True


def by_heuristic(question: Question) -> Reply:
    return Reply(words=len(question.text.split()))


class Small:
    """A real provider, if a small one: it answers from the request it is given, in the form it is told to."""

    def __init__(self, form: str = "json", name: str = "small") -> None:
        self.name = name
        self.form = form
        self.asked: list[llm.Request] = []

    def answer(self, request: llm.Request) -> BaseModel | Mapping[str, Any] | str | bytes:
        self.asked.append(request)
        text = json.loads(request.inputs_json())["text"]
        assert set(request.output_schema()["required"]) == {"words"}
        reply = {"words": 1000 + len(text.split())}
        forms: dict[str, BaseModel | Mapping[str, Any] | str | bytes] = {
            "json": json.dumps(reply),
            "bytes": json.dumps(reply).encode(),
            "mapping": reply,
            "model": Reply.model_validate(reply),
            "other model": Loud.model_validate(reply),
            "prose": "I would say a thousand words.",
            "wrong": {"words": "many", "secret": text},
        }
        if self.form == "failure":
            raise ConnectionError(f"cannot send {text}")
        return forms[self.form]


def ask(providers: llm.Registry, text: str = "three plain words") -> llm.Answer[Reply]:
    return llm.answer(
        task="count", inputs=Question(text=text), output_type=Reply, heuristic=by_heuristic, providers=providers
    )


def using(provider: Small) -> llm.Registry:
    providers = llm.Registry()
    providers.register(provider)
    providers.use(provider.name)
    return providers


def test_without_a_provider_the_heuristic_answers_and_says_so() -> None:
    answer = ask(llm.Registry())
    assert (answer.value, answer.answered_by) == (Reply(words=3), "heuristic")
    assert answer.reason == "No language model is in use."


def test_the_process_uses_none_until_it_is_told_to() -> None:
    assert llm.registry.current is None


@pytest.mark.parametrize("form", ["json", "bytes", "mapping", "model"])
def test_a_provider_answers_in_any_form(form: str) -> None:
    provider = Small(form)
    answer = ask(using(provider))
    assert (answer.value, answer.answered_by) == (Reply(words=1003), "model:small")
    assert provider.asked[0].task == "count"
    assert isinstance(provider, llm.Provider)


def test_a_model_of_another_class_is_taken_by_its_fields() -> None:
    answer = ask(using(Small("other model")))
    assert type(answer.value) is Reply
    assert answer.value == Reply(words=1003, loud=True)


@pytest.mark.parametrize(("form", "told"), [("prose", "the whole"), ("wrong", "words"), ("failure", "ConnectionError")])
def test_what_a_provider_gets_wrong_the_heuristic_answers(form: str, told: str) -> None:
    answer = ask(using(Small(form)), "a secret text")
    assert (answer.value, answer.answered_by) == (Reply(words=3), "heuristic")
    assert answer.reason.startswith("model:small gave no usable answer: ")
    assert told in answer.reason
    assert "secret" not in answer.reason


def test_what_the_heuristic_raises_is_not_hidden() -> None:
    def broken(question: Question) -> Reply:
        raise ZeroDivisionError(question.text)

    with pytest.raises(ZeroDivisionError):
        llm.answer(
            task="t", inputs=Question(text=""), output_type=Reply, heuristic=broken, providers=using(Small("failure"))
        )


def test_registering() -> None:
    providers = using(Small())
    providers.register(Small(name="other"))
    assert providers.names == ["other", "small"]
    with pytest.raises(ValueError, match="registered already"):
        providers.register(Small())
    with pytest.raises(ValueError, match="not empty"):
        providers.register(Small(name=""))
    with pytest.raises(LookupError, match="Registered: other, small"):
        providers.use("nobody")
    assert providers.current is not None
    assert providers.current.name == "small"
    providers.use(None)
    assert providers.current is None
