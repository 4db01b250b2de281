"""The typed, dated events a course is made of.

Times are local clinic time without zone. Where an export gave a date only (or 00:00), the
time of day is unknown: ``at`` then holds midnight and ``time_known`` is False.
Amounts are milligram, durations follow from start and end, measurements are in the canonical
unit of their test (see ``course/vocabulary.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

Route = Literal["IV", "SC"]
Censor = Literal["", "<", ">"]
Answer = Literal["positive", "negative", "indeterminate"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Ref(Struct, frozen=True):
    """Where an event was read: table name and 1-based line (the header is line 1)."""

    table: str
    line: int

    def __str__(self) -> str:
        return f"{self.table}:{self.line}"


class Assay(Struct, frozen=True):
    """How a level or antibody was measured; without it results are not comparable.

    ``threshold`` is the cut-off for 'positive' in ng/mL (antibodies), ``lloq`` the lower limit
    of quantification in the test's canonical unit; None where the export does not say.
    """

    name: str = ""
    laboratory: str = ""
    threshold: float | None = None
    lloq: float | None = None

    @property
    def label(self) -> str:
        """Short name for a reader; 'assay not recorded' when nothing is known."""
        parts = [self.name or "assay not recorded"]
        if self.laboratory:
            parts.append(self.laboratory)
        return ", ".join(parts)


class Event(Struct, frozen=True, kw_only=True):
    """What every event has: a moment, whether its time of day is known, and its origin."""

    at: datetime
    time_known: bool = False
    ref: Ref
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def day(self) -> date:
        """The calendar date of the moment."""
        return self.at.date()


class Contact(Struct, frozen=True):
    """A call about a dose: its moment where the export gave one, else the words it gave."""

    at: datetime | None
    time_known: bool
    note: str


class Dose(Event, frozen=True, kw_only=True):
    """One administration; ``end`` is None when not recorded or set aside.

    ``discharged`` is when the person left, ``follow_up_call`` the clinic's call afterwards and
    ``hotline`` a call of the person to the clinic; None where not recorded.
    """

    end: datetime | None
    amount_mg: float
    route: Route
    product: str = ""
    batch: str = ""
    setting: str = ""
    premedication: str = ""
    discharged: datetime | None = None
    follow_up_call: Contact | None = None
    hotline: Contact | None = None


class Measurement(Event, frozen=True, kw_only=True):
    """One laboratory or bedside result in the canonical unit of ``test``.

    ``value`` with ``censor`` '<' or '>' is a limit, not a value. A qualitative result has
    ``answer`` and, where the laboratory gave one, a titre as ``value`` with unit '1'.
    ``as_written`` keeps value and unit exactly as exported.
    """

    test: str
    value: float | None = None
    censor: Censor = ""
    answer: Answer | None = None
    unit: str = ""
    assay: Assay | None = None
    as_written: str = ""


class Reaction(Event, frozen=True, kw_only=True):
    """A reaction to an administration; grade is CTCAE 1-5 or None when not recorded."""

    term: str
    grade: int | None
    action: str = ""


class Scan(Event, frozen=True, kw_only=True):
    """A brain MRI; a count of None means 'not reported', never 'none'.

    ``brain_volume_change_percent`` is the change in a year, negative for a loss.
    """

    gadolinium_lesions: int | None
    new_t2_lesions: int | None
    enlarging_t2_lesions: int | None
    comment: str = ""
    brain_volume_change_percent: float | None = None


class Relapse(Event, frozen=True, kw_only=True):
    """A clinical relapse by its onset."""

    severity: str = ""
    comment: str = ""


class EdssScore(Event, frozen=True, kw_only=True):
    """An Expanded Disability Status Scale score, 0 to 10."""

    score: float


class Symptom(Event, frozen=True, kw_only=True):
    """A reported symptom, for example wearing-off."""

    symptom: str
    comment: str = ""


class Treatment(Event, frozen=True, kw_only=True):
    """Another treatment; ``at`` is its start, ``end`` None when no end is recorded."""

    name: str
    kind: str
    end: date | None


class Pregnancy(Event, frozen=True, kw_only=True):
    """A pregnancy; ``at`` is conception (or the first date known of it).

    ``breastfeeding`` is the entry as written, empty where nobody recorded it.
    """

    conception: date | None
    due: date | None
    delivery: date | None
    outcome: str = ""
    breastfeeding: str = ""


class Plan(Event, frozen=True, kw_only=True):
    """The intended interval from a date on, or that therapy stopped, and why.

    ``consent`` and ``authorised`` are days the person consented again and treatment was
    authorised again; None where not recorded.
    """

    planned_interval_days: int | None
    stopped: date | None
    reason: str = ""
    consent: date | None = None
    authorised: date | None = None


class Person(Struct, frozen=True, kw_only=True):
    """Who the course belongs to; None, or empty text, where not recorded.

    ``diagnosis`` is the kind of multiple sclerosis as written, ``conditions`` other diseases,
    separated by semicolons.
    """

    id: str
    birth_date: date | None = None
    sex: Literal["F", "M", ""] = ""
    ms_onset: date | None = None
    diagnosis: str = ""
    conditions: str = ""
    ref: Ref | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
