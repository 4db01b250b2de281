"""Dates of an export: read when there is one reading, refused when there are two.

ISO dates and date-times are read as they are. Day and month in figures are read only when one
of them cannot be a month, or when the mapping file states the order; ``03/04/2024`` is refused
otherwise. Years of two figures are always refused.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time
from typing import Final, Literal

from msgspec import Struct

from openntz.records.problems import ReadingError

Order = Literal["", "YMD", "DMY", "MDY"]


class Moment(Struct, frozen=True):
    """A moment as read; ``note`` says what was assumed ('' when nothing was).

    ``precision`` is 'day' even where a time is known; of a 'month' or 'year' it is the first
    day, and who asked for it says so.
    """

    at: datetime
    time_known: bool
    note: str = ""
    precision: Literal["day", "month", "year"] = "day"


_TIME: Final = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_FIGURES: Final = re.compile(r"(\d{1,2})([-./ ])(\d{1,2})\2(\d{4})", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}([-./])\d{1,2}\1\d{2}", re.ASCII)
_DAY_WORD: Final = re.compile(r"(\d{1,2})\.?[-/ ]?([A-Za-z]{3,9})[-/. ,]*(\d{4})", re.ASCII)
_WORD_DAY: Final = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})", re.ASCII)
_YEAR: Final = re.compile(r"(\d{4})", re.ASCII)
_YEAR_MONTH: Final = re.compile(r"(\d{4})[-/.](\d{1,2})", re.ASCII)
_MONTH_YEAR: Final = re.compile(r"(\d{1,2})[-/.](\d{4})", re.ASCII)
_SERIAL: Final = re.compile(r"\d{5}([.,]\d+)?", re.ASCII)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_LONGEST: Final = 40  # characters: no date is longer

_ISO_REMEDY: Final = "Write it as 2024-05-01 or 2024-05-01T10:30."
_ORDER_REMEDY: Final = (
    "Write it as 2024-05-01, or state the order for this table in a mapping file: date_format ="
    ' "DD/MM/YYYY".'
)


def _month(word: str) -> int | None:
    word = word.casefold()
    for number, name in enumerate(_MONTHS, start=1):
        if word in {name, name[:3]} or (word == "sept" and number == 9):
            return number
    return None


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ReadingError(f"there is no such day: {text}.", _ISO_REMEDY) from None


def _by_figures(first: int, second: int, year: int, text: str, order: Order) -> tuple[date, str]:
    if order == "DMY":
        return _day(year, second, first, text), ""
    if order == "MDY":
        return _day(year, first, second, text), ""
    if first > 12 and 1 <= second <= 12:
        note = "Read with the day first: the other order gives no month."
        return _day(year, second, first, text), note
    if second > 12 and 1 <= first <= 12:
        note = "Read with the month first: the other order gives no month."
        return _day(year, first, second, text), note
    if first == second and 1 <= first <= 12:
        return _day(year, first, second, text), "Day and month are the same number."
    if 1 <= first <= 12 and 1 <= second <= 12:
        raise ReadingError(
            f"day and month cannot be told apart: {year}-{first:02d}-{second:02d} or"
            f" {year}-{second:02d}-{first:02d}.",
            _ORDER_REMEDY,
        )
    raise ReadingError(f"there is no such day: {text}.", _ISO_REMEDY)


def _whole_day(text: str, order: Order) -> tuple[date, str] | None:
    """A day in one of the known ways of writing, or None when it is none of them."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, sign, month, day = found.groups()
        note = "" if sign == "-" else "Read with year, month, day in this order."
        return _day(int(year), int(month), int(day), text), note
    if found := _FIGURES.fullmatch(text):
        first, _, second, year = found.groups()
        return _by_figures(int(first), int(second), int(year), text, order)
    if found := _COMPACT.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
        # 03042024 would be year 304; a real year first is the only reading of eight figures.
        if 1900 <= year <= 2100:
            return _day(year, month, day, text), "Read with year, month, day in this order."
        raise ReadingError("eight figures that do not start with a year.", _ISO_REMEDY)
    if found := _DAY_WORD.fullmatch(text):
        day, word, year = found.groups()
    elif found := _WORD_DAY.fullmatch(text):
        word, day, year = found.groups()
    else:
        return None
    month = _month(word)
    if month is None:
        raise ReadingError(f"{word!r} is not an English name of a month.", _ISO_REMEDY)
    return _day(int(year), month, int(day), text), ""


