"""How long the judge looks at states, and the words that its findings are told apart by."""

from __future__ import annotations

DEADLINE_SCRAPES = 10
GRACE_SCRAPES = 5
SLACK_SCRAPES = 2
"""Intervals after which a scrape that was due has arrived or will not be waited for."""
STEADY_STATES = 3
FIXED = "fixed upstream?"
"""How the reason begins when the wrong value of a known issue is not seen any more."""
WAS_RIGHT = "was right"
"""How the reason begins when it held, and then did not."""
WATCHED = "watched_scrapes"
"""In the evidence of what did not stay as it was after its step: how many scrapes were looked at."""
