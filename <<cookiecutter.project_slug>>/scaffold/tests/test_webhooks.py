"""Webhooks of a process that is to be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw_runtime.cli import main
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import process

REFUSED = {
    "taken": ("submit", "'submit': the path /webhooks/submit is taken, by api/routes/webhooks.py. Take another name."),
    "more than signals": ("a,b,c", "--webhooks names 3, and --signals 2: each webhook tells the process one signal"),
    "twice": ("a,a", "--webhooks names 'a' twice: remove one."),
    "no name": ("Payment", "--webhooks 'Payment' is no name: lower case words"),
    "path": ("../x", "--webhooks '../x' is no name"),
    "empty": ("a,", "has a comma with nothing beside it"),
    "too long": ("x" * 41, "has 41 characters, of at most 40"),
}


@pytest.mark.parametrize(("webhooks", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(
    untouched: Path,
    webhooks: str,
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(untouched)
    words = ["process", "order-fulfilment", "--entity", "order", "--signals", "paid,shipped", "--webhooks", webhooks]
    assert main(["new", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_each_webhook_tells_one_signal_in_their_order(untouched: Path) -> None:
    options = {"--entity": "order", "--signals": "paid,shipped,returned", "--webhooks": "payment,shipment"}
    values = process.values_of(House(untouched), "order-fulfilment", options)
    told = [(source.name, source.signal, source.is_webhook) for source in values["sources"]]
    assert told == [("payment", "paid", True), ("shipment", "shipped", True), ("returned", "returned", False)]


def test_a_path_of_the_api_is_no_entity(untouched: Path) -> None:
    with pytest.raises(UsageError, match=r"the path /raw is taken, by api/routes/raw\.py"):
        process.values_of(House(untouched), "a-b", {"--entity": "meal", "--plural": "raw", "--signals": "paid"})