def _clock(text: str) -> tuple[time, str]:
    found = _TIME.fullmatch(text)
    if not found:
        raise ReadingError(f"{text!r} is not a time of day.", _ISO_REMEDY)
    hour, half = int(found["hour"]), (found["half"] or "").replace(".", "").casefold()
    if half:
        if not 1 <= hour <= 12:
            raise ReadingError(f"{text!r} is not a time of day.", _ISO_REMEDY)
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        clock = time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        raise ReadingError(f"{text!r} is not a time of day.", _ISO_REMEDY) from None
    zone = found["zone"]
    note = f"The time zone {zone} is left out; the clock time is kept as local." if zone else ""
    return clock, note


def _split(text: str) -> tuple[str, str]:
    """Day part and clock part; the clock part is what holds the first colon."""
    colon = text.find(":")
    if colon < 0:
        return text, ""
    cut = max(text.rfind(" ", 0, colon), text.rfind("T", 0, colon), text.rfind("t", 0, colon))
    return (text[:cut].rstrip(" ,"), text[cut + 1 :]) if cut > 0 else ("", text)


def _refusal(text: str) -> ReadingError:
    if _SHORT_YEAR.fullmatch(text):
        return ReadingError("a year of two figures.", "Write the year with four figures.")
    if _SERIAL.fullmatch(text):
        return ReadingError(
            "this looks like a spreadsheet's day number.",
            "Format the column as a date (2024-05-01) before exporting.",
        )
    if _YEAR.fullmatch(text) or _YEAR_MONTH.fullmatch(text) or _MONTH_YEAR.fullmatch(text):
        return ReadingError("the day is missing.", "Give the full date; the day decides here.")
    return ReadingError("not a date.", _ISO_REMEDY)


def read_moment(text: str, order: Order = "") -> Moment:
    """A date or date-time; midnight and a bare date both mean that the time is unknown.

    Raises
    ------
    ReadingError
        When the text is no date, no existing day, or can be read in two ways.
    """
    length = len(text)
    if (
        (length == 10 or (length in (16, 19) and text[10] in "T "))
        and text[4] == text[7] == "-"
        and text[8:10].isdigit()
    ):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            pass  # the slow way says what is wrong
        else:
            if at.tzinfo is None:
                return Moment(at, bool(at.hour or at.minute or at.second))
    return _read_slowly(" ".join(text.split()), order)


def _read_slowly(text: str, order: Order) -> Moment:
    if len(text) > _LONGEST:
        raise ReadingError("too long for a date.", _ISO_REMEDY)
    day_text, clock_text = _split(text)
    read = _whole_day(day_text, order)
    if read is None:
        raise _refusal(day_text)
    day, note = read
    if not clock_text:
        return Moment(datetime.combine(day, time.min), False, note)
    clock, zone_note = _clock(clock_text)
    notes = " ".join(n for n in (note, zone_note) if n)
    return Moment(datetime.combine(day, clock), clock != time.min, notes)


def read_rough_day(text: str, order: Order = "") -> Moment:
    """A date of which the day, or day and month, may be missing: their first day stands in.

    Raises
    ------
    ReadingError
        As for ``read_moment``.
    """
    plain = text.strip()
    try:
        if _YEAR.fullmatch(plain):
            at = datetime(int(plain), 1, 1)
            return Moment(at, False, precision="year")
        if found := _YEAR_MONTH.fullmatch(plain):
            at = datetime(int(found[1]), int(found[2]), 1)
            return Moment(at, False, precision="month")
        if found := _MONTH_YEAR.fullmatch(plain):
            at = datetime(int(found[2]), int(found[1]), 1)
            return Moment(at, False, precision="month")
    except ValueError:
        raise ReadingError(f"there is no such month: {plain}.", _ISO_REMEDY) from None
    return read_moment(plain, order)


def last_day(moment: Moment) -> date:
    """The last day a rough date can mean: the end of its month or year."""
    day = moment.at.date()
    if moment.precision == "year":
        return date(day.year, 12, 31)
    if moment.precision == "month":
        return day.replace(day=monthrange(day.year, day.month)[1])
    return day


def order_of(pattern: str) -> Order | None:
    """The order that a stated pattern such as ``DD/MM/YYYY`` means, or None when it is none."""
    letters = re.sub(r"[^A-Z]", "", pattern.upper())
    orders: dict[str, Order] = {"DDMMYYYY": "DMY", "MMDDYYYY": "MDY", "YYYYMMDD": "YMD"}
    return orders.get(letters)
