"""Antibodies before natalizumab is given again after a short first exposure and a long gap."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from openntz.definitions.antibodies import antibody_history
from openntz.definitions.antibody_tests import AntibodyTest, Reading
from openntz.definitions.gaps import Gap, short_exposures
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.evidence.prevalence import prevalence
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibodies import antibody_limits, result_text
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.next_dose import next_dose_text
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)


class ReExposureFacts(Struct, frozen=True):
    """Short first exposures followed by a long gap, each with the tests made since."""

    therapy: Therapy
    recorded: bool
    gaps: tuple[tuple[Gap, tuple[AntibodyTest, ...]], ...]
    doses: int
    forbidden: Forbidden | None = None


def re_exposure_facts(situation: Situation, profile: Profile) -> ReExposureFacts:
    """Facts of ``antibody.before-re-exposure``.

    A gap counts up to the dose that ended it, to a booked dose, else to the as-of date. Doses
    are all ever given before the gap; any test after the last of them counts as tested, a
    result that says neither positive nor negative does not.
    """
    t, course = situation.therapy, situation.course
    until = t.planned if t.planned is not None and t.planned_is_booked else situation.as_of
    found = short_exposures(
        course.doses,
        until,
        most_doses=round(profile.number("re-exposure.doses")),
        gap_days=profile.days("re-exposure.gap"),
    )
    tests = course.derived(antibody_history, antibody_limits(profile)).tests if found else ()
    readable = [x for x in tests if x.own is not Reading.UNDETERMINED]
    return ReExposureFacts(
        therapy=t,
        recorded=course.has("measurements"),
        gaps=tuple((g, tuple(x for x in readable if x.day > g.before.day)) for g in found),
        doses=len(course.doses),
        forbidden=forbidden(situation, profile),
    )


def _gap_text(gap: Gap) -> str:
    doses = "1 dose" if gap.doses_before == 1 else f"{gap.doses_before} doses"
    until = "" if gap.after is None else f" until {gap.after.day}"
    return f"{doses}, the last on {gap.before.day}, then {days_text(gap.days)} without one{until}"


def before_re_exposure(facts: ReExposureFacts, profile: Profile) -> Verdict:
    """Were antibodies tested before natalizumab is given again after a short first exposure?

    After a reaction that forbids natalizumab a test decides nothing about a dose, so that is
    said in place of the advice to test; the status stays by the contract.
    """
    verdict = _by_tests(facts, profile)
    forbids = facts.forbidden
    if forbids is None or not facts.gaps or facts.therapy.state is TherapyState.NEVER:
        return verdict
    gap, tests = _gap_that_counts(facts)
    tested = f"Antibodies since: {result_text(tests[-1])}." if tests else ""
    return replace(
        verdict,
        message=joined(f"{_gap_text(gap)}.", tested, forbids.text),
        evidence=(*verdict.evidence, *forbids.refs),
    )


def _gap_that_counts(facts: ReExposureFacts) -> tuple[Gap, tuple[AntibodyTest, ...]]:
    """The first gap without a test, else the last."""
    return next(((g, x) for g, x in facts.gaps if not x), facts.gaps[-1])


def _by_tests(facts: ReExposureFacts, profile: Profile) -> Verdict:
    """The answer by gaps and tests alone."""
    t = facts.therapy
    keys = (
        "re-exposure.doses",
        "re-exposure.gap",
        "re-exposure.antibodies",
        "re-exposure.hypersensitivity",
    )
    if t.state is TherapyState.NEVER:
        return NEVER_DOSED
    if not facts.gaps:
        return Verdict(
            status=Status.OK,
            message="Does not apply: no gap of "
            f"{days_text(profile.days('re-exposure.gap'))} or more after only 1 or "
            f"{profile.number('re-exposure.doses'):g} doses.",
            evidence=standing_refs(t),
            keys=keys,
        )
    gap, tests = _gap_that_counts(facts)
    refs = [gap.before.ref, *((gap.after.ref,) if gap.after else ())]
    told = f"{_gap_text(gap)}."
    risk = (
        f"Antibodies were found in {prevalence(profile.fact('re-exposure.antibodies')).shown}; "
        f"of the same people {profile.fact('re-exposure.hypersensitivity').shown} had "
        "hypersensitivity."
    )
    if tests:
        return _tested(facts, gap, tests[-1], keys)
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{told} "
            + not_in_export("measurements", "whether antibodies were tested is not known.")
            + " Test before the next dose if they were not.",
            evidence=tuple(refs),
            keys=keys,
        )
    if gap.after is not None:
        return Verdict(
            status=Status.ACT,
            message=f"{told} Natalizumab was given again without an antibody test on record. "
            f"{risk} Test now, and observe the next doses.",
            due=t.planned,
            evidence=tuple(refs),
            keys=keys,
        )
    if t.expects_dose:
        return Verdict(
            status=Status.ACT,
            message=f"{told} A further dose is planned and no antibody test is recorded since. "
            f"{risk} Test, and wait for the result before {next_dose_text(t)}.",
            due=t.planned,
            evidence=tuple(refs),
            keys=keys,
        )
    if t.state is TherapyState.PRESUMED_STOPPED:
        return Verdict(
            status=Status.DUE,
            message=f"{told} No antibody test is recorded since. Test before the next dose, or "
            f"record that therapy has stopped. {risk}",
            evidence=tuple(refs),
            keys=keys,
        )
    return Verdict(
        status=Status.OK,
        message=f"{off_text(t)} {told} No dose is planned; test antibodies before any restart. "
        f"{risk}",
        evidence=(*refs, *standing_refs(t)),
        keys=keys,
    )


def _tested(facts: ReExposureFacts, gap: Gap, test: AntibodyTest, keys: tuple[str, ...]) -> Verdict:
    """A test is on record; a positive one is itself a reason not to go on without another."""
    t = facts.therapy
    ahead = t.expects_dose or t.state is TherapyState.PRESUMED_STOPPED
    if test.label is Reading.POSITIVE and gap.after is None and ahead:
        return Verdict(
            status=Status.DUE,
            message=f"{_gap_text(gap)}. The antibody test since is positive: {result_text(test)}. "
            "Confirm it before the next dose; persistent antibodies speak against giving "
            "natalizumab again.",
            due=t.planned,
            evidence=(gap.before.ref, *test.refs),
            keys=keys,
        )
    return Verdict(
        status=Status.OK,
        message=f"{_gap_text(gap)}. Antibodies have been tested since: {result_text(test)}.",
        evidence=(gap.before.ref, *((gap.after.ref,) if gap.after else ()), *test.refs),
        keys=keys,
    )


BEFORE_RE_EXPOSURE = Rule(
    id="antibody.before-re-exposure",
    title="Antibodies before restarting",
    question="Were antibodies tested before natalizumab is given again?",
    derive=re_exposure_facts,
    decide=before_re_exposure,
    sources=("swiss-label", "compendium-26085", "eu-leaflet", "us-pi", "strata"),
    silence=("doses",),
)
