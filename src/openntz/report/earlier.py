"""What lies before the window of a picture, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from openntz.course.events import Event
from openntz.report import words
from openntz.report.charts import TimeAxis, ordinal


def earlier(events: Sequence[Event], time: TimeAxis, one: str, many: str = "") -> str:
    """'earlier: 3 scans, last 2022-02-01', or nothing when all events are in the window."""
    before = [e for e in events if ordinal(e.at) < time.start]
    if not before:
        return ""
    last = max(e.day for e in before)
    return f"earlier: {words.count(len(before), one, many)}, last {last.isoformat()}"
