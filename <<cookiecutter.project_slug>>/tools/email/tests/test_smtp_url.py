"""SMTP_URL, right and wrong."""

from __future__ import annotations

import pytest

from configuration.base import SettingsError, load_settings
from configuration.email import EmailSettings
from tools.email import EmailError
from tools.email.smtp_url import SmtpServer, parse_smtp_url
from tools.email.tests.conftest import Make


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, "offered")),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, "offered")),
        ("smtp://me:pw@localhost:1025", SmtpServer("localhost", 1025, "offered", "me", "pw")),
        # A password leaves the machine over TLS only.
        ("smtp://me:pw@mail.example.com:587", SmtpServer("mail.example.com", 587, "starttls", "me", "pw")),
        ("smtp+starttls://mail.example.com", SmtpServer("mail.example.com", 587, "starttls")),
        ("smtps://a%40b.c:p%2F%3A%40%23@[::1]", SmtpServer("::1", 465, "implicit", "a@b.c", "p/:@#")),
        ("smtps://h?ca_file=/a%20b.pem", SmtpServer("h", 465, "implicit", None, None, "/a b.pem")),
        ("SMTPS://me@h:2465/", SmtpServer("h", 2465, "implicit", "me", "")),
    ],
)
def test_right(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server
    assert "pw" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com:587",
        "http://h",
        "smtp://",
        "smtp://me:s3cret@",
        "smtp://me:s3cret@h:port",
        "smtp://me:s3cret@h:99999",
        "smtp://me:s3cret/x@h:587",
        "smtp://me:s3cret#x@h:587",
        "smtp://me:s3cret@h:587/inbox",
        "smtp://me:s3cret@h:587?tls=no",
        "smtp://me:s3cret@h:587?ca_file=",
        "smtp://:s3cret@h",
        "smtp://me:s3cret@h \n",
        "smtp://me:s3cret@[h",
    ],
)
def test_wrong_is_told_in_a_sentence_without_the_password(url: str) -> None:
    with pytest.raises(EmailError, match=r"^SMTP_URL is wrong: .+\.$") as caught:
        parse_smtp_url(url)
    assert "s3cret" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "http://me:s3cret@h"),
        ("SMTP_URL", "smtp://me:s3cret@h:x"),
        ("MAIL_FROM", "s3cret"),
    ],
)
def test_wrong_settings_are_named_and_not_repeated(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} is wrong: ") as caught:
        load_settings(EmailSettings)
    assert "s3cret" not in str(caught.value)


def test_secrets_are_not_shown(make: Make) -> None:
    assert "s3cret" not in repr(make(smtp_url="smtp://me:s3cret@h"))
