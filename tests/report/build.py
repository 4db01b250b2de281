"""Made-up reviews: every situation a page has to show, without reader, model or rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np

from openntz.course.course import Course
from openntz.course.events import (
    Assay,
    Dose,
    Measurement,
    Person,
    Plan,
    Ref,
    Scan,
)
from openntz.definitions.lymphocytes import RiseLimits
from openntz.definitions.therapy import TherapyLimits, therapy
from openntz.evidence.registry import Fact, Registry, Source
from openntz.forecast.result import (
    Curve,
    LevelVerdict,
    PersonForecast,
    Quantiles,
    TimeBelow,
)
from openntz.monitor.finding import Finding, Status
from openntz.report.guides import Guides
from openntz.report.person import PersonReview
from openntz.report.review import Review, TableCount
from tests.contract import RULE_IDS

AS_OF = date(2024, 6, 30)
LIMITS = TherapyLimits(label_interval=28, presumed_stopped_from=57, left_from=365)
HORIZON = (28, 35, 42, 49, 56, 70)

REGISTRY = Registry(
    MappingProxyType(
        {
            "eu-leaflet": Source(
                "eu-leaflet",
                "Package leaflet",
                "https://example.org/leaflet",
                "label",
                "",
                "excerpt",
            ),
            "paper-1": Source(
                "paper-1", "A paper & its <i>title</i>", "", "paper", "2020", "excerpt"
            ),
        }
    ),
    MappingProxyType(
        {
            "late-dose.act-after": Fact(
                "late-dose.act-after", 8, "wk", "longest gap", ("eu-leaflet",), "read", "more"
            ),
            "level.low": Fact("level.low", 5, "ug/mL", "low level", (), "project default", "more"),
        }
    ),
)

GUIDES = Guides(
    targets=(10.0, 5.0, 2.0, 1.0),
    target_title="targets",
    saturation_lines=((80.0, "usual"), (50.0, "half")),
    rise=RiseLimits(
        rise=0.8,
        baseline_within_days=90,
        window_from_day=70,
        window_to_day=112,
        lost_counts=2,
        on_drug_days=56,
    ),
    rise_title="rise",
    rise_new_start_days=183,
    lymphocyte_range=(1.0, 4.0),
    lymphocyte_range_title="usual adult range",
    index_lines=((0.9, "low"), (1.5, "high")),
    long_gap_days=56,
    days_before=550,
    days_after=112,
)


@dataclass
class Lines:
    """Line numbers per table, counted as rows are made."""

    last: dict[str, int] = field(default_factory=dict)

    def ref(self, table: str) -> Ref:
        self.last[table] = self.last.get(table, 1) + 1
        return Ref(table, self.last[table])


@dataclass(frozen=True)
class Problem:
    table: str
    line: int | None
    column: str
    value: str
    reason: str
    remedy: str
    person: str = ""


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute))


@dataclass
class Maker:
    """Builds one person's events table by table."""

    id: str
    birth: date | None = date(1981, 3, 2)
    sex: Any = "F"
    tables: dict[str, list[Any]] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)

    def add(self, table: str, event: type, day: date, /, **values: Any) -> Maker:
        hour = values.pop("hour", None)
        moment = at(day, hour) if hour is not None else at(day)
        self.tables.setdefault(table, []).append(
            event(at=moment, time_known=hour is not None, ref=self.lines.ref(table), **values)
        )
        return self

    def doses(self, first: date, n: int, every: int = 28, **values: Any) -> Maker:
        route = values.get("route", "IV")
        for i in range(n):
            start = at(first + timedelta(days=every * i), 10)
            end = start + timedelta(minutes=62) if route == "IV" else None
            self.tables.setdefault("doses", []).append(
                Dose(
                    at=start,
                    time_known=True,
                    ref=self.lines.ref("doses"),
                    end=end,
                    amount_mg=values.get("amount", 300.0),
                    route=route,
                    product="Tysabri",
                    batch=f"B{1000 + i}",
                    setting="clinic",
                )
            )
        return self

    def measure(self, test: str, day: date, value: float | None, unit: str, **values: Any) -> Maker:
        return self.add(
            "measurements",
            Measurement,
            day,
            test=test,
            value=value,
            unit=unit,
            as_written=values.pop("as_written", f"{value} {unit}"),
            **values,
        )

    def level(self, day: date, value: float, censor: str = "", hour: int = 9) -> Maker:
        assay = Assay("bridging ELISA", "central", None, 2.0)
        return self.measure(
            "natalizumab", day, value, "ug/mL", censor=censor, hour=hour, assay=assay
        )

    def plan(
        self, day: date, interval: int | None = 28, stopped: date | None = None, why: str = ""
    ):
        return self.add(
            "plans", Plan, day, planned_interval_days=interval, stopped=stopped, reason=why
        )

    def scan(self, day: date, gd: int | None, t2: int | None, larger: int | None = 0) -> Maker:
        return self.add(
            "mri",
            Scan,
            day,
            gadolinium_lesions=gd,
            new_t2_lesions=t2,
            enlarging_t2_lesions=larger,
        )

    def course(self, **values: Any) -> Course:
        person = Person(id=self.id, birth_date=self.birth, sex=self.sex, ref=Ref("people", 2))
        return Course.create(person, **values, **self.tables)


