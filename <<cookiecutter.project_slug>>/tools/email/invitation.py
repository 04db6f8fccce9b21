"""The calendar entry of a call (RFC 5545, RFC 5546), made by the icalendar library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress, vText

from tools.email.address import parse_address
from tools.email.hiring_values import Call, Cancellation


def calendar_entry(values: Call, *, to: str) -> str:
    """Return the entry as text: METHOD:REQUEST, or METHOD:CANCEL for one that is off.

    The same uid with a higher sequence moves the entry in the recipient's calendar. Times are in UTC, which every
    calendar shows in its owner's zone.

    Raises:
        EmailError: an address is wrong.
    """
    cancelled = isinstance(values, Cancellation)
    organizer = parse_address(values.organizer, "organizer")
    start = values.call_time.astimezone(UTC)
    event = Event()
    event.add("uid", f"{values.uid}@{organizer.domain}")
    event.add("sequence", values.sequence)
    event.add("dtstamp", datetime.now(UTC))
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=values.duration_minutes))
    event.add("summary", f"Call about {values.position}")
    event.add("description", "We call you on the number in your application.")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("organizer", _person(organizer.addr_spec, organizer.display_name))
    event.add("attendee", _person(parse_address(to, "to").addr_spec, values.name, asks=not cancelled))
    calendar = Calendar()
    calendar.add("prodid", "-//raw-system//tools.email//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    calendar.add_component(event)
    text: bytes = calendar.to_ical()
    return text.decode("utf-8")


def _person(address: str, name: str, *, asks: bool = False) -> vCalAddress:
    person = vCalAddress(f"MAILTO:{address}")
    if name:
        # A parameter's value cannot hold a double quote, whatever is done to it.
        person.params["CN"] = vText(name.replace('"', "'"))
    if asks:
        person.params["ROLE"] = vText("REQ-PARTICIPANT")
        person.params["PARTSTAT"] = vText("NEEDS-ACTION")
        person.params["RSVP"] = vText("TRUE")
    return person
