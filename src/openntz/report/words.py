"""Numbers, dates and standings as a reader sees them; units are always said."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from openntz.course.course import age_on
from openntz.course.events import Measurement, Person
from openntz.definitions.amounts import chance as chance
from openntz.definitions.amounts import level as level
from openntz.definitions.amounts import level_range as level_range
from openntz.definitions.amounts import percent as percent
from openntz.definitions.amounts import percent_range as percent_range
from openntz.evidence.registry import Fact
from openntz.forecast.result import Quantiles
from openntz.monitor.finding import Status

MINUS: Final = "−"
_UNITS: Final = {
    "ug/mL": "µg/mL",
    "10*9/L": "×10⁹/L",
    "cells/uL": "cells/µL",
    "umol/L": "µmol/L",
    "index": "",
    "1": "",
}

STATUS_WORDS: Final = {
    Status.ACT: "act now",
    Status.DUE: "due",
    Status.WATCH: "watch",
    Status.UNKNOWN: "not known",
    Status.OK: "nothing to do",
}


STATUS_MEANING: Final = {
    Status.ACT: "decide or do something now, before the next dose",
    Status.DUE: "something falls due or is overdue: arrange it",
    Status.WATCH: "nothing to do yet, but keep an eye on it",
    Status.UNKNOWN: "the record does not say; never taken for normal",
    Status.OK: "the rule was checked and asks for nothing",
}


def unit(name: str) -> str:
    """A unit as it is printed: ``ug/mL`` becomes µg/mL, pure numbers have none."""
    return _UNITS.get(name, name)


_PER_CENT: Final = re.compile(r"(?<=\d)%")
_UNIT_IN_TEXT: Final = re.compile(r"\b(?:umol/L|ug/mL|ug/L|cells/uL)(?![\w/])")


def prose(text: str) -> str:
    """Text from rules and forecasts with units and per cents as this report prints them."""
    spaced = _PER_CENT.sub(" %", text)
    return _UNIT_IN_TEXT.sub(lambda found: found[0].replace("u", "µ", 1), spaced)


def level_interval(q: Quantiles, sign: str = "–") -> str:
    """The 90 % interval of a level, '14–22'; empty where it says no more than the median."""
    ends = level(q.p05), level(q.p95)
    return "" if set(ends) == {level(q.median)} else level_range(q.p05, q.p95, sign)


def level_between(q: Quantiles) -> str:
    """Median and 90 % interval of a level: '17 (14–22)'."""
    interval = level_interval(q)
    return f"{level(q.median)} ({interval})" if interval else level(q.median)


def percent_between(q: Quantiles) -> str:
    """Median and 90 % interval of a fraction: '86 % (84–88)'."""
    return f"{percent(q.median)} ({percent_range(q.p05, q.p95, '–').removesuffix(' %')})"


def number(value: float) -> str:
    """A plain number without needless digits."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def short(value: float) -> str:
    """A number for an axis, where room is scarce: '10k' for ten thousand."""
    return f"{value / 1000:g}k" if value >= 10000 else f"{value:g}"


def day(value: date | datetime | None) -> str:
    """An ISO date, or 'not recorded'."""
    if value is None:
        return "not recorded"
    return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()


def moment(at: datetime, time_known: bool) -> str:
    """Date and, where it is known, time of day."""
    return at.strftime("%Y-%m-%d %H:%M") if time_known else at.date().isoformat()


_UNIT_WORDS: Final = {
    "a": "years",
    "d": "days",
    "wk": "weeks",
    "mo": "months",
    "h": "hours",
    "min": "minutes",
}


def fact(value: Fact) -> str:
    """A fact's value, unit and warning with the unit as a reader writes it."""
    plain = f" {value.unit}"
    if value.unit == "grade":
        return f"grade {value.shown.replace(plain, '', 1)}"
    spoken = _UNIT_WORDS.get(value.unit, unit(value.unit))
    if value.value == 1 and value.unit in _UNIT_WORDS:
        spoken = spoken.removesuffix("s")
    shown = value.shown
    return prose(shown.replace(plain, f" {spoken}".rstrip(), 1) if value.unit else shown)


def count(n: int, one: str, many: str = "") -> str:
    """'1 dose', '2 doses'."""
    return f"{n} {one}" if n == 1 else f"{n} {many or one + 's'}"


def days(n: int) -> str:
    """'1 day', '12 days'."""
    return count(n, "day")


def ago(n: int) -> str:
    """'today', '1 day ago', '12 days ago'."""
    return "today" if n == 0 else f"{days(n)} ago"


def ahead(n: int) -> str:
    """'today', 'in 1 day', 'in 12 days'; late when negative."""
    if n == 0:
        return "today"
    return f"in {days(n)}" if n > 0 else f"{days(-n)} late"


def result(m: Measurement) -> str:
    """A measurement in its canonical unit, as read: '18.2 µg/mL', '<2 µg/mL', 'positive'."""
    parts = []
    if m.answer is not None:
        parts.append(m.answer)
    if m.value is not None:
        text = number(m.value)
        if m.answer is not None and m.unit == "1":
            text = f"titre 1:{text}"
        else:
            text = f"{m.censor}{text} {unit(m.unit)}".rstrip()
        parts.append(text)
    return ", ".join(parts) or "no result"


def age_and_sex(person: Person, as_of: date) -> str:
    """'woman, 43 years'; what is not recorded is said."""
    years = (
        count(age_on(person.birth_date, as_of), "year") if person.birth_date else "age not recorded"
    )
    sex = {"F": "woman", "M": "man"}.get(person.sex, "sex not recorded")
    return f"{sex}, {years}"


def within_sentence(title: str) -> str:
    """A title as it stands in a sentence: 'Liver values' with a small letter, 'MRI' as it is."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def first_sentence(text: str) -> str:
    """The first sentence of a message; a full stop in a number, date or bracket ends nothing."""
    depth = 0
    for i, sign in enumerate(text[:-1]):
        depth += (sign == "(") - (sign == ")")
        ends = sign in ".;" and text[i + 1] == " " and depth <= 0
        if ends and (sign == ";" or text[i + 2 : i + 3].isupper()):
            return text[:i] + "."
    return text


def sentences(text: str) -> tuple[str, ...]:
    """A text cut after each sentence; a full stop in a number, date or bracket ends nothing."""
    found, depth, begin = [], 0, 0
    for i, sign in enumerate(text[:-2]):
        depth += (sign == "(") - (sign == ")")
        if sign == "." and text[i + 1] == " " and depth <= 0 and text[i + 2].isupper():
            found.append(text[begin : i + 1])
            begin = i + 2
    return (*found, text[begin:])


def listed(words: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