def _exposure(course: Course, day: np.ndarray, origin: date, half_life: float) -> np.ndarray:
    level = np.full(day.shape, 1e-6)
    for dose in course.doses:
        since = day - ((dose.at - at(origin)) / timedelta(days=1))
        given = since >= 0
        decay = 0.45 * np.exp(-np.maximum(since, 0) / 1.6) + 0.55 * np.exp(
            -np.maximum(since, 0) * math.log(2) / half_life
        )
        level += np.where(given, 85 * decay, 0.0)
    return np.maximum(level - 2.0, 1e-6)


def _saturation(c: np.ndarray) -> np.ndarray:
    return 0.95 * c / (0.9 + c)


def forecast(
    course: Course, as_of: date, *, half_life: float = 15.0, spread: float = 1.25, **values: Any
) -> PersonForecast:
    """A plausible forecast by superposition; not the product's model, only its shape."""
    known = course.until(as_of)
    last = known.doses[-1].at
    origin = known.doses[0].day
    end = (last.date() - origin).days + 112
    begin = max(0, (as_of - origin).days - 550)
    day = np.unique(
        np.concatenate(
            [
                np.arange(begin, end, 2.0),
                *[
                    (d.at - at(origin)) / timedelta(days=1) + np.array([-1e-3, 0.0, 0.04, 1.0, 3.0])
                    for d in known.doses
                ],
            ]
        )
    )
    day = day[(day >= begin) & (day <= end)]
    middle = _exposure(known, day, origin, half_life)
    low, high = middle / spread**1.6, middle * spread
    planned = values.pop("planned", last.date() + timedelta(days=28))

    def quantiles(when: float) -> tuple[Quantiles, Quantiles]:
        c = float(_exposure(known, np.array([when]), origin, half_life)[0])
        a, b = c / spread**1.6, c * spread
        s = [float(_saturation(np.array([x]))[0]) for x in (c, a, b)]
        return Quantiles(c, a, b), Quantiles(s[0], s[1], s[2])

    def since(d: date) -> float:
        return float((d - origin).days)

    by_day = {k: quantiles(since(last.date()) + k) for k in HORIZON}
    base: dict[str, Any] = {
        "person": course.person.id,
        "as_of": at(as_of, 23, 59),
        "status": "ok",
        "model": "van-den-berg-2025",
        "card_hash": "0123456789ab",
        "saturation_models": ("saturation_natalizumab", "saturation_biib107"),
        "seed": 1,
        "last_dose": last,
        "planned_dose": at(planned) if planned else None,
        "weight_kg": 68.0,
        "parameters": MappingProxyType({"cl": (0.15, 0.1), "vc": (-0.1, 0.2)}),
        "pareto_k": 0.32,
        "effective_draws": 612.0,
        "by_day": MappingProxyType(by_day),
        "now": quantiles(since(as_of)),
        "planned": quantiles(since(planned)) if planned else None,
        "probability_at_planned": MappingProxyType({10.0: 0.93, 5.0: 0.995, 2.0: 1.0, 1.0: 1.0}),
        "probability_by_day": MappingProxyType(
            {k: MappingProxyType({10.0: 0.8, 5.0: 0.9, 2.0: 0.95, 1.0: 0.99}) for k in HORIZON}
        ),
        "below": (
            TimeBelow(10.0, 38.2, 33.0, 45.1),
            TimeBelow(5.0, 47.0, 41.0, 56.0),
            TimeBelow(2.0, 55.5, 48.0, 66.0),
            TimeBelow(1.0, 60.0, 51.0, None),
        ),
        "levels": tuple(
            LevelVerdict(
                m.ref.line, m.at, m.value, m.censor, "fitted", predicted=20.0, low=4, high=60
            )
            for m in known.results("natalizumab")
        ),
        "curve": Curve(
            at(origin),
            day,
            middle,
            low,
            high,
            _saturation(middle),
            _saturation(low),
            _saturation(high),
        ),
    }
    return PersonForecast(**{**base, **values})


def finding(person: str, rule: str, status: Status, message: str, **values: Any) -> Finding:
    return Finding(
        person=person,
        rule=rule,
        status=status,
        message=message,
        profile="eu",
        **{"sources": ("eu-leaflet",), "evidence": ("doses:3",), **values},
    )


def findings(person: str, given: Mapping[str, Finding] | None = None) -> tuple[Finding, ...]:
    """Those of the contract and the given ones; 'ok' for what is not given."""
    own = given or {}
    return tuple(
        own.get(rule) or finding(person, rule, Status.OK, f"Nothing to do for {rule}.")
        for rule in dict.fromkeys((*RULE_IDS, *own))
    )


def reviewed(
    course: Course, outlook: PersonForecast | None = None, given: Iterable[Finding] = ()
) -> PersonReview:
    return PersonReview(
        course=course,
        therapy=therapy(course, AS_OF, LIMITS),
        forecast=outlook or forecast(course, AS_OF),
        findings=findings(course.person.id, {f.rule: f for f in given}),
    )


def review(people: Iterable[PersonReview], **values: Any) -> Review:
    base: dict[str, Any] = {
        "as_of": AS_OF,
        "profile": "eu",
        "profile_title": "EU label",
        "version": "0.1.0",
        "registry": REGISTRY,
        "guides": GUIDES,
        "horizon_days": HORIZON,
        "pareto_k_limit": 0.7,
        "people": tuple(people),
        "model": "van-den-berg-2025",
        "model_title": "Natalizumab, intravenous",
        "card_hash": "0123456789ab",
        "seed": 1,
        "tables": (TableCount("doses", "read", 40, 39, 1, ("colour",)),),
    }
    return Review(**{**base, **values})
