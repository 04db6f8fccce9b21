from __future__ import annotations

import enum
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from raw_runtime import BaseWorkflow
from raw_runtime.errors import ParamsError
from raw_runtime.params import parse_argv, validate_params


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Row(BaseModel):
    key: str
    value: int = 0


Amount = NewType("Amount", int)


class Params(BaseModel):
    """Every kind of field."""

    text: str = "sample"
    count: int = Field(default=3, ge=1, le=10, description="How many, 100% whole")
    ratio: float = 0.5
    quick: bool = True
    maybe: bool | None = None
    tags: list[str] = ["a"]
    numbers: tuple[int, ...] = ()
    row: Row | None = None
    rows: list[Row] = []
    table: dict[str, int] = {}
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    mode: Literal["fast", "slow"] = "fast"
    version: Literal[1, 2] = 1
    day: date | None = None
    limit: int | None = None
    path: Path = Path("x")
    secret: SecretStr = SecretStr("")
    either: int | list[int] = 0
    amount: Amount = Amount(1)
    noted: Annotated[int, Field(gt=0)] = 1


class Work(BaseWorkflow[Params]):
    def run(self) -> int:
        return 0


class Needed(BaseModel):
    cv_text: str = Field(description="The text")
    years: int


class NeedsBoth(BaseWorkflow[Needed]):
    def run(self) -> int:
        return 0


def parsed(*argv: str, base: dict[str, Any] | None = None) -> Params:
    params = parse_argv(Work, argv, base)
    assert isinstance(params, Params)
    return params


def refused(*argv: str, cls: type[BaseWorkflow[Any]] = Work, base: dict[str, Any] | None = None) -> str:
    with pytest.raises(ParamsError) as caught:
        parse_argv(cls, argv, base)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["--text", "hello"], "text", "hello"),
        (["--text=-x"], "text", "-x"),
        (["--text", "-x"], "text", "-x"),
        (["--text", "- a list\n- of lines"], "text", "- a list\n- of lines"),
        (["--text", "--- page 1 ---"], "text", "--- page 1 ---"),
        (["--text=--help"], "text", "--help"),
        (["--text", "[/b] <script> {{x}}"], "text", "[/b] <script> {{x}}"),
        (["--text", "a=b"], "text", "a=b"),
        (["--text="], "text", ""),
        (["--text", ""], "text", ""),
        (["--text", "--"], "text", "--"),
        (["--", "--text", "x"], "text", "x"),
        (["--text", "Zoë 日本"], "text", "Zoë 日本"),
        (["--tex", "prefix"], "text", "prefix"),
        (["--text", "one", "--text", "two"], "text", "two"),
        (["--count", "7"], "count", 7),
        (["--ratio", "-1e-3"], "ratio", -0.001),
        (["--quick"], "quick", True),
        (["--no-quick"], "quick", False),
        (["--quick=false"], "quick", False),
        (["--quick", "false"], "quick", False),
        (["--maybe"], "maybe", True),
        (["--no-maybe"], "maybe", False),
        (["--tags", "x", "y z", "-1"], "tags", ["x", "y z", "-1"]),
        (["--tags"], "tags", []),
        (["--tags", "x", "--tags", "y"], "tags", ["y"]),
        (["--tags=x"], "tags", ["x"]),
        (["--numbers", "1", "-2"], "numbers", (1, -2)),
        (["--row", '{"key": "a"}'], "row", Row(key="a")),
        (["--rows", '[{"key": "a", "value": 2}]'], "rows", [Row(key="a", value=2)]),
        (["--table", '{"a": 1}'], "table", {"a": 1}),
        (["--colour", "blue"], "colour", Colour.BLUE),
        (["--level", "2"], "level", Level.HIGH),
        (["--mode", "slow"], "mode", "slow"),
        (["--version", "2"], "version", 2),
        (["--day", "2026-01-31"], "day", date(2026, 1, 31)),
        (["--limit", "7"], "limit", 7),
        (["--path", "a/b"], "path", Path("a/b")),
        (["--either", "[1, 2]"], "either", [1, 2]),
        (["--either", "5"], "either", 5),
        (["--amount", "9"], "amount", 9),
        (["--noted", "2"], "noted", 2),
    ],
)
def test_flags_give_values(argv: list[str], field: str, value: object) -> None:
    got = getattr(parsed(*argv), field)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--count", "x"], ["--count (count)", "valid integer"]),
        (["--count", "0"], ["--count (count)", "greater than or equal to 1"]),
        (["--mode", "medium"], ["--mode (mode)", "'fast' or 'slow'"]),
        (["--colour", "green"], ["--colour (colour)", "'red' or 'blue'"]),
        (["--version", "3"], ["--version (version)"]),
        (["--row", "{bad"], ["--row (row)", "JSON"]),
        (["--row", '{"value": 1}'], ["--row (row) at key", "required"]),
        (["--table", '{"a": "x"}'], ["--table (table) at a"]),
        (["--cuont", "1"], ["No such flag: --cuont", "Did you mean --count?"]),
        (["--either_", "1"], ["No such flag: --either_", "--either"]),
        (["--zzzz"], ["No such flag: --zzzz", "--text"]),
        (["--no-text"], ["No such flag: --no-text"]),
        (["--t", "x"], ["ambiguous", "--text", "--tags", "--table"]),
        (["--text"], ["--text (text)", "needs a value"]),
        (["--text", "--count", "1"], ["--text (text)", "needs a value", "--text=..."]),
        (["stray"], ["Unexpected argument 'stray'"]),
        (["--quick=perhaps"], ["--quick (quick)", "--quick=false"]),
        (["--no-quick=true"], ["--no-quick (quick)"]),
        (["--text", "bad \udcff byte"], ["--text", "not UTF-8"]),
        (["--tags", "ok", "bad\udc80"], ["--tags", "not UTF-8"]),
    ],
)
def test_wrong_flags_name_the_field(argv: list[str], words: list[str]) -> None:
    text = refused(*argv)
    for word in words:
        assert word in text


