"""Invented people for the tests of the report: each shows one situation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from openntz.course.events import (
    Assay,
    EdssScore,
    Pregnancy,
    Reaction,
    Relapse,
    Symptom,
    Treatment,
)
from openntz.forecast.result import (
    LevelVerdict,
    PersonForecast,
)
from openntz.monitor.finding import Status
from openntz.report.person import PersonReview
from tests.report.build import AS_OF, Maker, at, finding, forecast, reviewed


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
