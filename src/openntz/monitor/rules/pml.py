"""Progressive multifocal leukoencephalopathy: the published stratum, MRI and anti-JCV tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.jcv import JcvClass, JcvLimits, JcvResult, jcv_history
from openntz.definitions.pml import PmlBands, PmlStanding
from openntz.definitions.therapy import Therapy
from openntz.definitions.treatments import TreatmentNames, prior_immunosuppressants
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    exposure_text,
    joined,
    months_text,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
)


def jcv_limits(profile: Profile) -> JcvLimits:
    """Index limits and waiting times of a profile."""
    return JcvLimits(
        negative_below=profile.number("jcv.negative-below"),
        positive_above=profile.number("jcv.positive-above"),
        high_above=profile.number("jcv.high-above"),
        wait_after_exchange=profile.days("jcv.wait-after-plasma-exchange"),
        wait_after_immunoglobulin=profile.days("jcv.wait-after-immunoglobulin"),
        exchange_names=profile.words("jcv.plasma-exchange-names"),
        immunoglobulin_names=profile.words("jcv.immunoglobulin-names"),
    )


def treatment_names(profile: Profile) -> TreatmentNames:
    """The words by which a profile tells other treatments apart."""
    return TreatmentNames(
        dmt_kinds=profile.words("treatment.dmt-kinds"),
        immunosuppressant_kinds=profile.words("treatment.immunosuppressant-kinds"),
        immunosuppressants=profile.words("treatment.immunosuppressants"),
        natalizumab=profile.words("treatment.natalizumab-names"),
        harmless=profile.words("treatment.harmless-kinds"),
    )


class PmlFacts(Struct, frozen=True):
    """Standing in therapy and what the stratum rests on; ``standing`` is None before any dose."""

    therapy: Therapy
    standing: PmlStanding | None


def pml_facts(situation: Situation, profile: Profile) -> PmlFacts:
    """Facts of ``pml.stratum``."""
    first = situation.therapy.first_dose
    if first is None:
        return PmlFacts(situation.therapy, None)
    return PmlFacts(
        situation.therapy,
        PmlStanding(
            exposure_days=(situation.as_of - first.day).days,
            jcv=jcv_history(situation.course, jcv_limits(profile)),
            prior=prior_immunosuppressants(situation.course, treatment_names(profile)),
        ),
    )


def result_words(result: JcvResult, profile: Profile) -> str:
    """One anti-JCV result for a reader: 'anti-JCV index 2.3 (positive, above 1.5)'."""
    what = "anti-JCV antibody " + result.antibody
    measured = result.measurement
    if measured.value is not None and (result.index is not None or measured.censor):
        what = f"anti-JCV index {measured.censor}{measured.value:g} ({result.antibody}"
        high = profile.number("jcv.high-above")
        if result.antibody is JcvClass.POSITIVE and result.high is not None:
            what += f", {'above' if result.high else 'not above'} {high:g}"
        what += ")"
    return what


def result_text(result: JcvResult, as_of: date, profile: Profile) -> str:
    """The same with its date: '... on 2024-05-21 (40 days ago)'."""
    return f"{result_words(result, profile)} on {ago(result.day, as_of, profile)}"


def _jcv_text(standing: PmlStanding, as_of: date, profile: Profile) -> str:
    """The antibody result that counts, and those set apart or higher before."""
    latest, text = standing.jcv.latest, ""
    if latest is not None:
        text = result_text(latest, as_of, profile)
        text = f"{text[:1].upper()}{text[1:]}."
        if latest.antibody is JcvClass.INDETERMINATE:
            text += " An inhibition test decides; until then it counts as positive here."
        earlier = [r for r in standing.jcv.results[:-1] if r.high and not latest.high]
        if earlier:
            text += f" Earlier it was high: {result_text(earlier[-1], as_of, profile)}."
    for result, cause in standing.jcv.unreliable[-1:]:
        text += (
            f" The result of {result.day} is not used: it was drawn too soon after {cause.name} "
            f"({cause.end or cause.day})."
        )
    return text.strip()


def _prior_text(standing: PmlStanding) -> str:
    prior = standing.prior
    if prior.found:
        names = ", ".join(f"{t.name} from {t.day}" for t in prior.found)
        return f"Immunosuppressant on record: {names}."
    if not prior.recorded:
        return not_in_export("treatments", "earlier immunosuppressants are not known.")
    if prior.unclear:
        names = ", ".join(dict.fromkeys(t.name for t in prior.unclear))
        return f"Whether {names} was an immunosuppressant is not recorded."
    return "No earlier immunosuppressant is recorded."


def _figure_text(profile: Profile, keys: Sequence[str]) -> str:
    facts = [profile.fact(key) for key in keys]
    figures = [f"{f.shown} ({f.meaning.removeprefix('PML risk: ')})" for f in facts]
    sources = ", ".join(dict.fromkeys(s for f in facts for s in f.sources))
    return f"Published PML risk: {', or '.join(figures)}; source {sources}."


def _low_index(standing: PmlStanding, latest: JcvResult, profile: Profile) -> str:
    """What the agency says of a low index, for somebody without earlier immunosuppressant."""
    index, low = latest.index, profile.fact("jcv.low-up-to")
    if index is None or index > low.number or standing.prior.known is not False:
        return ""
    if latest.antibody is JcvClass.NEGATIVE:
        return ""
    risk = profile.fact("pml.risk.index-up-to-0.9").shown
    after = months_text(profile.days("pml.stratum.after"), profile)
    return f"With an index of {low.shown} or below it is put below {risk} even after {after} (EMA)."


def _risk_keys(standing: PmlStanding, latest: JcvResult, profile: Profile) -> tuple[str, ...]:
    """The figures that fit: two when earlier immunosuppressants are not known."""
    bands = PmlBands(
        profile.days("pml.stratum.after"),
        profile.days("pml.band.48-months"),
        profile.days("pml.band.72-months"),
    )
    answers = (False, True) if standing.prior.known is None else (standing.prior.known,)
    return tuple(f"pml.risk.{standing.risk_key(latest, bands, a)}" for a in answers)


def _stratum_refs(facts: PmlFacts, standing: PmlStanding) -> tuple[Ref, ...]:
    first, latest = facts.therapy.first_dose, standing.jcv.latest
    refs = [latest.measurement.ref] if latest is not None else []
    refs += [r.measurement.ref for r, _ in standing.jcv.unreliable[-1:]]
    refs += [first.ref] if first is not None else []
    refs += [t.ref for t in (*standing.prior.found, *standing.prior.unclear)]
    return (*refs, *standing_refs(facts.therapy))


def _untested(standing: PmlStanding, as_of: date, exposure: str, profile: Profile) -> str:
    why = (
        "No usable anti-JCV antibody result is recorded."
        if standing.jcv.recorded
        else not_in_export("measurements", "the anti-JCV antibody is not known.")
    )
    return joined(
        why,
        f"The PML stratum cannot be told without it. {exposure}",
        _prior_text(standing),
        _jcv_text(standing, as_of, profile),
        "Test for anti-JCV antibodies.",
    )


_HEAD = {
    True: "Higher-risk stratum for PML.",
    False: "Lower-risk stratum for PML.",
    None: "The PML stratum cannot be told: a fact that decides it is missing.",
}
_TAIL = {
    True: "Weigh benefit against risk anew, shorten the MRI interval, take new symptoms seriously.",
    False: "",
    None: "Fill the gap; until then read it as the higher of the figures.",
}
_STATUS = {True: Status.WATCH, False: Status.OK, None: Status.UNKNOWN}


def stratum(facts: PmlFacts, profile: Profile) -> Verdict:
    """In which published PML stratum is this person, and at what risk?"""
    therapy, standing = facts.therapy, facts.standing
    first = therapy.first_dose
    if standing is None or first is None:
        return NEVER_DOSED
    watch_days = profile.days("pml.after-last-dose")
    if (past := past_watch(therapy, watch_days, "The watch for PML ended on")) is not None:
        return past
    months = exposure_text(standing.exposure_days, profile)
    exposure = f"{months} since the first dose on {first.day}, gaps included."
    evidence = _stratum_refs(facts, standing)
    latest = standing.jcv.latest
    if latest is None:
        return Verdict(
            status=Status.UNKNOWN,
            message=_untested(standing, therapy.as_of, exposure, profile),
            evidence=evidence,
            keys=("pml.stratum.after",),
        )
    risk_keys = _risk_keys(standing, latest, profile)
    higher = standing.higher_risk(profile.days("pml.stratum.after"))
    low = _low_index(standing, latest, profile)
    low_keys = ("jcv.low-up-to", "pml.risk.index-up-to-0.9") if low else ()
    last_band = months_text(profile.days("pml.band.72-months"), profile)
    beyond = standing.exposure_days > profile.days("pml.band.72-months")
    return Verdict(
        status=_STATUS[higher],
        message=joined(
            _HEAD[higher],
            _jcv_text(standing, therapy.as_of, profile),
            exposure,
            _prior_text(standing),
            _figure_text(profile, risk_keys),
            low,
            f"No figure is published beyond {last_band}; that of the last band is shown."
            if beyond and latest.antibody is not JcvClass.NEGATIVE
            else "",
            f"{off_text(therapy)} The watch for PML goes on." if therapy.off_therapy else "",
            _TAIL[higher],
        ),
        evidence=evidence,
        keys=("pml.stratum.after", "jcv.high-above", "jcv.positive-above", *risk_keys, *low_keys),
    )


STRATUM = Rule(
    id="pml.stratum",
    title="PML stratum",
    question="In which published PML stratum is this person?",
    derive=pml_facts,
    decide=stratum,
    sources=("ema-pml-2016", "dhpc-2016"),
    silence=(
        lost_results(vocabulary.JCV_INDEX),
        "treatments",
    ),
)
