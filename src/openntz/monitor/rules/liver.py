"""Liver values: possible liver injury."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct, field

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Event, Measurement
from openntz.course.vocabulary import lost_results
from openntz.definitions.results import above, shown
from openntz.definitions.terms import asserts
from openntz.definitions.therapy import Therapy
from openntz.definitions.upper_limit import UpperLimit, upper_limit
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.liver_history import (
    LiverHistory,
    liver_history,
    onset_text,
    return_text,
)
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    not_in_export,
    past_watch,
    standing_refs,
)

_ULN = {
    vocabulary.ALT: "liver.alt-uln",
    vocabulary.AST: "liver.ast-uln",
    vocabulary.BILIRUBIN: "liver.bilirubin-uln",
}
_NAMES = {vocabulary.ALT: "ALT", vocabulary.AST: "AST", vocabulary.BILIRUBIN: "bilirubin"}


class LiverResult(Struct, frozen=True):
    """One liver result with the upper limit of normal it is held against."""

    result: Measurement
    limit: UpperLimit

    def above(self, times: float) -> bool | None:
        """Whether it is above a multiple of the upper limit; None when censored between."""
        return above(self.result, times * self.limit.value)

    def text(self, profile: Profile) -> str:
        """'ALT 410 U/L on 2024-06-26, 10.2 times the upper limit of 40 U/L (...)'."""
        test, value = self.result.test, self.result.value or 0
        unit = vocabulary.CANONICAL_UNITS[test]
        limit = (
            f"the laboratory's upper limit of {self.limit.value:g} {unit}"
            if self.limit.own
            else f"the upper limit of {profile.fact(_ULN[test]).shown}"
        )
        return (
            f"{_NAMES[test]} {shown(self.result, unit)} on {self.result.day}, "
            f"{value / self.limit.value:.1f} times {limit}"
        )


class LiverFacts(Struct, frozen=True, kw_only=True):
    """The latest ALT and AST, every bilirubin, and recorded jaundice of late."""

    therapy: Therapy
    enzymes: tuple[LiverResult, ...]
    bilirubin: tuple[LiverResult, ...]
    jaundice: tuple[Event, ...]
    recorded: bool
    symptoms_recorded: bool = True
    history: LiverHistory = field(default_factory=LiverHistory)


def _with_limit(result: Measurement, profile: Profile) -> LiverResult:
    fact = profile.fact(_ULN[result.test])
    return LiverResult(result, upper_limit(result, fact.number, fact.low, fact.high))


def latest_number(course: Course, *tests: str) -> Measurement | None:
    """The last result with a number among the named tests."""
    return next((m for m in reversed(course.results(*tests)) if m.value is not None), None)


def liver_facts(situation: Situation, profile: Profile) -> LiverFacts:
    """Facts of ``liver.injury``."""
    course = situation.course
    enzymes = (latest_number(course, vocabulary.ALT), latest_number(course, vocabulary.AST))
    terms = profile.words("liver.jaundice-terms")
    since = situation.as_of - timedelta(days=profile.days("liver.jaundice-within"))
    said = [(s, f"{s.symptom}, {s.comment}") for s in course.symptoms]
    said += [(r, f"{r.term}, {r.action}") for r in course.reactions]
    return LiverFacts(
        therapy=situation.therapy,
        enzymes=tuple(_with_limit(m, profile) for m in enzymes if m is not None),
        bilirubin=tuple(
            _with_limit(m, profile)
            for m in course.results(vocabulary.BILIRUBIN)
            if m.value is not None
        ),
        jaundice=tuple(e for e, text in said if e.day >= since and asserts(text, terms)),
        recorded=course.has("measurements"),
        symptoms_recorded=course.has("symptoms"),
        history=liver_history(course, _high_or_not(course, profile), profile),
    )


def _high_or_not(course: Course, profile: Profile) -> list[tuple[Measurement, bool]]:
    """Every enzyme result with a number, and whether it suggests injury by itself."""
    times = profile.number("liver.enzyme-times")
    return [
        (m, _with_limit(m, profile).above(times) is True)
        for m in course.results(vocabulary.ALT, vocabulary.AST)
        if m.value is not None
    ]


def no_result(what: str, therapy: Therapy, recorded: bool, profile: Profile) -> Verdict:
    """The answer when a value was never measured: unknown while it is watched, else not asked."""
    days = profile.days("laboratory.after-last-dose")
    ended = past_watch(therapy, days, "Blood values were watched until")
    if ended is not None:
        return ended
    text = (
        f"No {what} is recorded: measure it."
        if recorded
        else not_in_export("measurements", f"{what} is not known.")
    )
    return Verdict(status=Status.UNKNOWN, message=text, evidence=standing_refs(therapy))


def too_old(result: Measurement, therapy: Therapy, profile: Profile) -> bool:
    """Whether a normal result is too old to say that the person is normal now."""
    age = (therapy.as_of - result.day).days
    return not therapy.off_therapy and age > profile.days("result.counts-for")


def _paired(facts: LiverFacts, enzyme: LiverResult, profile: Profile) -> list[LiverResult]:
    """Bilirubin results taken close to an enzyme result."""
    within = profile.days("liver.bilirubin-within")
    day = enzyme.result.day
    return [b for b in facts.bilirubin if abs((b.result.day - day).days) <= within]


def _injury(facts: LiverFacts, profile: Profile) -> Verdict | None:
    """The answer when enzymes are high or jaundice is recorded."""
    times, jaundiced = profile.number("liver.enzyme-times"), facts.jaundice
    high = [e for e in facts.enzymes if e.above(times)]
    if not high and not jaundiced:
        return None
    limit = profile.number("liver.bilirubin-times")
    pairs = [b for e in high for b in _paired(facts, e, profile)]
    raised = [b for b in pairs if b.above(limit)]
    act = bool(raised or jaundiced)
    said = [e.text(profile) for e in (*high, *raised)]
    said += [f"jaundice recorded on {e.day}" for e in jaundiced]
    if act:
        todo = (
            "Hold natalizumab and evaluate at once: the label asks to stop with jaundice or "
            "significant liver injury."
        )
    else:
        bilirubin = "" if pairs else " No bilirubin of the same days is recorded: measure it."
        todo = f"Repeat with bilirubin and look for the cause before the next dose.{bilirubin}"
    return Verdict(
        status=Status.ACT if act else Status.DUE,
        message=joined(
            f"Possible liver injury: {'; '.join(said)}.",
            onset_text(facts.history, high[0].result, profile) if high else "",
            return_text(facts.history),
            todo,
        ),
        evidence=(
            *(x.result.ref for x in (*high, *pairs)),
            *(e.ref for e in jaundiced),
            *facts.history.refs,
        ),
        keys=(
            "liver.enzyme-times",
            "liver.bilirubin-times",
            "liver.bilirubin-within",
            "liver.jaundice-within",
            *(["liver.onset-from"] if high else []),
            *(["liver.recurs"] if facts.history.earlier is not None else []),
            *(_ULN[x.result.test] for x in (*high, *raised) if not x.limit.own),
        ),
    )


def _refused(results: tuple[LiverResult, ...]) -> str:
    odd = [x for x in results if x.limit.refused is not None]
    names = ", ".join(f"{_NAMES[x.result.test]} {x.limit.refused:g}" for x in odd)
    return f"The laboratory's upper limit was not believed: {names}." if odd else ""


def liver_injury(facts: LiverFacts, profile: Profile) -> Verdict:
    """Do liver values or jaundice suggest liver injury?"""
    if (injury := _injury(facts, profile)) is not None:
        return injury
    if not facts.enzymes:
        if facts.therapy.last_dose is None:
            return NEVER_DOSED
        return no_result("ALT or AST", facts.therapy, facts.recorded, profile)
    evidence = tuple(e.result.ref for e in facts.enzymes)
    keys = tuple(_ULN[e.result.test] for e in facts.enzymes if not e.limit.own)
    listed = "; ".join(e.text(profile) for e in facts.enzymes)
    over = [e.above(1) for e in facts.enzymes]
    bilirubin = [
        b
        for b in facts.bilirubin[-1:]
        if b.above(profile.number("liver.bilirubin-times"))
        and not too_old(b.result, facts.therapy, profile)
    ]
    newest = max((e.result for e in facts.enzymes), key=lambda m: m.at)
    if any(over) or bilirubin:
        status, head = Status.WATCH, "Above the upper limit of normal"
        listed = "; ".join([listed, *(b.text(profile) for b in bilirubin)])
        evidence = (*evidence, *(b.result.ref for b in bilirubin))
        tail = "Repeat before the next dose."
    elif None in over:
        status, head = Status.UNKNOWN, "A limit instead of a value does not tell"
        tail = "Measure ALT and AST."
    elif too_old(newest, facts.therapy, profile):
        status, head = Status.UNKNOWN, "The last liver values were normal but are old"
        tail = (
            f"Last measured {ago(newest.day, facts.therapy.as_of, profile)}: measure ALT and AST."
        )
        keys = (*keys, "result.counts-for")
    else:
        status, head, tail = Status.OK, "Liver values are normal", ""
        if not facts.symptoms_recorded:
            tail = not_in_export("symptoms", "jaundice could not be looked for.")
    return Verdict(
        status=status,
        message=joined(
            f"{head}: {listed}.", _refused(facts.enzymes), return_text(facts.history), tail
        ),
        evidence=(*evidence, *facts.history.refs),
        keys=keys or ("liver.enzyme-times",),
    )


LIVER_INJURY = Rule(
    id="liver.injury",
    title="Liver values",
    question="Do liver values or jaundice suggest liver injury?",
    derive=liver_facts,
    decide=liver_injury,
    sources=("liver-dhcp-2008", "founding-s2"),
    silence=(
        lost_results(vocabulary.ALT),
        lost_results(vocabulary.AST),
        lost_results(vocabulary.BILIRUBIN),
        "symptoms",
    ),
)