def test_flag_with_underscore_is_refused_with_the_right_spelling() -> None:
    assert "Did you mean --cv-text?" in refused("--cv_text", "x", cls=NeedsBoth)


def test_every_missing_field_is_named_on_a_line_of_its_own() -> None:
    assert refused(cls=NeedsBoth).splitlines() == ["--cv-text (cv_text): is required", "--years (years): is required"]


def test_wrong_values_are_not_repeated() -> None:
    assert "private words" not in refused("--count", "private words")


def test_flags_win_over_base() -> None:
    params = parsed("--count", "5", base={"count": 2, "text": "from file"})
    assert (params.count, params.text) == (5, "from file")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"cv_text": "x"}, ["--years (years): is required"]),
        ({"cv_text": "x", "years": "many"}, ["--years (years)", "integer"]),
        ({"cvtext": "x", "years": 1}, ["No such param: 'cvtext'", "Did you mean cv_text?"]),
        ({"cv_text": "\ud800", "years": 1}, ["--cv-text (cv_text)", "not UTF-8"]),
        ({"cv_text": None, "years": 1}, ["--cv-text (cv_text)", "string"]),
        (["cv_text"], ["must be a JSON object"]),
    ],
)
def test_validate_params_refuses(data: Any, words: list[str]) -> None:
    with pytest.raises(ParamsError) as caught:
        validate_params(NeedsBoth, data)
    for word in words:
        assert word in str(caught.value)


def test_nul_in_json_is_text() -> None:
    params = validate_params(NeedsBoth, {"cv_text": "a\0b", "years": 1})
    assert isinstance(params, Needed)
    assert params.cv_text == "a\0b"


def test_aliases_strict_and_extra_models() -> None:
    class Odd(BaseModel):
        model_config = ConfigDict(strict=True, extra="allow")
        years: int = Field(alias="yearsOfWork")
        day: date = date(2026, 1, 1)

    class OddWork(BaseWorkflow[Odd]):
        def run(self) -> int:
            return 0

    by_flag = parse_argv(OddWork, ["--years", "4", "--day", "2026-02-03"])
    by_alias = validate_params(OddWork, {"yearsOfWork": 4, "day": "2026-02-03", "more": 1})
    assert isinstance(by_flag, Odd)
    assert isinstance(by_alias, Odd)
    assert (by_flag.years, by_flag.day) == (by_alias.years, by_alias.day) == (4, date(2026, 2, 3))
    assert by_alias.model_extra == {"more": 1}
    assert "--years (years)" in refused("--years", "x", cls=OddWork)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_descriptions_and_defaults(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_argv(Work, [flag])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in ["Every kind of field.", "How many, 100% whole (default: 3)", "--no-quick", "{fast,slow}", "JSON"]:
        assert words in text
    assert text.count("(default: True)") == 1


def test_help_names_required_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_argv(NeedsBoth, ["--years", "1", "--help"])
    assert "The text (required)" in " ".join(capsys.readouterr().out.split())


def test_argparse_form_of_upstream() -> None:
    from raw_runtime.entrypoint import WorkflowEntrypoint

    parser = WorkflowEntrypoint()._build_argparse(Work, Params)
    args = parser.parse_args(["--text", "World", "--no-quick"])
    assert (args.text, args.quick, args.count) == ("World", False, 3)
