"""A rendered project says where it came from, without a secret, and renders again from that, byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import gate0
import pytest
from support import Render, copy_template, load_hook, render

SHAPES = {
    "single": {"needs_state_across_days": "no"},
    "temporal": {"needs_webhooks": "no", "author": 'O"Brien \\ Söhne', "description": "it's {{ x }} ${y}"},
    "full": {},
    "empty": {"example": "none", "scheduled_reports": "no"},
}


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    return subprocess.run(
        ["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def checkout(folder: Path) -> Path:
    """Return a git checkout of the template as it lies here, whose origin's address holds a password."""
    copy_template(folder)
    shutil.copy(gate0.ROOT / "pyproject.toml", folder)
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://ann:of-ann-alone@example.com/org/raw-system.git?token=of-ann-alone")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("provenance") / "raw-system")


@pytest.fixture(scope="module")
def full(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    return render(tmp_path_factory.mktemp("full"), template=template, gates="none")


def tree(done: Render) -> dict[str, tuple[bytes, int]]:
    """Return content and mode of every file, without .env, whose secrets are each render's own."""
    return {
        str(path.relative_to(done.project)): (path.read_bytes(), path.stat().st_mode)
        for path in done.project.rglob("*")
        if path.is_file() and path.name != ".env"
    }


def record(done: Render) -> dict[str, object]:
    found: dict[str, object] = json.loads((done.project / ".cookiecutter.json").read_text())
    return found


def replay(template: Path, folder: Path, file: Path) -> Render:
    """Render again as the documentation says; --replay-file and --no-input exclude each other."""
    return render(folder, "--replay-file", str(file), template=template, no_input=False)


@pytest.mark.parametrize("shape", SHAPES)
def test_rendered_again_from_its_record_it_is_the_same(shape: str, template: Path, tmp_path: Path) -> None:
    first = render(tmp_path / "first", template=template, gates="none", **SHAPES[shape])
    assert first.code == 0, first.out
    noted = record(first)
    assert noted["template"] == "https://example.com/org/raw-system.git"
    assert noted["version"] == tomllib.loads((gate0.ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert noted["commit"] == git(template, "rev-parse", "HEAD")
    again = replay(template, tmp_path / "again", first.project / ".cookiecutter.json")
    assert again.code == 0, again.out
    assert len(tree(first)) > 100
    assert tree(again) == tree(first)


def test_no_secret_and_no_path_of_this_machine_is_recorded(template: Path, full: Render) -> None:
    text = (full.project / ".cookiecutter.json").read_text()
    secrets = [
        line.partition("=")[2]
        for line in (full.project / ".env").read_text().splitlines()
        if line.startswith(("WEBHOOK_SECRETS=", "API_KEYS="))
    ]
    assert all(len(secret) > 40 for secret in secrets)
    assert len(secrets) == 2
    assert [word for word in (*secrets, "of-ann-alone", str(full.folder), str(template)) if word in text] == []


def test_from_a_git_address_the_address_is_recorded(template: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(f"cookiecutters_dir: {tmp_path}/cloned\nreplay_dir: {tmp_path}/replay\n")
    address = f"git+file://{template}"
    done = render(tmp_path / "out", "--config-file", f"{tmp_path}/config.yaml", template=address, gates="none")
    assert done.code == 0, done.out
    assert record(done)["template"] == address
    assert record(done)["commit"] == git(template, "rev-parse", "HEAD")


def test_what_is_not_known_is_null(tmp_path: Path) -> None:
    """No git on PATH, no checkout, no pyproject.toml: it renders all the same."""
    bare = copy_template(tmp_path / "template")
    done = render(tmp_path / "out", template=bare, gates="none", env={"PATH": str(tmp_path)})
    assert done.code == 0, done.out
    assert {key: value for key, value in record(done).items() if key != "cookiecutter"} == {
        "template": None,
        "version": None,
        "commit": None,
    }


def test_a_changed_checkout_is_marked(template: Path, tmp_path: Path) -> None:
    changed = tmp_path / "raw-system"
    git(tmp_path, "clone", "-q", str(template), str(changed))
    (changed / gate0.SLUG_DIR / "Makefile").write_text("all:\n")
    done = render(tmp_path / "out", template=changed, gates="none")
    assert record(done)["commit"] == git(template, "rev-parse", "HEAD") + "-dirty"


def test_a_record_that_was_changed_by_hand_is_refused_with_the_command(
    template: Path, full: Render, tmp_path: Path
) -> None:
    noted = (full.project / ".cookiecutter.json").read_text()
    changed = tmp_path / "changed.json"
    changed.write_text(noted.replace('"needs_webhooks": "yes"', '"needs_webhooks": "no"'))
    again = replay(template, tmp_path / "again", changed)
    assert again.code != 0
    assert "__architecture of the replay file does not follow from its answers" in again.out
    assert "needs_webhooks=no" in again.out
    assert list((tmp_path / "again").iterdir()) == []


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("gh:org/raw-system", "gh:org/raw-system"),
        ("git@github.com:org/raw-system.git", "git@github.com:org/raw-system.git"),
        ("ssh://git:pw@example.com/x.git", "ssh://git@example.com/x.git"),
        ("git+https://token@example.com/x.git#frag", "git+https://example.com/x.git"),
        ("https://a:b%40@example.com:8443/x.zip?token=s", "https://example.com:8443/x.zip"),
        ("../raw-system", None),
        ("C:\\Users\\ann\\raw-system", None),
        ("/home/ann/raw-system", None),
    ],
)
def test_addresses_lose_their_credentials(template: str, address: str | None) -> None:
    assert load_hook("post_gen_project").address_of(template, None) == address
