"""Without a mail server: files."""

from __future__ import annotations

import email as mail_library
import logging
import stat
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tools import email
from tools.email.tests.composing import composed
from tools.email.tests.conftest import Make

pytestmark = pytest.mark.anyio


def read(where: str) -> EmailMessage:
    message = mail_library.message_from_bytes(Path(where).read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def test_a_mail_becomes_one_file_that_mail_programs_open(make: Make) -> None:
    settings = make(mail_from="Order Team <orders@firm.example>")
    attachment = email.Attachment("bill\r\n.pdf", b"%PDF", "application/pdf")
    mail = replace(composed(summary="For Änne"), attachments=(attachment,), message_id="report-2026-03")
    assert await email.was_sent("report-2026-03", settings) is False
    sent = await email.send(mail, settings)
    assert sent.message_id == "report-2026-03@firm.example"
    assert Path(sent.where).name == "report-2026-03@firm.example.eml"
    assert stat.S_IMODE(Path(sent.where).stat().st_mode) == 0o600
    assert await email.was_sent("report-2026-03", settings) is True
    assert await email.was_sent("<report-2026-03@firm.example>", settings) is True
    message = read(sent.where)
    assert message["From"] == "Order Team <orders@firm.example>"
    assert message["To"] == "ann@example.com"
    assert message["Message-ID"] == "<report-2026-03@firm.example>"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]
    body = message.get_body(("plain",))
    assert body is not None
    assert "For Änne" in body.get_content()


async def test_the_same_id_again_is_the_same_file(make: Make) -> None:
    settings = make()
    for _ in range(3):
        sent = await email.send(composed(), settings)
    assert [path.name for path in Path(sent.where).parent.iterdir()] == ["m-1@example.com.eml"]


async def test_ids_that_are_alike_as_file_names_are_different_files(make: Make) -> None:
    settings = make()
    ids = [
        "a/b@x.y",
        "a_b@x.y",
        "A_b@x.y",
        "a+b@x.y",
        "../../etc@x.y",
        ".a@x.y",
        "x" * 200 + "1@x.y",
        "x" * 200 + "2@x.y",
    ]
    for message_id in ids:
        sent = await email.send(replace(composed(), message_id=message_id), settings)
        assert Path(sent.where).parent == settings.dev_path / "outbox"
    names = {path.name.lower() for path in (settings.dev_path / "outbox").iterdir()}
    assert len(names) == len(ids)


@pytest.mark.parametrize("message_id", ["", "a b", "a\r\nBcc: x@y.z", "a@b@c", "<>", "ü@x.y", "x" * 300])
async def test_ids_that_are_none_are_refused(make: Make, message_id: str) -> None:
    with pytest.raises(email.EmailError, match="message_id"):
        await email.send(replace(composed(), message_id=message_id), make())
    with pytest.raises(email.EmailError, match="message_id"):
        await email.was_sent(message_id, make())


async def test_headers_cannot_be_injected(make: Make) -> None:
    mail = replace(composed(), subject="Hello\r\nBcc: all@example.com\nX: y\x00\u2028z")
    sent = await email.send(mail, make())
    message = read(sent.where)
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: all@example.com X: y z"


async def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(email.EmailError, match="set SMTP_URL, or DEV_FOLDER"):
        await email.send(composed(), make(dev_folder=tmp_path / "file"))


async def test_the_log_says_where_and_nothing_of_the_mail(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent = await email.send(composed(summary="Zebulon"), make())
    await email.send(composed(summary="Zebulon"), make(environment="production"))
    ours = [record for record in caplog.records if record.name.startswith("tools")]
    assert [record.levelname for record in ours] == ["INFO", "WARNING"]
    assert sent.where in ours[0].getMessage()
    for word in ("Zebulon", "ann@", "Report of March"):
        assert word not in caplog.text
