"""The table of doses: amounts, routes, and ends that make sense."""

from __future__ import annotations

from datetime import datetime

from openntz.course.columns import plain_name
from openntz.course.events import Dose, Ref, Route
from openntz.course.spellings import ROUTES
from openntz.records.dates import Moment
from openntz.records.problems import CellError
from openntz.records.rows import Row


def read_dose(row: Row) -> Dose:
    """A dose.

    Raises
    ------
    CellError
        When start, amount or route is missing, cannot be read or cannot be right.
    """
    start = row.when("start")
    route = _route(row)
    amount = _amount(row)
    return Dose(
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
    route = ROUTES.get(plain_name(text))
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


def _amount(row: Row) -> float:
    text = row.given("dose_mg")
    if not text:
        raise CellError(
            "dose_mg",
            row.text("dose_mg"),
            "no amount; the label's dose is not assumed.",
            'Fill it in, or state it in a mapping file: [doses.defaults] dose_mg = "300".',
        )
    stated = row.given("dose_unit")
    header = row.binding.units.get("dose_mg", "")
    if stated and header and stated.casefold() != header:
        reason = f"the header says {header}, the row says {stated}."
        raise CellError("dose_unit", stated, reason, "Keep one of them.")
    with_unit = f"{text} {stated}" if stated else text
    return row.number("dose_mg", with_unit, "mg", row.limits.dose_mg)


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
