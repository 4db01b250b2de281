"""Arbitrary courses: every table, any order, gaps, clashes and holes, before and after the date."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from openntz.course import vocabulary
from openntz.course.course import TABLES, Course
from openntz.course.events import (
    Assay,
    Contact,
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

FIRST, LAST = date(2021, 6, 1), date(2024, 12, 31)
DAYS = st.dates(FIRST, LAST)
LINES = st.integers(2, 9999)
MAYBE_DAY = st.none() | DAYS

_TERMS = (
    "hypersensitivity",
    "anaphylaxis",
    "urticaria",
    "headache",
    "flushing",
    "infusion related reaction",
    "jaundice",
    "",
)
_TREATMENTS = (
    "fingolimod",
    "azathioprine",
    "mitoxantrone",
    "ivig",
    "plasma exchange",
    "natalizumab",
    "MMR vaccine",
    "yellow fever",
    "travel vaccine",
    "vitamin D",
    "",
)
_KINDS = ("dmt", "DMT", "immunosuppressant", "steroid", "symptomatic", "biologic", "vaccine", "")
_SYMPTOMS = (
    *("wearing-off", "Wearing off", "jaundice", "fatigue", "no pregnancy wish", ""),
    *("?PML", "PML excluded", "zoster", "no zoster", "meningitis", "covid", "low mood"),
)
_DISEASES = ("", "none", "hypertension; history of melanoma", "HIV", "basal cell carcinoma", "PML")
_DIAGNOSES = ("", "RRMS", "PPMS", "MS")
_REASONS = ("patient choice", "pregnancy wish", "antibodies", "")
_OUTCOMES = ("", "live birth", "miscarriage", "ongoing", "live birth, newborn platelets 180")
_UNITS = ("", "ng/mL", "AU/mL", "1")


def _event(draw: Any, table: str) -> dict[str, Any]:
    clock = draw(st.none() | st.times().map(lambda t: t.replace(microsecond=0)))
    return {
        "at": datetime.combine(draw(DAYS), clock or time.min),
        "time_known": clock is not None and clock != time.min,
        "ref": Ref(table, draw(LINES)),
    }


def contacts(at: datetime) -> st.SearchStrategy[Contact | None]:
    """No call, one some hours later, or words."""
    return st.sampled_from(
        (
            None,
            Contact(at + timedelta(hours=3), True, ""),
            Contact(None, False, "not reached"),
            Contact(None, False, "well"),
        )
    )


@st.composite
def doses(draw: Any) -> Dose:
    base = _event(draw, "doses")
    minutes = draw(st.none() | st.integers(1, 300))
    return Dose(
        **base,
        end=None if minutes is None else base["at"] + timedelta(minutes=minutes),
        amount_mg=draw(st.sampled_from((300.0, 150.0, 600.0))),
        route=draw(st.sampled_from(("IV", "SC"))),
        product=draw(st.sampled_from(("", "Tysabri", "Tyruko"))),
        batch=draw(st.sampled_from(("", "B1"))),
        setting=draw(st.sampled_from(("", "clinic", "home", "room 4"))),
        premedication=draw(st.sampled_from(("", "cetirizine"))),
        discharged=draw(st.sampled_from((None, base["at"] + timedelta(minutes=70)))),
        follow_up_call=draw(contacts(base["at"])),
        hotline=draw(contacts(base["at"])),
    )


@st.composite
def measurements(draw: Any) -> Measurement:
    test = draw(st.sampled_from(sorted(vocabulary.CANONICAL_UNITS)))
    answer = draw(st.sampled_from((None, None, "positive", "negative", "indeterminate")))
    value = draw(st.none() | st.floats(0, 2000, allow_nan=False))
    if answer is None and value is None:
        value = 1.0
    unit = vocabulary.CANONICAL_UNITS[test]
    if answer is not None or test == vocabulary.ANTIBODIES:
        unit = draw(st.sampled_from((unit, *_UNITS)))
    assay = Assay(
        name=draw(st.sampled_from(("", "ELISA"))),
        threshold=draw(st.sampled_from((None, 4.0, 500.0))),
        lloq=draw(st.sampled_from((None, 2.0))),
    )
    return Measurement(
        **_event(draw, "measurements"),
        test=test,
        value=value,
        censor=draw(st.sampled_from(("", "", "", "<", ">"))) if value is not None else "",
        answer=answer,
        unit=unit,
        assay=draw(st.sampled_from((None, assay))),
        extra=draw(st.sampled_from(({}, {"uln": "45"}, {"ref_high": "n/a"}, {"ULN": "1e9"}))),
        as_written=draw(st.sampled_from(("", "1.2 mg/dL", "410 U/L", "x"))),
    )


_counts = st.none() | st.integers(0, 60)


@st.composite
def scans(draw: Any) -> Scan:
    return Scan(
        **_event(draw, "mri"),
        gadolinium_lesions=draw(_counts),
        new_t2_lesions=draw(_counts),
        enlarging_t2_lesions=draw(_counts),
        brain_volume_change_percent=draw(st.sampled_from((None, None, -0.9, 0.1))),
    )


@st.composite
def treatments(draw: Any) -> Treatment:
    base = _event(draw, "treatments")
    length = draw(st.none() | st.integers(0, 900))
    return Treatment(
        **base,
        name=draw(st.sampled_from(_TREATMENTS)),
        kind=draw(st.sampled_from(_KINDS)),
        end=None if length is None else base["at"].date() + timedelta(days=length),
    )


@st.composite
def pregnancies(draw: Any) -> Pregnancy:
    base = _event(draw, "pregnancies")
    start = base["at"].date()
    known = draw(st.booleans())
    delivered = draw(st.none() | st.integers(0, 300))
    return Pregnancy(
        **base,
        conception=start if known else None,
        due=draw(st.sampled_from((None, start + timedelta(days=266)))),
        delivery=None if delivered is None else start + timedelta(days=delivered),
        outcome=draw(st.sampled_from(_OUTCOMES)),
        breastfeeding=draw(st.sampled_from(("", "yes", "no", "until 2023-05-01", "?"))),
        extra=draw(st.sampled_from(({}, {"newborn_count": "no"}, {"newborn_platelets": "210"}))),
    )


@st.composite
def plans(draw: Any) -> Plan:
    stopped = draw(MAYBE_DAY)
    interval = draw(st.none() | st.integers(1, 120))
    return Plan(
        **_event(draw, "plans"),
        planned_interval_days=interval,
        stopped=stopped,
        reason=draw(st.sampled_from(_REASONS)),
        consent=draw(MAYBE_DAY),
        authorised=draw(MAYBE_DAY),
    )


@st.composite
def reactions(draw: Any) -> Reaction:
    return Reaction(
        **_event(draw, "reactions"),
        term=draw(st.sampled_from(_TERMS)),
        grade=draw(st.none() | st.integers(1, 5)),
    )


@st.composite
def symptoms(draw: Any) -> Symptom:
    return Symptom(
        **_event(draw, "symptoms"),
        symptom=draw(st.sampled_from(_SYMPTOMS)),
        comment=draw(st.sampled_from(("", "worse in week 4", "wishes pregnancy"))),
    )


@st.composite
def relapses(draw: Any) -> Relapse:
    return Relapse(**_event(draw, "relapses"))


@st.composite
def edss_scores(draw: Any) -> EdssScore:
    return EdssScore(**_event(draw, "edss"), score=draw(st.sampled_from((0.0, 2.5, 6.0))))


@st.composite
def people(draw: Any) -> Person:
    return Person(
        id="X01",
        birth_date=draw(st.none() | st.dates(date(1940, 1, 1), date(2012, 1, 1))),
        sex=draw(st.sampled_from(("F", "M", ""))),
        diagnosis=draw(st.sampled_from(_DIAGNOSES)),
        conditions=draw(st.sampled_from(_DISEASES)),
        ref=draw(st.sampled_from((None, Ref("people", 2)))),
    )


def _few(strategy: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=most)


@st.composite
def dosed_courses(draw: Any) -> Course:
    """Doses, reactions and plans alone, which is all that reactions are judged by."""
    return Course.create(
        draw(people()),
        doses=draw(_few(doses(), 6)),
        reactions=draw(_few(reactions(), 2)),
        plans=draw(_few(plans(), 2)),
    )


@st.composite
def courses(draw: Any) -> Course:
    """A course of arbitrary events, from an export that may lack tables."""
    recorded = draw(st.just(frozenset(TABLES)) | st.frozensets(st.sampled_from(TABLES)))
    events = {
        "plans": draw(_few(plans(), 3)),
        "doses": draw(_few(doses(), 8)),
        "measurements": draw(_few(measurements(), 8)),
        "reactions": draw(_few(reactions(), 2)),
        "mri": draw(_few(scans(), 3)),
        "relapses": draw(_few(relapses(), 2)),
        "edss": draw(_few(edss_scores(), 2)),
        "symptoms": draw(_few(symptoms(), 2)),
        "treatments": draw(_few(treatments(), 3)),
        "pregnancies": draw(_few(pregnancies(), 2)),
    }
    return Course.create(
        draw(people()),
        recorded=recorded | {"people"},
        **{name: rows for name, rows in events.items() if name in recorded},
    )
