"""Posts to Slack by its incoming webhook; without one it writes to a file what would have been posted.

slack_sdk is not imported until a message is posted. In run.py write `from tools import slack`.
"""

from tools.slack.errors import SlackError
from tools.slack.post import TIMEOUT_SECONDS, Posted, post
from tools.slack.text import LONGEST, escape, link

__all__ = ["LONGEST", "TIMEOUT_SECONDS", "Posted", "SlackError", "escape", "link", "post"]
