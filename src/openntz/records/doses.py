"""The table of doses: amounts, routes, and ends that make sense."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import Final

from openntz.course.columns import plain_name
from openntz.course.events import Contact, Dose, Ref, Route
from openntz.course.spellings import ROUTES
from openntz.records.dates import Moment
from openntz.records.doses_by_weight import DosePerKg
from openntz.records.limits import Range
from openntz.records.problems import CellError
from openntz.records.rows import Row

_PER_KG: Final = re.compile(r"(.*?)\s*mg\s*/\s*kg(?:\s+mg\s*/\s*kg)?", re.IGNORECASE)
# What is possible is told by the amount in mg.
_ANY_PER_KG: Final = Range(sys.float_info.min, sys.float_info.max, "above 0")
_AS_WRITTEN: Final[dict[str, Route]] = {"IV": "IV", "SC": "SC"}


def read_dose(row: Row) -> Dose:
    """A dose.

    Raises
    ------
    CellError
        When start, amount or route is missing, cannot be read or cannot be right.
    """
    start = row.when("start")
    route = _route(row)
    kind, amount = _amount(row)
    return kind(
        at=start.at,
        time_known=start.time_known,
        ref=Ref("doses", row.line),
        extra=row.extra,
        end=_end(row, start, route),
        amount_mg=amount,
        route=route,
        product=row.text("product"),
        batch=row.text("batch"),
        setting=row.text("setting"),
        premedication=row.text("premedication"),
        discharged=_discharged(row, start),
        follow_up_call=_contact(row, "follow_up_call", start),
        hotline=_contact(row, "hotline", start),
    )


def _route(row: Row) -> Route:
    text = row.given("route")
    if not text:
        raise CellError(
            "route",
            row.text("route"),
            "no route; it is never guessed.",
            'Fill it in, or state it in a mapping file: [doses.defaults] route = "IV".',
        )
    route = _AS_WRITTEN.get(text) or ROUTES.get(plain_name(text))
    if route is None:
        raise CellError(
            "route",
            text,
            "not a route known here; it is never guessed.",
            "Write IV or SC, or map the word in a mapping file: [doses.values.route].",
        )
    if text != route:
        row.note("read as", "route", text, f"{text!r} is read as {route}.", each=text)
    return route


def _amount(row: Row) -> tuple[type[Dose], float]:
    text = row.given("dose_mg")
    if not text:
        raise CellError(
            "dose_mg",
            row.text("dose_mg"),
            "no amount; the label's dose is not assumed.",
            'Fill it in, or state it in a mapping file: [doses.defaults] dose_mg = "300".',
        )
    stated = row.given("dose_unit")
    by_weight = _PER_KG.fullmatch(f"{text} {stated}".strip())
    if by_weight:
        # The header may say mg, as tables made from a trial's always do.
        return DosePerKg, row.number("dose_mg", by_weight[1], "", _ANY_PER_KG)
    header = row.binding.units.get("dose_mg", "")
    if stated and header and stated.casefold() != header:
        reason = f"the header says {header}, the row says {stated}."
        raise CellError("dose_unit", stated, reason, "Keep one of them.")
    with_unit = f"{text} {stated}" if stated else text
    return Dose, row.number("dose_mg", with_unit, "mg", row.limits.dose_mg)


def _end(row: Row, start: Moment, route: Route) -> datetime | None:
    text = row.given("end")
    if not text:
        # An injection has no duration; an infusion's is needed and not known.
        if route == "IV":
            reason = "No end is recorded; the infusion is used with its duration unknown."
            row.note("assumed", "end", "", reason, "Record the end of each infusion.")
        return None
    end = row.optional(row.moment, "end", text)
    return None if end is None else row.optional(_possible_end, row, text, start, end)


def _discharged(row: Row, start: Moment) -> datetime | None:
    text = row.given("discharged")
    if not text:
        return None
    left = row.optional(row.moment, "discharged", text)
    return None if left is None else row.optional(_possible_discharge, row, text, start, left)


def _possible_discharge(row: Row, text: str, start: Moment, left: Moment) -> datetime | None:
    if not start.time_known or not left.time_known:
        missing = "discharge" if start.time_known else "start"
        reason = f"The {missing} has no time of day; the dose is used without its discharge."
        row.note("assumed", "discharged", text, reason)
        return None
    if left.at <= start.at:
        reason = "left before the dose began; the dose is used without its discharge."
        raise CellError("discharged", text, reason, "Check both times.")
    return left.at


def _contact(row: Row, column: str, start: Moment) -> Contact | None:
    """A call by its moment, or by its words where the cell is not a moment."""
    text = row.given(column)
    if not text:
        return None
    try:
        when = row.moment(column, text)
    except CellError as error:
        # Without a letter it was meant as a date, and a wrong one is not a call that was made.
        if not any(letter.isalpha() for letter in text):
            row.errors.append(error)
            return None
        return Contact(None, time_known=False, note=text)
    return row.optional(_possible_contact, column, text, start, when)


def _possible_contact(column: str, text: str, start: Moment, when: Moment) -> Contact:
    early = when.at.date() < start.at.date()
    if early or (when.time_known and start.time_known and when.at < start.at):
        reason = "a call before the dose it belongs to; the dose is used without it."
        raise CellError(column, text, reason, "Check both times.")
    return Contact(when.at, time_known=when.time_known, note="")


def _possible_end(row: Row, text: str, start: Moment, end: Moment) -> datetime | None:
    if not start.time_known or not end.time_known:
        missing = "end" if start.time_known else "start"
        reason = f"The {missing} has no time of day; the dose is used with its end unknown."
        row.note("assumed", "end", text, reason)
        return None
    if end.at <= start.at:
        when = "ends before it starts" if end.at < start.at else "ends as it starts"
        raise CellError(
            "end", text, f"{when}; the dose is used with its end unknown.", "Check both times."
        )
    if end.at - start.at > row.limits.longest_infusion:
        hours = row.limits.longest_infusion.total_seconds() / 3600
        reason = f"lasts longer than {hours:g} h; the dose is used with its end unknown."
        raise CellError("end", text, reason, "Check date and time of the end.")
    return end.at
