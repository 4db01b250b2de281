"""The smaller tables: plans, reactions, scans, relapses, scores, symptoms, treatments,
pregnancies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final, TypedDict

from openntz.course.events import (
    EdssScore,
    Event,
    Plan,
    Pregnancy,
    Reaction,
    Ref,
    Relapse,
    Scan,
    Symptom,
    Treatment,
)
from openntz.records.dates import Moment, last_day
from openntz.records.limits import Range
from openntz.records.problems import CellError
from openntz.records.rows import Row, rough_note

_YES: Final = frozenset({"yes", "y", "true", "x", "1", "stopped"})
_YEAR_WILL_DO: Final = "Fill in the start; a year is enough."
_NO: Final = frozenset({"no", "n", "false", "0"})


class _Common(TypedDict):
    """What every event has, whatever its table."""

    at: datetime
    time_known: bool
    ref: Ref
    extra: Mapping[str, str]


def _common(row: Row, moment: Moment) -> _Common:
    return {
        "at": moment.at,
        "time_known": moment.time_known,
        "ref": Ref(row.table.name, row.line),
        "extra": row.extra,
    }


def read_plan(row: Row) -> Plan:
    """A plan: an interval, a stop, a consent, an authorisation, or several of them.

    Raises
    ------
    CellError
        When its date cannot be used, or it says none of them.
    """
    decided = row.when("date")
    text = row.given("planned_interval_days")
    days = row.optional(_interval, row, text) if text else None
    stopped = _stopped(row, decided)
    consent, authorised = (_on_day(row, name, decided) for name in ("consent", "authorised"))
    if days is None and stopped is None and consent is None and authorised is None:
        # The cell that spoiled it says more than 'neither'.
        if row.errors:
            raise row.errors[0]
        reason = "neither an interval nor a stop."
        raise CellError("planned_interval_days", "", reason, "Fill in one of the two.")
    return Plan(
        **_common(row, decided),
        planned_interval_days=days,
        stopped=stopped,
        reason=row.text("reason"),
        consent=consent,
        authorised=authorised,
    )


def _interval(row: Row, text: str) -> int:
    value = row.number("planned_interval_days", text, "d", row.limits.interval_days)
    if not value.is_integer():
        reason = f"{value:g} days is not a whole number of days."
        raise CellError("planned_interval_days", text, reason, "Give whole days.")
    return int(value)


def _stopped(row: Row, decided: Moment) -> date | None:
    text = row.given("stopped")
    if not text or text.casefold() in _NO:
        return None
    if text.casefold() in _YES:
        reason = "The day of the plan is taken as the day therapy stopped."
        row.note("assumed", "stopped", text, reason, "Give the date of the stop.")
        return decided.at.date()
    return row.day("stopped")


def _on_day(row: Row, column: str, decided: Moment) -> date | None:
    """A day on which something was done by the day of the plan; one after it is taken back."""
    text = row.given(column)
    if not text or text.casefold() in _NO:
        return None
    if text.casefold() in _YES:
        return decided.at.date()
    day = row.day(column)
    if day is not None and day > row.limits.as_of:
        reason = f"After {row.limits.as_of}, the day of the review: taken as not done yet."
        row.note("later", column, text, reason)
        return None
    return day


def read_reaction(row: Row) -> Reaction:
    """A reaction; one without a word for it is kept, as a reaction it remains.

    Raises
    ------
    CellError
        When its onset cannot be used.
    """
    onset = row.when("onset")
    term = row.given("term")
    if not term:
        row.note("assumed", "term", row.text("term"), "What it was is not recorded; it is used.")
    return Reaction(
        **_common(row, onset),
        term=term,
        grade=_grade(row),
        action=row.text("action"),
    )


def _grade(row: Row) -> int | None:
    text = row.given("grade")
    if not text:
        return None
    plain = text.casefold().removeprefix("ctcae").strip().removeprefix("grade").strip()
    highest = row.limits.highest_grade
    if plain.isascii() and plain.isdigit() and len(plain) == 1 and 1 <= int(plain) <= highest:
        return int(plain)
    row.errors.append(
        CellError(
            "grade",
            text,
            f"not a grade from 1 to {highest}; the reaction is used with its grade unknown.",
            "Write the CTCAE grade, or map the word in a mapping file: [reactions.values.grade].",
        )
    )
    return None


def read_scan(row: Row) -> Scan:
    """A scan; a count that is empty or cannot be used is 'not reported', never none.

    Raises
    ------
    CellError
        When its date cannot be used.
    """
    done = row.when("date")
    highest = row.limits.lesions
    return Scan(
        **_common(row, done),
        gadolinium_lesions=row.count("gadolinium_lesions", highest),
        new_t2_lesions=row.count("new_t2_lesions", highest),
        enlarging_t2_lesions=row.count("enlarging_t2_lesions", highest),
        brain_volume_change_percent=_volume_change(row),
        comment=row.text("comment"),
    )


def _volume_change(row: Row) -> float | None:
    column = "brain_volume_change_percent"
    text = row.given(column)
    return row.optional(row.number, column, text, "%", row.limits.volume_change) if text else None


def read_relapse(row: Row) -> Relapse:
    """A relapse.

    Raises
    ------
    CellError
        When its onset cannot be used.
    """
    onset = row.when("onset")
    return Relapse(
        **_common(row, onset),
        severity=row.text("severity"),
        comment=row.text("comment"),
    )


def read_edss(row: Row) -> EdssScore:
    """A score on the grid 0, 1.0, 1.5 to 10.

    Raises
    ------
    CellError
        When date or score cannot be used.
    """
    done = row.when("date")
    text = row.needed("score")
    highest, step = row.limits.edss_highest, row.limits.edss_step
    score = row.number("score", text, "", Range(0.0, highest, f"0 to {highest:g}"))
    if not (score / step).is_integer() or score == step:
        reason = f"not on the scale: 0, 1.0 and then steps of {step:g} up to {highest:g}."
        raise CellError("score", text, reason, "Check the score.")
    return EdssScore(**_common(row, done), score=score)


def read_symptom(row: Row) -> Symptom:
    """A symptom.

    Raises
    ------
    CellError
        When its date or name is missing or cannot be used.
    """
    said = row.when("date")
    return Symptom(
        **_common(row, said),
        symptom=row.needed("symptom"),
        comment=row.text("comment"),
    )


def read_treatment(row: Row) -> Treatment:
    """Another treatment; rough dates stand for the longest time they can mean.

    Raises
    ------
    CellError
        When it has no name, or neither start nor end can be used.
    """
    name = row.needed("name")
    end = row.optional(_rough, row, "end", "last")
    start = row.optional(_rough, row, "start", "first")
    last = None if end is None else last_day(end)
    if start is None:
        start = _known_from_end(row, last)
    elif last is not None and last < start.at.date():
        reason = "ends before it starts; the treatment is used without an end."
        row.errors.append(CellError("end", row.text("end"), reason, "Check both dates."))
        last = None
    return Treatment(
        **_common(row, start),
        name=name,
        kind=row.text("kind"),
        end=last,
    )


def _known_from_end(row: Row, last: date | None) -> Moment:
    if last is None:
        if row.errors:
            raise row.errors[-1]
        raise CellError("start", "", "neither start nor end is recorded.", _YEAR_WILL_DO)
    reason = "No start that can be used; the end is the first day known of it."
    row.note("assumed", "start", row.text("start"), reason, _YEAR_WILL_DO)
    return Moment(datetime.combine(last, time.min), False)


def _rough(row: Row, column: str, which: str) -> Moment | None:
    text = row.given(column)
    if not text:
        return None
    moment = row.moment(column, text, rough=True)
    if moment.precision != "day":
        row.note("assumed", column, text, rough_note(moment, which))
    return moment


def read_pregnancy(row: Row) -> Pregnancy:
    """A pregnancy by what is known of conception, due date and delivery, in their order.

    Raises
    ------
    CellError
        When none of the three can be used.
    """
    conception, due, delivery = row.day("conception"), row.day("due"), row.day("delivery")
    limits = row.limits
    if conception:
        latest = conception + limits.longest_pregnancy
        if due:
            shortest = conception + limits.shortest_to_due
            due = row.optional(_in_order, row, "due", due, shortest, latest)
        if delivery:
            delivery = row.optional(_in_order, row, "delivery", delivery, conception, latest)
    known = [day for day in (conception, delivery) if day]
    if not known and due:
        known = [due - limits.conception_to_due]
        days = limits.conception_to_due.days
        reason = f"No conception is recorded; it is placed {days} days before (project default)."
        row.note("assumed", "due", row.text("due"), reason, "Fill in the conception.")
    if not known:
        if row.errors:
            raise row.errors[0]
        raise CellError("conception", "", "no date at all.", "Fill in one of the three dates.")
    return Pregnancy(
        **_common(row, Moment(datetime.combine(known[0], time.min), False)),
        conception=conception,
        due=due,
        delivery=delivery,
        outcome=row.text("outcome"),
        breastfeeding=row.given("breastfeeding"),
    )


def _in_order(row: Row, column: str, day: date, earliest: date, latest: date) -> date:
    if not earliest <= day <= latest:
        reason = (
            f"does not follow from the conception: {earliest} to {latest} is possible;"
            " the pregnancy is used without this date."
        )
        raise CellError(column, row.text(column), reason, "Check both dates.")
    return day


READERS: Final[dict[str, Callable[[Row], Event]]] = {
    "plans": read_plan,
    "reactions": read_reaction,
    "mri": read_scan,
    "relapses": read_relapse,
    "edss": read_edss,
    "symptoms": read_symptom,
    "treatments": read_treatment,
    "pregnancies": read_pregnancy,
}
