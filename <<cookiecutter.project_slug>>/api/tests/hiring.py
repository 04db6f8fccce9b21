"""What the tests of hiring share: an application, and the candidate that it makes."""

from __future__ import annotations

from api.tests.support import Client

APPLICATION = {
    "name": "Ann Example",
    "email": "ann@example.com",
    "phone": "+49 30 901820",
    "position": "Backend engineer",
    "cv_text": "Seven years of Python and PostgreSQL.",
}
# Who is told of withdrawals by mail.
RECRUITER = "recruiter@firm.example.com"


async def applied(client: Client) -> str:
    """Send an application; return the candidate's id."""
    answer = await client.send("/webhooks/cv-submission", APPLICATION)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])
