"""What a call to a candidate says, whoever gives it to Twilio: the activity that places it, or the API."""

from __future__ import annotations


def greeting(position: str) -> str:
    """Return what is said before the recording."""
    return f"Hello. This is the call about your application as {position}."


def for_a_machine(position: str) -> str:
    """Return what an answering machine is told."""
    return f"{greeting(position)} We will try again later. Goodbye."


OVER = "Hello. This call is not needed any more. Goodbye."
"""What somebody hears whose application has ended while the telephone rang."""

SORRY = "Hello. We are sorry: something is wrong on our side. We will be in touch. Goodbye."
"""What somebody hears while the database is away; no other call is promised, for this one counts as answered."""

THANKS = "Thank you. Goodbye."
"""What follows the recording."""
