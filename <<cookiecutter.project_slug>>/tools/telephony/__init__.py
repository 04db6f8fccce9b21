"""Places, finds and cancels calls by Twilio; without an account it records what would have been asked.

twilio is not imported until a call is placed. In run.py write `from tools import telephony`.
"""

from tools.telephony.calls import TIMEOUT_SECONDS, PlacedCall, cancel_call, find_call, place_call
from tools.telephony.errors import TelephonyError
from tools.telephony.number import phone_number
from tools.telephony.script import call_script, farewell

__all__ = [
    "TIMEOUT_SECONDS",
    "PlacedCall",
    "TelephonyError",
    "call_script",
    "cancel_call",
    "farewell",
    "find_call",
    "phone_number",
    "place_call",
]
