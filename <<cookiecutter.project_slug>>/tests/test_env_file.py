"""`.env` is made once, for its owner alone, and nothing of the user's in it is ever touched."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from configuration.env_file import make_env


def test_secrets_are_made_once(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("# why\nA=1\nKEYS=generate:token\nHOOKS=generate:whsec\n")
    assert make_env(tmp_path) == 3
    first = (tmp_path / ".env").read_text()
    assert re.fullmatch(r"# why\nA=1\nKEYS=[\w-]{43}\nHOOKS=whsec_[A-Za-z0-9+/]{43}=\n", first)
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert make_env(tmp_path) == 0
    assert (tmp_path / ".env").read_text() == first


def test_what_the_user_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("A=1\nB=2\n")
    (tmp_path / ".env").write_text("A=mine")
    assert make_env(tmp_path) == 1
    assert (tmp_path / ".env").read_text() == "A=mine\nB=2\n"


def test_no_two_share_a_secret(tmp_path: Path) -> None:
    texts = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".env.example").write_text("K=generate:token\n")
        make_env(tmp_path / name)
        texts.add((tmp_path / name / ".env").read_text())
    assert len(texts) == 2
