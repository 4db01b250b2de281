"""The washout between natalizumab and the next drug, against what was studied for that drug."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from openntz.course.events import Scan, Treatment
from openntz.definitions.terms import mentions


class Successor(StrEnum):
    """Drugs after natalizumab of which something was published."""

    FINGOLIMOD = "fingolimod"
    ALEMTUZUMAB = "alemtuzumab"
    OCRELIZUMAB = "ocrelizumab"
    FUMARATE = "dimethyl fumarate"
    INTERFERON = "interferon beta"
    GLATIRAMER = "glatiramer"


class Span(StrEnum):
    """A washout against the studied one."""

    SHORTER = "shorter than studied"
    WITHIN = "as studied"
    LONGER = "longer than studied"


class StudiedWashout(Struct, frozen=True):
    """Days between the last dose and the next drug, both ends included; 0 for no shortest."""

    shortest_days: int
    longest_days: int
    mri_before: bool

    def span(self, days: int) -> Span:
        """Where a washout of so many days lies."""
        if days < self.shortest_days:
            return Span.SHORTER
        return Span.WITHIN if days <= self.longest_days else Span.LONGER


def successor_named(
    treatment: Treatment, names: Iterable[tuple[Successor, tuple[str, ...]]]
) -> Successor | None:
    """Which of the drugs a treatment is, None for any other."""
    return next((drug for drug, known in names if mentions(treatment.name, known)), None)


def washout_days(last_dose: date, start: date) -> int:
    """Days without either drug; none where the next began before the last dose."""
    return max(0, (start - last_dose).days)


def scan_before(
    scans: Iterable[Scan], last_dose: date, start: date, within_days: int
) -> Scan | None:
    """The last MRI since the last dose that lies no longer than ``within_days`` before a start."""
    opens = max(last_dose + timedelta(days=1), start - timedelta(days=within_days))
    found = [s for s in scans if opens <= s.day <= start]
    return found[-1] if found else None
