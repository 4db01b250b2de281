"""What a rule would say of another record: one row fewer, or one more today.

Rules are pure, so the same rule is asked again. The forecast stays that of the true record;
a rule that reads it is not asked, because another dose or level would be another forecast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import EVENT_TABLES, Course
from openntz.course.events import (
    Answer,
    Assay,
    EdssScore,
    Event,
    Measurement,
    Plan,
    Ref,
    Scan,
    Treatment,
)
from openntz.definitions.therapy import Therapy
from openntz.monitor.consulted import WatchedSituation
from openntz.monitor.engine import verdict_of
from openntz.monitor.finding import Finding, Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation


class Supposition(Struct, frozen=True):
    """Another record, in words, and what the rule says of it."""

    what: str
    status: Status
    message: str


def without_row(course: Course, place: str) -> Course:
    """The course without one row, named ``table:line``."""
    kept = {
        name: tuple(e for e in getattr(course, name) if str(e.ref) != place)
        for name in EVENT_TABLES
    }
    return replace(course, **kept)


def _with(course: Course, table: str, event: Event) -> Course:
    rows = (*getattr(course, table), event)
    ordered = tuple(sorted(rows, key=lambda e: e.at))
    return replace(course, recorded=course.recorded | {table}, **{table: ordered})


def _antibody_test(course: Course, answer: Answer, threshold: float, at: datetime) -> Measurement:
    last = course.results(vocabulary.ANTIBODIES)
    assay = last[-1].assay if last else Assay(threshold=threshold)
    return Measurement(
        at=at,
        ref=Ref("supposed", 0),
        test=vocabulary.ANTIBODIES,
        answer=answer,
        unit=vocabulary.CANONICAL_UNITS[vocabulary.ANTIBODIES],
        assay=assay,
    )


def _repeated(course: Course, at: datetime) -> Iterator[tuple[str, Course]]:
    """The last dose, and the last result of each test, once more today."""
    if course.doses:
        last = course.doses[-1]
        again = replace(last, at=at, end=None, time_known=False, ref=Ref("supposed", 0))
        yield "a dose like the last", _with(course, "doses", again)
    latest = {m.test: m for m in course.measurements}
    for test, m in latest.items():
        again = replace(m, at=at, time_known=False, ref=Ref("supposed", 0))
        yield f"{test} with the same result as the last", _with(course, "measurements", again)


def suppositions(course: Course, as_of: date, profile: Profile) -> Iterator[tuple[str, Course]]:
    """Records with one more row today, and what that row is in words."""
    at, ref = datetime.combine(as_of, time.min), Ref("supposed", 0)
    yield from _repeated(course, at)
    clean = Scan(at=at, ref=ref, gadolinium_lesions=0, new_t2_lesions=0, enlarging_t2_lesions=0)
    yield "a brain MRI without any new lesion", _with(course, "mri", clean)
    threshold = profile.number("antibodies.threshold")
    answers: tuple[Answer, ...] = ("negative", "positive")
    for answer in answers:
        test = _antibody_test(course, answer, threshold, at)
        yield f"a {answer} test for antibodies", _with(course, "measurements", test)
        jcv = Measurement(at=at, ref=ref, test=vocabulary.JCV_INDEX, answer=answer)
        yield f"a {answer} anti-JCV test", _with(course, "measurements", jcv)
    score = course.edss[-1].score if course.edss else 0.0
    visit = EdssScore(at=at, ref=ref, score=score)
    yield f"a visit with EDSS {score:.1f}", _with(course, "edss", visit)
    stop = Plan(at=at, ref=ref, planned_interval_days=None, stopped=as_of)
    yield "a stop of natalizumab", _with(course, "plans", stop)
    kind = profile.words("treatment.dmt-kinds")[0]
    other = Treatment(at=at, ref=ref, name="another treatment", kind=kind, end=None)
    yield "the start of another disease-modifying treatment", _with(course, "treatments", other)


class OtherRecords(Struct, frozen=True):
    """Asks rules about other records of one person.

    ``stands`` gives the standing of a course at the as-of day.
    """

    situation: Situation
    profile: Profile
    stands: Callable[[Course], Therapy]

    def _asked(self, rule: Rule, finding: Finding, what: str, known: Course) -> Supposition | None:
        """What the rule says, None where it says the same or would need another forecast."""
        other = replace(self.situation, course=known, therapy=self.stands(known))
        watched = WatchedSituation.of(other, self.situation.profiles)
        verdict = verdict_of(rule, watched, self.profile)
        if watched.forecast_seen or verdict.status is finding.status:
            return None
        return Supposition(what, verdict.status, verdict.message)

    def without(self, rule: Rule, finding: Finding) -> tuple[Supposition, ...]:
        """Rows of which the answer would be another if they were not there."""
        if finding.by_forecast:
            return ()
        course = self.situation.course
        asked = (
            self._asked(rule, finding, place, without_row(course, place))
            for place in finding.evidence
        )
        return tuple(s for s in asked if s is not None)

    def added(self, rule: Rule, finding: Finding) -> tuple[Supposition, ...]:
        """Rows that would make the answer another if they were recorded today."""
        if finding.by_forecast:
            return ()
        more = suppositions(self.situation.course, self.situation.as_of, self.profile)
        asked = (self._asked(rule, finding, what, course) for what, course in more)
        return tuple(s for s in asked if s is not None)
