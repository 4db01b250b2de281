"""People for the forecast's tests, and the shipped models."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Dose, Measurement
from openntz.forecast.history import AntibodyEffect
from openntz.forecast.person import forecast_person
from openntz.forecast.request import ForecastModels, ForecastRequest
from openntz.forecast.result import PersonForecast
from openntz.forecast.settings import Settings
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation
from tests.build import doses_every, measurement, person

FIRST = date(2024, 1, 8)


@lru_cache(maxsize=1)
def models() -> ForecastModels:
    return ForecastModels(
        card=load_card("van_den_berg_2025"),
        saturation=(
            load_saturation("saturation_biib107"),
            load_saturation("saturation_natalizumab"),
        ),
        settings=Settings.from_registry(),
    )


def course(
    *,
    doses: Iterable[Dose] | None = None,
    levels: Iterable[Measurement] = (),
    weight: float | None = 70.0,
    name: str = "X01",
    birth: date | None = date(1985, 6, 15),
) -> Course:
    given = doses_every(FIRST, 6) if doses is None else tuple(doses)
    measured = list(levels)
    if weight is not None:
        measured.append(measurement(vocabulary.WEIGHT, FIRST, weight, unit="kg"))
    return Course.create(person(name, birth), doses=given, measurements=measured)


def forecast(
    who: Course,
    as_of: date,
    *,
    planned: date | None = None,
    antibodies: AntibodyEffect | None = None,
    seed: int = 7,
    **settings: Any,
) -> PersonForecast:
    return forecast_person(
        ForecastRequest(
            course=who.until(as_of),
            as_of=as_of,
            planned=planned,
            antibodies=antibodies,
            seed=seed,
            **settings,
        ),
        models(),
    )
