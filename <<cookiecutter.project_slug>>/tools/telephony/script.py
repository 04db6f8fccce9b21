"""What a call says and does, as TwiML."""

from __future__ import annotations

MAX_SECONDS = 120
"""Longest answer that Twilio transcribes."""


def call_script(
    greeting: str,
    *,
    transcribe_callback: str | None = None,
    action: str | None = None,
    max_seconds: int = MAX_SECONDS,
    language: str = "en-US",
) -> str:
    """Return TwiML: the greeting, a beep, a recording that is transcribed, then a goodbye.

    Args:
        greeting: what is said; any text, it is escaped.
        transcribe_callback: URL that gets the transcript (`TranscriptionText`, `CallSid`); without it none is made.
        action: URL that says in TwiML how the call goes on after the recording. Without it Twilio asks the document's
            own URL again, with `RecordingUrl` among the fields; one given inline has none, and the call ends.
        max_seconds: longest recording; 2 to 120, which is as much as Twilio transcribes.
        language: of the voice.

    Raises:
        ValueError: max_seconds is out of range.
    """
    if not 2 <= max_seconds <= MAX_SECONDS:
        raise ValueError(f"max_seconds must be from 2 to {MAX_SECONDS}, which is as much as Twilio transcribes.")
    from twilio.twiml.voice_response import VoiceResponse

    response = VoiceResponse()
    response.say(_sayable(greeting), language=language)
    options: dict[str, object] = {"max_length": max_seconds, "timeout": 5, "play_beep": True}
    if transcribe_callback is not None:
        options |= {"transcribe": True, "transcribe_callback": transcribe_callback}
    if action is not None:
        options["action"] = action
    response.record(**options)
    response.say("Thank you. Goodbye.", language=language)  # reached only where nothing was recorded
    response.hangup()
    return str(response)


def farewell(text: str, *, language: str = "en-US") -> str:
    """Return TwiML that says something and hangs up; any text, it is escaped."""
    from twilio.twiml.voice_response import VoiceResponse

    response = VoiceResponse()
    response.say(_sayable(text), language=language)
    response.hangup()
    return str(response)


def _sayable(text: str) -> str:
    """Return the text without what XML cannot hold, however it is escaped."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
