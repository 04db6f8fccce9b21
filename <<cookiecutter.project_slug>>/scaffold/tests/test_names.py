"""What is given to `raw new` is refused in one sentence, with the argument and the remedy, or makes a plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw_runtime.cli import main
from scaffold.names import LONGEST_NAME, Name, entity_of, slug_of
from scaffold.tests.copies import snapshot

PAID = ["--signals", "paid"]

REFUSED = {
    "no name": (["entity"], "raw new entity order"),
    "empty": (["entity", ""], "NAME is empty: give a name such as order-item."),
    "unicode": (["entity", "Bestellung für Ü"], "Take bestellung-fur-u."),
    "capitals": (["process", "OrderFulfilment", "--entity", "order", *PAID], "Take order-fulfilment."),
    "other letters": (["entity", "заказ"], "Such as: order-item."),
    "underscore": (["entity", "order_item"], "Take order-item."),
    "digit first": (["entity", "3d-order"], "Take d-order."),
    "two hyphens": (["entity", "order--item"], "Take order-item."),
    "path": (["entity", "../x"], "NAME '../x' is no name"),
    "shell": (["entity", "a;rm -rf"], "NAME 'a;rm -rf' is no name"),
    "option": (["entity", "-x"], "Unknown option -x."),
    "option as value": (["process", "a-b", "--entity", "-x", *PAID], "--entity '-x' is no name"),
    "quotes": (["entity", "o'r\"der"], "is no name"),
    "newline": (["entity", "order\nitem"], "NAME 'order\\nitem' is no name"),
    "NUL": (["entity", "order\0"], "NAME 'order\\x00' is no name"),
    "escape": (["entity", "\x1b[31morder"], "NAME '\\x1b[31morder' is no name"),
    "half a pair": (["entity", "\ud800order"], "is no name"),
    "expression": (["entity", "<" + "<x>>"], "is no name"),
    "braces": (["entity", "{{ 7*7 }}"], "is no name"),
    "200 characters": (["entity", "x" * 200], "has 200 characters, of at most 32: shorten it."),
    "33 characters": (["entity", "x" * 33], "has 33 characters"),
    "keyword": (["entity", "class"], "'class' is a word of Python's own. Take another one, such as class-item."),
    "soft keyword": (["entity", "case"], "'case' is a word of Python's own."),
    "builtin": (["entity", "list"], "'list' is a word of Python's own."),
    "builtin in the plural": (["entity", "var"], "--plural 'vars' is a word of Python's own."),
    "two words": (["entity", "order", "item"], "unexpected 'item'"),
    "plural": (["entity", "orders"], "looks like a plural: take order, or say its plural with --plural."),
    "plural in ies": (["entity", "entries"], "take entry,"),
    "plural in es": (["entity", "boxes"], "take box,"),
    "news": (["entity", "news"], "looks like a plural"),
    "analysis": (["entity", "analysis"], "say it, such as --plural analyses."),
    "bad plural": (["entity", "news", "--plural", "News Items"], "--plural 'News Items' is no name"),
    "entity that is there": (["entity", "submission"], "'submission'"),
    "table that is there": (["entity", "effect"], "the table effects is taken, by db/models.py."),
    "Alembic's table": (["entity", "x", "--plural", "alembic-version"], "the table alembic_version is taken"),
    "module that is there": (["entity", "page", "--plural", "paging"], "db/repositories/paging.py exists already."),
    "name of the library": (["entity", "mapped"], "would be Mapped in db/entities/mapped.py"),
    "name of the house": (["entity", "database"], "would be Database in db/tests/test_databases.py"),
    "unknown option": (["entity", "order", "--field", "a:text"], "Did you mean --fields?"),
    "field without type": (["entity", "order", "--fields", "amount"], "--fields 'amount' needs a type"),
    "unknown type": (["entity", "order", "--fields", "amount:money"], "type is one of text, email, int"),
    "field of every entity": (["entity", "order", "--fields", "id:int"], "Call it order_id."),
    "field that is a builtin": (["entity", "order", "--fields", "type:text"], "Call it order_type."),
    "field of pydantic": (["entity", "order", "--fields", "model_year:int"], "Call it order_model_year."),
    "field of SQLAlchemy": (["entity", "order-item", "--fields", "metadata:json"], "Call it order_item_metadata."),
    "field in capitals": (["entity", "order", "--fields", "unitPrice:float"], "Take unit_price."),
    "field too long": (["entity", "order", "--fields", f"{'x' * 41}:text"], "has 41 characters, of at most 40"),
    "field twice": (["entity", "order", "--fields", "a:text,a:int"], "--fields names 'a' twice"),
    "no field": (["entity", "order", "--fields", ""], "--fields '' has a comma with nothing beside it"),
    "fields too many": (["entity", "order", "--fields", ",".join(f"f{n}:int" for n in range(31))], "31 fields"),
    "process without entity": (["process", "order-fulfilment", *PAID], "--entity is missing"),
    "process without signals": (["process", "order-fulfilment", "--entity", "order"], "--signals is missing"),
    "process without e-mail": (
        ["process", "a-b", "--entity", "order", *PAID, "--fields", "a:text"],
        "add email:email.",
    ),
    "process like its entity": (["process", "order", "--entity", "order", *PAID], "call the process order-handling"),
    "signal of the base": (["process", "a-b", "--entity", "order", "--signals", "status"], "what every process has."),
    "signal twice": (["process", "a-b", "--entity", "order", "--signals", "paid,paid"], "--signals names 'paid' twice"),
    "signal of Python": (["process", "a-b", "--entity", "order", "--signals", "await"], "--signals 'await' is a word"),
    "signal of the base class": (
        ["process", "a-b", "--entity", "order", "--signals", "first-stage"],
        "--signals 'first-stage' is what every process has.",
    ),
    "nothing to make": (["nonsense"], "See: raw new --help"),
    "misspelt": (["proces", "x"], "Did you mean process?"),
}

PLANNED = {
    "short": ["entity", "x"],
    "longest": ["entity", "x" * LONGEST_NAME],
    "longest words": ["entity", "a-very-long-name-of-one-customer"],
    "y": ["entity", "entry"],
    "day": ["entity", "day"],
    "box": ["entity", "box"],
    "address": ["entity", "address"],
    "status": ["entity", "status"],
    "news": ["entity", "news", "--plural", "news-items"],
    "sheep": ["entity", "sheep", "--plural", "sheep"],
    "standard library": ["entity", "token"],
    "reserved in SQL": ["entity", "offset-clause", "--plural", "offset"],
    "digits": ["entity", "order-2"],
    "every type": [
        "entity",
        "order",
        "--fields",
        "a:text,b:email,c:int,d:float,e:bool,f:date,g:moment,h:json",
    ],
    "columns reserved in SQL": ["entity", "order", "--fields", "order:int,user:text,group:text,end:moment,desc:text"],
    "longest field": ["entity", "order", "--fields", f"{'x' * 40}:moment"],
    "process": ["process", "order-fulfilment", "--entity", "order", "--signals", "payment-received,shipped"],
    "long process": [
        "process",
        "the-handling-of-one-long-process",
        "--entity",
        "a-very-long-name-of-one-customer",
        "--signals",
        "x" * 40,
    ],
}


@pytest.mark.parametrize(("words", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(
    untouched: Path,
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(untouched)
    before = snapshot(untouched)
    assert main(["new", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert err[:-1].isprintable()
    assert snapshot(untouched) == before


@pytest.mark.parametrize("words", PLANNED.values(), ids=PLANNED)
def test_planned(
    untouched: Path, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(untouched)
    before = snapshot(untouched)
    assert main(["new", *words, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "Nothing was written." in out
    assert "  migrations/\n    versions/\n" in out
    assert snapshot(untouched) == before


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("order", "orders"),
        ("entry", "entries"),
        ("day", "days"),
        ("box", "boxes"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("batch", "batches"),
        ("dish", "dishes"),
        ("order-item", "order-items"),
        ("y", "ys"),
    ],
)
def test_plurals(singular: str, plural: str) -> None:
    assert entity_of(singular, None, "NAME") == (singular, plural)


def test_forms_of_a_name() -> None:
    name = Name("order-item")
    assert (name.module, name.constant, name.cls) == ("order_item", "ORDER_ITEM", "OrderItem")
    assert (name.words, name.sentence, name.article) == ("order item", "Order item", "an order item")
    assert Name("box").article == "a box"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Bestellung für Ü", "bestellung-fur-u"),
        ("OrderFulfilment", "order-fulfilment"),
        ("HTTPOrder", "httporder"),
        ("--order__item--", "order-item"),
        ("12", ""),
    ],
)
def test_the_nearest_name(text: str, slug: str) -> None:
    assert slug_of(text) == slug
