"""Where the demo looks for mails: the recorder's folder, and MailDev's web API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from workflows.temporal.dev.mails import MailCatcher, MailFolder, MailsError

# As MailDev 3 answers, without what is not looked at.
CAUGHT = [
    {"id": "a", "subject": "hi", "to": [{"address": "ann@example.com", "name": "Ann"}]},
    {"id": "b", "subject": "hi", "to": [{"address": "bob@example.com", "name": ""}, {"address": "ann@example.com"}]},
    {"id": "c", "subject": "hi"},
]


@contextmanager
def catcher(status: int, body: bytes) -> Iterator[str]:
    """Give the address of a server that has these mails at /api/email, and nothing elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/email" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_mails_that_were_caught_are_counted_by_their_recipient() -> None:
    with catcher(200, json.dumps(CAUGHT).encode()) as url:
        assert [MailCatcher(url).count(f"{name}@example.com") for name in ("ann", "bob", "nobody")] == [2, 1, 0]


@pytest.mark.parametrize(("status", "body"), [(500, b"[]"), (200, b"<html>")])
def test_what_is_no_catcher_is_told(status: int, body: bytes) -> None:
    with catcher(status, body) as url, pytest.raises(MailsError, match=f"the mail catcher at {url} does not answer"):
        MailCatcher(url).count("ann@example.com")


def test_a_catcher_that_is_away_is_told() -> None:
    with catcher(200, b"[]") as url:
        pass
    with pytest.raises(MailsError, match="does not answer"):
        MailCatcher(url).count("ann@example.com")


def test_mails_in_the_folder_are_counted_by_their_recipient(tmp_path: Path) -> None:
    assert MailFolder(tmp_path).count("ann@example.com") == 0
    (tmp_path / "outbox").mkdir()
    for number, to in enumerate(("Ann <ann@example.com>", "ann@example.com", "bob@example.com")):
        (tmp_path / f"outbox/{number}.eml").write_text(f"To: {to}\nSubject: hi\n\nann@example.com\n")
    assert MailFolder(tmp_path).count("ann@example.com") == 2
