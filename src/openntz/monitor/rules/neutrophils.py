"""Neutrophils: natalizumab does not change them, so a change has another cause."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement
from openntz.course.vocabulary import lost_results
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.lymphocytes import own_baseline
from openntz.definitions.results import above, below, shown
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.liver import latest_number, no_result, too_old
from openntz.monitor.rules.lymphocytes import COUNT_UNIT
from openntz.monitor.rules.standing import NEVER_DOSED, ago, joined, past_watch


class NeutrophilFacts(Struct, frozen=True, kw_only=True):
    """The latest neutrophil count and the person's own baseline."""

    therapy: Therapy
    recorded: bool
    last: Measurement | None
    baseline: Measurement | None


def neutrophil_facts(situation: Situation, profile: Profile) -> NeutrophilFacts:
    """Facts of ``neutrophils.change``."""
    course = situation.course
    doses = course.derived(doses_since_gap, profile.days("rise.new-start-after"))
    counts = course.results(vocabulary.NEUTROPHILS)
    baseline = None
    if doses:
        baseline = own_baseline(counts, doses[0], profile.days("rise.baseline-within"))
    return NeutrophilFacts(
        therapy=situation.therapy,
        recorded=course.has("measurements"),
        last=latest_number(course, vocabulary.NEUTROPHILS),
        baseline=baseline,
    )


def _limit(profile: Profile, key: str) -> str:
    fact = profile.fact(key)
    return fact.shown.replace(fact.unit, COUNT_UNIT, 1)


class _Answer(Struct, frozen=True):
    """Whether a limit is crossed (None: cannot tell), in which words, and by which threshold."""

    crossed: bool | None
    words: str
    key: str


def _answers(last: Measurement, baseline: Measurement | None, profile: Profile) -> list[_Answer]:
    low, high = profile.number("neutrophils.low"), profile.number("neutrophils.high")
    answers = [
        _Answer(below(last, low), f"below {_limit(profile, 'neutrophils.low')}", "neutrophils.low"),
        _Answer(
            above(last, high), f"above {_limit(profile, 'neutrophils.high')}", "neutrophils.high"
        ),
    ]
    if baseline is None or not baseline.value or baseline is last:
        return answers
    fold, times = profile.number("neutrophils.fold"), profile.fact("neutrophils.fold").shown
    own = f"{shown(baseline, COUNT_UNIT)} on {baseline.day}"
    return [
        *answers,
        _Answer(
            above(last, fold * baseline.value),
            f"more than {times} times the person's own baseline of {own}",
            "neutrophils.fold",
        ),
        _Answer(
            below(last, baseline.value / fold),
            f"less than the person's own baseline of {own} divided by {times}",
            "neutrophils.fold",
        ),
    ]


def change(facts: NeutrophilFacts, profile: Profile) -> Verdict:
    """Did neutrophils change, which natalizumab does not explain?"""
    therapy, last = facts.therapy, facts.last
    if therapy.last_dose is None:
        return NEVER_DOSED
    days = profile.days("laboratory.after-last-dose")
    if (ended := past_watch(therapy, days, "Blood values were watched until")) is not None:
        return ended
    if last is None:
        return no_result("neutrophil count", therapy, facts.recorded, profile)
    count = f"Neutrophils {shown(last, COUNT_UNIT)} on {ago(last.day, therapy.as_of, profile)}"
    answers = _answers(last, facts.baseline, profile)
    crossed = [a for a in answers if a.crossed]
    keys = tuple(dict.fromkeys(a.key for a in (crossed or answers)))
    refs = [last.ref]
    if facts.baseline is not None:
        refs.append(facts.baseline.ref)
    if crossed:
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"{count}, {' and '.join(a.words for a in crossed)}.",
                f"Natalizumab raises {profile.fact('blood.raised-cells').value}, "
                "and does not change neutrophils: look for another cause (infection, "
                "steroids, another drug) and repeat the count.",
            ),
            evidence=tuple(refs),
            keys=(*keys, "neutrophils.drug-effect", "blood.raised-cells"),
        )
    if any(a.crossed is None for a in answers):
        status, tail = Status.UNKNOWN, "The result is only a limit and does not tell: repeat it."
    elif too_old(last, therapy, profile):
        status, tail = Status.UNKNOWN, "Unchanged then, but too old to count: repeat it."
        keys = (*keys, "result.counts-for")
    else:
        status, tail = Status.OK, "Not far from usual."
    return Verdict(status=status, message=f"{count}. {tail}", evidence=tuple(refs), keys=keys)


CHANGE: Final = Rule(
    id="neutrophils.change",
    title="Neutrophils",
    question="Did neutrophils change, which natalizumab does not explain?",
    derive=neutrophil_facts,
    decide=change,
    sources=("us-hcp-pharmacokinetics", "founding-s2"),
    silence=(lost_results(vocabulary.NEUTROPHILS),),
)
