"""Forecast one person, and ask what a dose on another day would mean."""

from __future__ import annotations

import difflib
from datetime import date, datetime, time, timedelta
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from openntz.course.course import Course
from openntz.course.events import Dose, Ref
from openntz.definitions.therapy import Therapy
from openntz.errors import InputError
from openntz.forecast.options import Options
from openntz.forecast.result import PersonForecast
from openntz.workflows.person import Practice, forecast_course, standing
from openntz.workflows.read import read_tables, registry_for


class ForecastQuestion(Struct, frozen=True, kw_only=True):
    """Whose forecast, from when, and the day of a supposed next dose (or None)."""

    folder: Path
    person: str
    as_of: date
    next_dose: date | None
    profile: str
    site: Path | None
    mapping: Path | None
    seed: int
    options: Options = field(default_factory=Options)


class ForecastAnswer(Struct, frozen=True, kw_only=True):
    """The forecast as things stand and, if asked, up to and after the supposed dose.

    ``until_dose`` has the supposed day as its planned dose, so that its trough is known;
    ``after_dose`` counts its days from the supposed dose.
    """

    course: Course
    therapy: Therapy
    forecast: PersonForecast
    next_dose: date | None
    until_dose: PersonForecast | None = None
    after_dose: PersonForecast | None = None


def find_course(courses: dict[str, Course], person: str) -> Course:
    """The course of one person.

    Raises
    ------
    InputError
        When there is no such person; the remedy names identifiers that are nearly the same.
    """
    if person in courses:
        return courses[person]
    near = difflib.get_close_matches(person, courses, n=3)
    raise InputError(
        f"no person {person!r} in these tables.",
        where="--person",
        remedy=_which(near, bool(courses)),
    )


def _which(near: list[str], anybody: bool) -> str:
    if near:
        return f"Did you mean {', '.join(near)}?"
    if not anybody:
        return "The tables name nobody; `openntz check` shows what was read."
    return "Give an identifier as the tables write it."


def suppose_dose(course: Course, day: date) -> Course:
    """The course with one more dose like the last on ``day``, and nothing booked besides.

    Raises
    ------
    InputError
        When there is no dose yet, or the day is not after the last dose.
    """
    if not course.doses:
        raise InputError(
            "nobody can say what a next dose does without a first one.",
            where="--person",
            remedy="Choose a person with doses.",
        )
    last = course.doses[-1]
    if day <= last.day:
        raise InputError(
            f"{day} is not after the last dose ({last.day}).",
            where="--if-next-dose",
            remedy="Give a later day.",
        )
    clock = last.at.time() if last.time_known else time.min
    supposed = Dose(
        at=datetime.combine(day, clock),
        time_known=last.time_known,
        ref=Ref("supposed", 0),
        end=None,
        amount_mg=last.amount_mg,
        route=last.route,
        product=last.product,
    )
    return replace(course, doses=(*course.doses, supposed))


def run_forecast(question: ForecastQuestion) -> ForecastAnswer:
    """Read the tables and forecast one person.

    Raises
    ------
    OpenNTZError
        When the input, the person, a profile or a site file cannot be used.
    """
    practice = Practice.create(
        registry=registry_for(question.site),
        profile=question.profile,
        seed=question.seed,
        options=question.options,
    )
    records = read_tables(question.folder, question.as_of, question.mapping, practice.registry)
    course = find_course(dict(records.courses), question.person)
    stands = standing(course, question.as_of, practice.profile)
    planned = None if stands.planned is None else max(stands.planned, question.as_of)
    plain = forecast_course(course, question.as_of, practice, planned=planned)
    if question.next_dose is None:
        return ForecastAnswer(course=course, therapy=stands, forecast=plain, next_dose=None)
    day = question.next_dose
    if day < question.as_of:
        raise InputError(
            f"{day} lies before the as-of day {question.as_of}.",
            where="--if-next-dose",
            remedy="Give a later day, or the day to judge from with --as-of.",
        )
    known = course.until(question.as_of)
    supposed = suppose_dose(known, day)
    return ForecastAnswer(
        course=course,
        therapy=stands,
        forecast=plain,
        next_dose=day,
        until_dose=forecast_course(course, question.as_of, practice, planned=day),
        after_dose=forecast_course(
            supposed, day, practice, planned=day + timedelta(days=stands.interval_days)
        ),
    )
