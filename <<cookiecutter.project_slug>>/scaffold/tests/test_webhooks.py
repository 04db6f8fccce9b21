"""Webhooks of a process that is to be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw_runtime.cli import main
from raw_runtime.errors import UsageError
from scaffold.house import House
from scaffold.kinds import process
from scaffold.tests.copies import made, snapshot
from scaffold.tests.wholes import check_style_and_types, run_tests, whole_project

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


@pytest.fixture
def furnished(copy: Path) -> Path:
    """The copy with a process of two signals, the first of which comes by a webhook."""
    made(copy, "process", "order-fulfilment", entity="order", signals="paid,shipped", webhooks="payment")
    return copy


MORE_REFUSED = {
    "no process": (["nope", "parcel"], "PROCESS 'nope' is not there. There are: "),
    "no signal": (["order-fulfilment", "parcel"], "--signal is missing: order-fulfilment has no signal 'parcel'."),
    "unknown signal": (
        ["order-fulfilment", "parcel", "--signal", "returned"],
        "has no signal 'returned'. It has: paid,",
    ),
    "by hand": (["order-fulfilment", "x", "--signal", "y"], "in workflows/temporal/order_fulfilment_process.py."),
    "taken": (["order-fulfilment", "payment", "--signal", "paid"], "the path /webhooks/payment is taken"),
    "start": (["order-fulfilment", "order", "--signal", "paid"], "the path /webhooks/order is taken"),
    "no name": (["order-fulfilment", "Parcel", "--signal", "shipped"], "NAME 'Parcel' is no name"),
    "one name": (["order-fulfilment"], "2 names are needed: raw new webhook order-fulfilment bank-transfer"),
}


@pytest.mark.parametrize(("words", "sentence"), MORE_REFUSED.values(), ids=MORE_REFUSED)
def test_a_further_webhook_is_refused(
    furnished: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(furnished)
    assert main(["new", "webhook", *words]) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1
    assert snapshot(furnished) == before


def test_further_webhooks_tell_any_signal(furnished: Path) -> None:
    senders = {"bank-transfer": "paid", "parcel": "shipped", "complaint": "cancellation"}
    for name, signal in senders.items():
        files = made(furnished, "webhook", "order-fulfilment", name, signal=signal)
        module = name.replace("-", "_")
        assert files == [
            f"api/routes/order_fulfilment_{module}.py",
            f"api/tests/test_order_fulfilment_{module}.py",
        ]
    with pytest.raises(UsageError, match="the path /webhooks/parcel is taken, by api/routes/order_fulfilment_parcel"):
        made(furnished, "webhook", "order-fulfilment", "parcel", signal="paid")


@pytest.mark.slow
def test_what_is_made_passes_its_own_tests(tmp_path: Path) -> None:
    folder = whole_project(tmp_path / "project")
    made(folder, "process", "quokka-watch", entity="quokka", signals="seen,counted", webhooks="quokka-sight")
    files = made(folder, "webhook", "quokka-watch", "quokka-photo", signal="seen")
    files += made(folder, "webhook", "quokka-watch", "quokka-census", signal="counted")
    files += made(folder, "webhook", "quokka-watch", f"quokka-{'y' * 33}", signal="cancellation")
    check_style_and_types(folder, files)
    run_tests(folder, [path for path in files if path.startswith("api/tests/")])
