"""What is asked of one person's forecast, and with which models."""

from __future__ import annotations

import zlib
from datetime import date, datetime, time

import numpy as np
from msgspec import Struct

from openntz.course.course import Course
from openntz.forecast.history import AntibodyEffect, History
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.settings import Settings
from openntz.models.card import Card
from openntz.models.saturation import SaturationCard


class ForecastModels(Struct, frozen=True, kw_only=True):
    """The cards a forecast uses."""

    card: Card
    saturation: tuple[SaturationCard, ...]
    settings: Settings


class ForecastRequest(Struct, frozen=True, kw_only=True):
    """One person's question.

    ``course`` is already cut at ``as_of``; ``planned`` is the date of the next dose or None.
    ``readings`` are the antibody tests; ``antibodies`` those that the tests confirm.
    """

    course: Course
    as_of: date
    planned: date | None
    antibodies: AntibodyEffect | None
    seed: int
    threads: int = 1
    readings: tuple[AntibodyReading, ...] = ()


def person_generator(seed: int, person: str) -> np.random.Generator:
    """A random stream that depends on the seed and the person alone, not on order."""
    return np.random.default_rng([seed, zlib.crc32(person.encode("utf-8"))])


def moments_of(request: ForecastRequest, history: History) -> tuple[datetime, datetime | None]:
    """The as-of moment (or the end of a dose given later that day) and the planned one."""
    now = datetime.combine(request.as_of, time.min) + history.assumed.clock
    now = max(now, history.dose_ends[-1])
    if request.planned is None:
        return now, None
    clock = history.last_dose - history.last_dose.replace(hour=0, minute=0, second=0)
    planned = datetime.combine(request.planned, time.min) + clock
    return now, max(planned, now)
