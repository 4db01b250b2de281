"""Made-up reviews: every situation a page has to show, without reader, model or rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from openntz.course.course import Course
from openntz.course.events import (
    Assay,
    Dose,
    EdssScore,
    Measurement,
    Person,
    Plan,
    Pregnancy,
    Reaction,
    Ref,
    Relapse,
    Scan,
    Symptom,
    Treatment,
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
    """All 25: the given ones, and 'ok' for the rest."""
    own = given or {}
    return tuple(
        own.get(rule) or finding(person, rule, Status.OK, f"Nothing to do for {rule}.")
        for rule in RULE_IDS
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


def lymphocytes(maker: Maker, first: date, values: Iterable[float], every: int = 84) -> Maker:
    for i, value in enumerate(values):
        maker.measure("lymphocytes", first + timedelta(days=every * i - 3), value, "10*9/L")
    return maker


ELISA = Assay("bridging ELISA, cut-off 500 ng/mL", "central", 500.0, None)
ECL = Assay("drug-tolerant ECL, cut-off 4 ng/mL", "research", 4.0, None)


def normal(id: str = "N001") -> PersonReview:
    first = date(2023, 2, 14)
    m = Maker(id).doses(first, 18).plan(first)
    lymphocytes(m, first, [1.6, 2.5, 2.9, 3.1, 2.7, 3.0])
    m.level(date(2023, 10, 24), 18.2).level(date(2024, 2, 13), 24.4)
    m.measure("weight", first, 68, "kg")
    m.measure("cd19", date(2023, 5, 9), 410, "cells/uL").measure(
        "cd19", date(2024, 1, 16), 480, "cells/uL"
    )
    m.measure(
        "anti-natalizumab antibodies", date(2023, 8, 1), None, "", answer="negative", assay=ELISA
    )
    m.measure("jcv index", date(2023, 11, 2), 1.10, "index").measure(
        "jcv index", date(2024, 4, 25), 1.19, "index"
    )
    m.scan(date(2023, 1, 30), 2, None, None).scan(date(2024, 1, 20), 0, 0)
    m.add("relapses", Relapse, date(2023, 4, 2), severity="moderate")
    m.add("edss", EdssScore, date(2023, 2, 14), score=2.0)
    m.add("edss", EdssScore, date(2024, 2, 14), score=2.5)
    m.add("reactions", Reaction, date(2023, 3, 14), term="flushing", grade=1, hour=10)
    course = m.course()
    due = finding(
        id,
        "pml.jcv-due",
        Status.DUE,
        "The JCV antibody test is due. The last one was on 2024-04-25; repeat it every 6 months.",
        due=date(2024, 7, 2),
        evidence=("measurements:9",),
        facts=("late-dose.act-after", "level.low"),
        sources=("eu-leaflet", "paper-1"),
        others=(("us", Status.WATCH, "The US label repeats it later."),),
    )
    unknown = finding(id, "liver.injury", Status.UNKNOWN, "No ALT or AST is recorded.", evidence=())
    return reviewed(course, given=(due, unknown))


def antibodies(id: str = "N002") -> PersonReview:
    first = date(2023, 11, 6)
    m = Maker(id, sex="M").doses(first, 8).plan(first)
    lymphocytes(m, first, [1.9, 2.0, 2.1])
    m.level(date(2024, 1, 29), 2.0, "<").level(date(2024, 4, 22), 2.0, "<")
    for day, value in ((date(2023, 12, 4), 226.0), (date(2024, 1, 29), 11736.0)):
        m.measure("anti-natalizumab antibodies", day, value, "ng/mL", assay=ECL)
    m.measure("anti-natalizumab antibodies", date(2023, 11, 6), 4.0, "ng/mL", censor="<", assay=ECL)
    m.measure(
        "anti-natalizumab antibodies", date(2024, 4, 22), None, "", answer="positive", assay=ELISA
    )
    course = m.course()
    act = finding(
        id,
        "antibody.persistent",
        Status.ACT,
        "Antibodies are persistent: positive on 2024-01-29 and 2024-04-22. Stop is advised.",
        evidence=("measurements:6", "measurements:8"),
    )
    return reviewed(course, forecast(course, AS_OF, half_life=4.0, spread=1.8), (act,))


def stopped(id: str = "N003") -> PersonReview:
    first = date(2019, 5, 6)
    m = Maker(id).doses(first, 58).plan(first)
    last = first + timedelta(days=28 * 57)
    m.plan(last + timedelta(days=14), None, last + timedelta(days=7), "JCV positive")
    m.measure("jcv index", date(2023, 3, 2), 1.8, "index").measure(
        "jcv index", date(2023, 9, 2), 2.6, "index"
    )
    for year in range(2019, 2024):
        m.scan(date(year, 4, 20), 0, 1 if year < 2021 else 0)
    m.add("relapses", Relapse, date(2020, 3, 2), severity="mild")
    m.add("treatments", Treatment, date(2023, 11, 20), name="ocrelizumab", kind="dmt", end=None)
    m.add(
        "treatments",
        Treatment,
        date(2017, 1, 20),
        name="interferon beta-1a",
        kind="dmt",
        end=date(2019, 4, 1),
    )
    course = m.course()
    return reviewed(course, forecast(course, AS_OF, planned=None))


def injections(id: str = "N004") -> PersonReview:
    first = date(2023, 6, 5)
    m = Maker(id).doses(first, 7).plan(first)
    m.doses(first + timedelta(days=28 * 7), 7, route="SC")
    m.level(date(2024, 3, 11), 12.0).level(date(2024, 5, 6), 185.0, hour=11)
    course = m.course()
    base = forecast(course, AS_OF)
    flagged = LevelVerdict(
        base.levels[1].line,
        base.levels[1].at,
        185.0,
        "",
        "not a trough",
        reason="drawn 60 minutes after the start of the dose",
    )
    return reviewed(course, forecast(course, AS_OF, levels=(base.levels[0], flagged)))


def outside(id: str = "N005") -> PersonReview:
    first = date(2024, 1, 8)
    m = Maker(id, birth=date(2007, 5, 1)).doses(first, 6).plan(first)
    m.level(date(2024, 4, 1), 21.0)
    course = m.course(recorded=("people", "doses", "plans", "measurements", "mri"))
    none = PersonForecast(
        person=id,
        as_of=at(AS_OF),
        status="outside domain",
        reason="the model holds for adults; this person is 17 years old.",
        model="van-den-berg-2025",
        card_hash="0123456789ab",
        last_dose=course.doses[-1].at,
        levels=tuple(
            LevelVerdict(v.ref.line, v.at, v.value, "", "fitted")
            for v in course.results("natalizumab")
        ),
    )
    return reviewed(course, none)


def prior_only(id: str = "N006") -> PersonReview:
    first = date(2024, 5, 20)
    course = Maker(id).doses(first, 1).plan(first).course()
    return reviewed(
        course,
        forecast(
            course, AS_OF, spread=1.7, status="prior only", pareto_k=None, effective_draws=None
        ),
    )


def pregnant(id: str = "N007") -> PersonReview:
    first = date(2022, 1, 10)
    m = Maker(id).doses(first, 20, every=42).plan(first, 42)
    m.add(
        "pregnancies",
        Pregnancy,
        date(2023, 12, 10),
        conception=date(2023, 12, 10),
        due=date(2024, 9, 1),
        delivery=None,
    )
    for i in range(6):
        m.add("symptoms", Symptom, date(2023, 2 + 2 * i, 5), symptom="wearing-off")
    return reviewed(m.course())


def hundred(id: str = "N008") -> PersonReview:
    first = date(2016, 7, 4)
    m = Maker(id).doses(first, 100, every=29).plan(first)
    lymphocytes(m, first, [2.0 + 0.1 * (i % 9) for i in range(34)])
    for i in range(30):
        m.level(first + timedelta(days=29 * (3 * i + 3)), 22.0 + i % 5)
    for i in range(16):
        m.measure("jcv index", first + timedelta(days=182 * i), 0.2 + 0.05 * i, "index")
        m.scan(first + timedelta(days=180 * i), 0, 0)
        m.add("edss", EdssScore, first + timedelta(days=181 * i), score=3.0)
    return reviewed(m.course())


def never(id: str = "N009") -> PersonReview:
    course = Maker(id, birth=None, sex="").course(recorded=("people", "doses", "measurements"))
    none = PersonForecast(
        person=id, as_of=at(AS_OF), status="no dose", reason="no dose is recorded."
    )
    return reviewed(course, none)


HOSTILE = "<script>alert('x')</script>"


def hostile(id: str = "../" + HOSTILE) -> PersonReview:
    first = date(2024, 3, 4)
    m = Maker(id).doses(first, 4).plan(first)
    m.add("relapses", Relapse, date(2024, 4, 1), severity=HOSTILE, comment='"><img src=x>\x00')
    m.add("treatments", Treatment, date(2024, 4, 1), name=HOSTILE, kind='" onload="x', end=None)
    m.measure(
        "natalizumab",
        date(2024, 4, 29),
        20.0,
        "ug/mL",
        assay=Assay("<b>assay</b>", "javascript:alert(1)"),
        as_written="=cmd()",
        extra=MappingProxyType({"<th>": "<td onclick=x>"}),
    )
    course = m.course()
    bad = finding(id, "level.low", Status.ACT, f"{HOSTILE} & more.", sources=("paper-1",))
    return reviewed(course, given=(bad,))


@cache
def everybody() -> tuple[PersonReview, ...]:
    return (
        normal(),
        antibodies(),
        stopped(),
        injections(),
        outside(),
        prior_only(),
        pregnant(),
        hundred(),
        never(),
        hostile(),
    )
