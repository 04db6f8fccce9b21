"""Mail addresses, checked before they go into a header or an SMTP command."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry

from tools.email.errors import EmailError

_HEADER = HeaderRegistry()


def parse_address(text: str, field: str) -> Address:
    """Return the address in `ann@example.com` or `Ann <ann@example.com>`; a domain in other letters becomes ASCII.

    Args:
        text: one address.
        field: what the sentence of the error calls it.

    Raises:
        EmailError: it is no address; the text does not repeat it.
    """
    wrong = EmailError(f"{field} is no mail address: give one, such as ann@example.com.")
    if not text.isprintable() or len(text) > 500:
        raise wrong
    try:
        header = _HEADER("to", text)
        (found,) = tuple(getattr(header, "addresses"))  # noqa: B009 - typeshed does not know this header
        domain = found.domain if found.domain.isascii() else found.domain.encode("idna").decode("ascii")
        if header.defects or not found.username or not domain:
            raise wrong
        return Address(found.display_name, found.username, domain)
    except (MessageError, UnicodeError, ValueError, IndexError):
        raise wrong from None
