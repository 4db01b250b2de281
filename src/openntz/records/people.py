"""The table of people: one row each, read cell by cell."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec.structs import replace

from openntz.course.columns import plain_name
from openntz.course.course import age_on
from openntz.course.events import Person, Ref
from openntz.course.spellings import SEXES
from openntz.records.problems import CellError
from openntz.records.rows import Row, rough_note

_FIELDS = ("birth_date", "sex", "ms_onset", "diagnosis", "conditions")
_NOT_SAID = {"u", "x", "o", "other", "d", "diverse", "i", "unspecified"}


def read_person(row: Row, person: str) -> Person:
    """A person; every cell that cannot be used is unknown and listed."""
    birth_date = _birth_date(row)
    return Person(
        id=person,
        birth_date=birth_date,
        sex=row.optional(_sex, row) or "",
        ms_onset=_onset(row, birth_date),
        diagnosis=row.given("diagnosis"),
        conditions=row.given("conditions"),
        ref=Ref("people", row.line),
        extra=row.extra,
    )


def _birth_date(row: Row) -> date | None:
    text = row.given("birth_date")
    return row.optional(_possible_birth, row, text) if text else None


def _possible_birth(row: Row, text: str) -> date:
    limits = row.limits
    birth = row.any_moment("birth_date", text).at.date()
    if birth > limits.as_of:
        reason = f"{birth} is after {limits.as_of}, the day of the review."
        raise CellError("birth_date", text, reason, "Check the year.")
    if age_on(birth, limits.as_of) > limits.years_of_life:
        reason = f"the person would be over {limits.years_of_life} years old on {limits.as_of}."
        raise CellError("birth_date", text, reason, "Check the year.")
    return birth


def _sex(row: Row) -> Literal["F", "M", ""]:
    text = row.given("sex")
    if not text or text.casefold() in _NOT_SAID:
        return ""
    sex = SEXES.get(plain_name(text))
    if sex is None:
        raise CellError("sex", text, "not a word known here.", "Write F or M, or leave it empty.")
    if text not in {"F", "M"}:
        row.note("read as", "sex", text, f"{text!r} is read as {sex}.", each=text)
    return sex


def _onset(row: Row, birth_date: date | None) -> date | None:
    text = row.given("ms_onset")
    return row.optional(_possible_onset, row, text, birth_date) if text else None


def _possible_onset(row: Row, text: str, birth_date: date | None) -> date | None:
    moment = row.moment("ms_onset", text, rough=True)
    day = moment.at.date()
    if day > row.limits.as_of:
        # A review of an earlier day reads a later export: what it could not know is left out.
        reason = f"After {row.limits.as_of}, the day of the review: taken as unknown."
        row.note("later", "ms_onset", text, reason)
        return None
    if birth_date is not None and day < birth_date:
        raise CellError(
            "ms_onset", text, f"{day} is before the birth date {birth_date}.", "Check both dates."
        )
    if moment.precision != "day":
        row.note("assumed", "ms_onset", text, rough_note(moment, "first"))
    return day


def contradiction(first: Person, second: Person) -> str:
    """The first field in which two rows about one person say different things, or ''."""
    for name in _FIELDS:
        one, other = getattr(first, name), getattr(second, name)
        if one and other and one != other:
            return name
    for name in first.extra.keys() & second.extra.keys():
        if first.extra[name] != second.extra[name]:
            return name
    return ""


def merged(first: Person, second: Person) -> Person:
    """The first row with what it left open taken from the second."""
    open_fields = {
        name: getattr(second, name)
        for name in Person.__struct_fields__
        if name in _FIELDS and not getattr(first, name)
    }
    return replace(first, **open_fields)
