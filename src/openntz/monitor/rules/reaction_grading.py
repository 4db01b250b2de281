"""Reactions by grade and by when they began: what must be classified, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.events import Dose, Reaction
from openntz.definitions.antibody_tests import AntibodyTest, Reading, antibody_tests
from openntz.definitions.ctcae import Scale, reported_twice
from openntz.definitions.nearest_test import nearest_test
from openntz.definitions.reaction_windows import OnsetWindow, onset_windows
from openntz.definitions.reactions import (
    ReactionKind,
    ReactionLink,
    link_reaction,
    reaction_kind,
    states,
)
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.hypersensitivity import reaction_terms, reaction_text
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.reaction_words import (
    grade_facts,
    grade_keys,
    grade_scale,
    reaction_scale,
    what_decides,
    window_limits,
    windows_text,
)
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    published,
    standing_refs,
)


class Classified(Struct, frozen=True, kw_only=True):
    """One reaction with its windows, its scale and the antibody test nearest to it.

    ``recent`` is set when it followed one of the last doses, ``asked`` while its time of day is
    still asked for. ``looked_at`` is set when an action is recorded or antibodies were tested
    from its day on; ``serum_like`` when its words may mean serum sickness.
    """

    link: ReactionLink
    kind: ReactionKind
    scale: Scale
    windows: Mapping[OnsetWindow, bool | None] | None
    nearest: AntibodyTest | None
    recent: bool
    asked: bool
    looked_at: bool
    serum_like: bool

    @property
    def reaction(self) -> Reaction:
        """The reaction as recorded."""
        return self.link.reaction

    @property
    def timeless(self) -> bool:
        """On the day of a dose, with a time of day missing that would place it."""
        dose = self.link.dose
        same_day = dose is not None and dose.day == self.reaction.day
        return same_day and not (self.reaction.time_known and dose is not None and dose.time_known)

    @property
    def unexamined(self) -> bool:
        """In the days of serum sickness, with words that may mean it, and nobody looked."""
        late = self.windows is not None and self.windows[OnsetWindow.DAYS] is True
        return late and self.serum_like and not self.looked_at


class GradingFacts(Struct, frozen=True, kw_only=True):
    """Every reaction, classified, in time order."""

    therapy: Therapy
    recorded: bool
    tests_recorded: bool
    reactions: tuple[Classified, ...] = ()


def grading_facts(situation: Situation, profile: Profile) -> GradingFacts:
    """Facts of ``reaction.grading``."""
    course = situation.course
    facts = GradingFacts(
        therapy=situation.therapy,
        recorded=course.has("reactions"),
        tests_recorded=course.has("measurements"),
    )
    # Most people never react, and the tests of everybody would be read for nothing.
    if not course.reactions:
        return facts
    tests = antibody_tests(
        course.results(vocabulary.ANTIBODIES), profile.number("antibodies.threshold")
    )
    last_days = sorted({d.day for d in course.doses})
    recent_days = set(last_days[-round(profile.number("reaction.recent-doses")) :])
    return replace(
        facts,
        reactions=tuple(
            _classified(r, course.doses, tests, recent_days, situation.as_of, profile)
            for r in course.reactions
        ),
    )


def _classified(
    reaction: Reaction,
    doses: tuple[Dose, ...],
    tests: tuple[AntibodyTest, ...],
    recent_days: set[date],
    as_of: date,
    profile: Profile,
) -> Classified:
    link = link_reaction(reaction, doses, profile.days("reaction.linked-within"))
    return Classified(
        link=link,
        kind=reaction_kind(reaction, reaction_terms(profile)),
        scale=reaction_scale(reaction.term, profile),
        windows=onset_windows(link, window_limits(profile)),
        nearest=nearest_test(tests, reaction.day),
        recent=link.dose is not None and link.dose.day in recent_days,
        asked=(as_of - reaction.day).days <= profile.days("reaction.ask-within"),
        looked_at=bool(reaction.action.strip()) or any(t.day >= reaction.day for t in tests),
        serum_like=states(
            reaction.term,
            profile.words("reaction.serum-sickness-terms"),
            profile.words("hypersensitivity.negations"),
        ),
    )


def _ungraded_text(one: Classified, profile: Profile) -> str:
    scale = grade_scale(one.scale, profile)
    severe = profile.number("hypersensitivity.severe-grade")
    return f"{reaction_text(one.link)}: give it a grade by {what_decides(scale, severe)}."


def _timeless_text(one: Classified) -> str:
    dose = one.link.dose
    lacking = "the reaction" if not one.reaction.time_known else "the dose"
    when = "" if dose is None else f" of {dose.day}"
    return (
        f"{reaction_text(one.link)}: record the time of day of {lacking}{when}; minutes, hours "
        "and the dose itself tell reactions apart."
    )


def _late_text(one: Classified, profile: Profile) -> str:
    until = profile.fact("reaction.serum-sickness-until").shown
    return (
        f"{reaction_text(one.link)}: up to {until} after a dose this may be serum sickness, and "
        "neither an action nor an antibody test from then on is recorded. Have it looked at, "
        "test antibodies and record what it was."
    )


def _tasks(facts: GradingFacts, profile: Profile) -> list[tuple[Classified, str, tuple[str, ...]]]:
    """What is to be classified: the reaction, what to do, and the keys that say so."""
    tasks = []
    going_on = facts.therapy.not_stopped
    for one in facts.reactions:
        if one.asked and one.unexamined:
            keys = ("reaction.serum-sickness-from", "reaction.serum-sickness-until")
            tasks.append((one, _late_text(one, profile), (*keys, "reaction.serum-sickness-terms")))
        elif going_on and one.reaction.grade is None:
            tasks.append((one, _ungraded_text(one, profile), grade_keys(one.scale)))
        elif going_on and one.asked and one.timeless:
            tasks.append((one, _timeless_text(one), ("reaction.ask-within",)))
    return tasks


def _antibodies(one: Classified, facts: GradingFacts, profile: Profile) -> str:
    """The nearest antibody result, and the test the EU label asks for where none followed."""
    ask = profile.fact("reaction.antibody-test").shown
    if not facts.tests_recorded:
        return not_in_export("measurements", "antibody results are not known.")
    test = one.nearest
    if test is None:
        return f"No antibody result is recorded: {ask}."
    days = (test.day - one.reaction.day).days
    when = "the same day"
    if days:
        when = f"{days_text(abs(days))} {'after' if days > 0 else 'before'} it"
    own = "" if test.label is not Reading.UNDETERMINED else f" (its own threshold: {test.own})"
    told = f"Nearest antibody result: {test.label}{own} on {test.day}, {when}."
    return told if test.day >= one.reaction.day else f"{told} None since: {ask}."


def _below_scale(one: Classified, profile: Profile) -> str:
    """A grade the scale of the term does not have."""
    scale, grade = grade_scale(one.scale, profile), one.reaction.grade
    if grade is None or scale.has(grade):
        return ""
    mark = "" if grade_facts(one.scale, profile)[scale.lowest].verified else " (unverified)"
    return f"The scale of {one.scale} starts at grade {scale.lowest}{mark}: check grade and term."


def _shown(facts: GradingFacts, recent: tuple[Classified, ...], profile: Profile) -> Verdict:
    """Graded reactions of the last doses, with what follows from them."""
    one = recent[-1]
    others = f" ({len(recent)} at the last doses)" if len(recent) > 1 else ""
    moderate = profile.fact("observation.moderate-grade")
    grade = one.reaction.grade or 0
    consequence = (
        f"From grade {moderate.number:g} on the study proposal no longer leaves observation out."
        if grade >= moderate.number
        else ""
    )
    same = [r.scale for r in recent if r.link.dose is one.link.dose]
    twice = (
        "It is on record as infusion-related and as allergic: CTCAE v6 asks for one of the two."
        if reported_twice(same)
        else ""
    )
    forbids = (
        "Whether natalizumab may be given at all: see the finding on hypersensitivity."
        if one.kind is ReactionKind.FORBIDS
        else ""
    )
    rates = published(profile, "reaction.rate-of-infusions", "reaction.rate-of-people")
    refs = [r.reaction.ref for r in recent]
    refs += [r.link.dose.ref for r in recent if r.link.dose is not None]
    if one.nearest is not None:
        refs += one.nearest.refs
    return Verdict(
        status=Status.WATCH,
        message=joined(
            f"{_capital(reaction_text(one.link))}{others}.",
            windows_text(one.windows, profile),
            _below_scale(one, profile),
            twice,
            forbids,
            _antibodies(one, facts, profile),
            consequence,
            f"How often: {rates}.",
        ),
        evidence=tuple(dict.fromkeys(refs)),
        keys=(
            "reaction.recent-doses",
            "reaction.window-minutes",
            "reaction.window-hour-after",
            "reaction.window-from-start",
            "reaction.window-late",
            "observation.moderate-grade",
            "reaction.antibody-test",
            "reaction.rate-of-infusions",
            "reaction.rate-of-people",
        ),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def grading(facts: GradingFacts, profile: Profile) -> Verdict:
    """Are reactions graded and placed in time, and what follows from the last ones?"""
    t = facts.therapy
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("reactions", "whether one is to be graded is not known."),
            evidence=standing_refs(t),
        )
    if not facts.reactions:
        if t.last_dose is None:
            return NEVER_DOSED
        return Verdict(
            status=Status.OK, message="No reaction is recorded.", evidence=standing_refs(t)
        )
    if tasks := _tasks(facts, profile):
        one, told, keys = tasks[-1]
        more = ""
        if len(tasks) > 1:
            days = ", ".join(dict.fromkeys(str(x.reaction.day) for x, *_ in tasks[:-1]))
            more = f"The same for {len(tasks) - 1} more: {days}."
        return Verdict(
            status=Status.DUE,
            message=joined(_capital(told), more),
            due=None if one.unexamined else t.planned,
            evidence=tuple(dict.fromkeys(x.reaction.ref for x, *_ in tasks)),
            keys=keys,
        )
    recent = tuple(r for r in facts.reactions if r.recent and r.reaction.grade is not None)
    if recent and t.not_stopped:
        return _shown(facts, recent, profile)
    return _nothing_open(facts)


def _nothing_open(facts: GradingFacts) -> Verdict:
    t, last = facts.therapy, facts.reactions[-1]
    days = [day for day, _ in groupby(facts.reactions, key=lambda r: r.reaction.day)]
    count = len(facts.reactions)
    recorded = f"{count} reaction{'s are' if count > 1 else ' is'} recorded"
    ungraded = sum(1 for r in facts.reactions if r.reaction.grade is None)
    return Verdict(
        status=Status.OK,
        message=joined(
            f"{recorded}, {'the last on' if len(days) > 1 else 'on'} {last.reaction.day}"
            f"{f', {ungraded} without a grade' if ungraded else ', graded'}.",
            off_text(t) if t.off_therapy else "None at the last doses.",
            f"Grade it before {next_dose_text(t) if t.expects_dose else 'any restart'}."
            if ungraded
            else "",
        ),
        evidence=(last.reaction.ref, *standing_refs(t)),
        keys=("reaction.recent-doses",),
    )


GRADING = Rule(
    id="reaction.grading",
    title="Grade and onset of reactions",
    question="Are reactions graded and placed in time, and what follows from the last ones?",
    derive=grading_facts,
    decide=grading,
    sources=("ctcae-v5", "ctcae-v6", "us-hcp-safety", "swiss-label", "founding-s0"),
    silence=("reactions", "doses"),
)
