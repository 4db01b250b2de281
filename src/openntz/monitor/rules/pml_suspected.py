"""PML suspected or found: what the record says, how certain it is, and what is to be done."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement, Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.pml_certainty import PmlCertainty, pml_certainty
from openntz.definitions.statements import (
    Said,
    Statement,
    condition_notes,
    notes,
    said_of,
    standing,
)
from openntz.definitions.terms import asserts
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.notes import missing_tables, quotes, statement_words
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    months_text,
    off_text,
    past_watch,
    standing_refs,
)

_CLINIC = ("symptoms", "relapses", "reactions")
# What stands here may be a radiologist's doubt or a fear: no diagnosis.
_INDIRECT = ("mri", "plans")
_KEYS = ("pml.terms", "pml.lesion-terms", "pml.csf-terms", "pml.after-last-dose")


class SuspicionFacts(Struct, frozen=True, kw_only=True):
    """What is on record of PML and not excluded since.

    ``found`` states it as a diagnosis, ``suspected`` leaves it open; ``clinic`` and ``imaging``
    are whether such a note stands among complaints or with a scan. ``virus`` is the last JC
    virus DNA result in CSF, ``virus_found`` the last positive one, ``virus_noted`` a note of one.
    ``look_alike`` are recent scans with lesions of a kind that PML shares. ``doses_after`` counts
    doses given after the first of it all. ``excluded`` is the last note that PML is excluded.
    """

    therapy: Therapy
    found: tuple[Said, ...]
    suspected: tuple[Said, ...]
    clinic: bool
    imaging: bool
    virus: Measurement | None
    virus_found: Measurement | None
    virus_noted: tuple[Said, ...]
    look_alike: tuple[Said, ...]
    doses_after: int
    missing: str
    excluded: Said | None = None

    @property
    def results(self) -> tuple[Measurement, ...]:
        """The last positive result, and the last one where it is another."""
        found = () if self.virus_found is None else (self.virus_found,)
        later = self.virus is not None and self.virus is not self.virus_found
        return (*found, self.virus) if later and self.virus is not None else found

    @property
    def virus_present(self) -> bool | None:
        """Whether JC virus DNA was found in CSF; None when not tested or not plain."""
        if self.virus_noted or self.virus_found is not None:
            return True
        return None if self.virus is None else _present(self.virus)


def _present(result: Measurement) -> bool | None:
    """Whether a result of JC virus DNA is positive: an answer in words, or any copies."""
    if result.answer is not None:
        return {"positive": True, "negative": False}.get(result.answer)
    if result.value is None or result.censor == "<":
        return False if result.censor == "<" else None
    return result.value > 0


def _since(day: date | None, excluded: date | None) -> bool:
    """Whether something was recorded after PML was last excluded, if it ever was."""
    return excluded is None or (day is not None and day > excluded)


class _Mentions(Struct, frozen=True):
    """What names PML and is not excluded since, what of it is a diagnosis, and that exclusion."""

    left: tuple[Said, ...]
    stated: tuple[Said, ...]
    exclusion: Said | None

    @property
    def excluded(self) -> date | None:
        """The day on which PML was last excluded, where it was and is dated."""
        return None if self.exclusion is None else self.exclusion.note.day


def _mentions(course: Course, profile: Profile) -> _Mentions:
    words, terms = statement_words(profile), profile.words("pml.terms")
    told = notes(course, *_CLINIC, "mri", "plans")
    mentioned = [*said_of(condition_notes(course.person), terms, words)]
    mentioned += said_of(told, terms, words)
    scans = [n for n in told if n.ref.table == "mri"]
    mentioned += said_of(scans, profile.words("pml.lesion-terms"), words)
    mentioned.sort(key=lambda s: (s.note.day or date.min, s.note.ref.line))
    left = standing(dict.fromkeys(mentioned))
    answers = [s for s in mentioned if s.statement is Statement.EXCLUDED]
    exclusion = answers[-1] if answers else None
    excluded = None if exclusion is None else exclusion.note.day
    # PML that is over still forbids natalizumab for good.
    had = [s for s in mentioned if s.statement is Statement.PAST and s.note.ref.table in _CLINIC]
    left = (*left, *(s for s in had if _since(s.note.day, excluded)))
    stated = tuple(
        s
        for s in left
        if s.statement is not Statement.SUSPECTED and s.note.ref.table not in _INDIRECT
    )
    return _Mentions(left, stated, exclusion)


def pml_on_record(course: Course, profile: Profile) -> tuple[Said, ...]:
    """What states PML as a diagnosis, and has not been excluded since."""
    return course.derived(_mentions, profile).stated


def suspicion_facts(situation: Situation, profile: Profile) -> SuspicionFacts:
    """Facts of ``pml.suspected``.

    A word on a scan or as the reason of a stop is a suspicion, however it is put; among
    complaints or other diseases it is what it says, and PML that is over was PML. Virus found in
    CSF counts until a human writes that PML is excluded, whatever a later sample shows.
    """
    course, words = situation.course, statement_words(profile)
    told = notes(course, *_CLINIC, "mri", "plans")
    scans = [n for n in told if n.ref.table == "mri"]
    mentions = course.derived(_mentions, profile)
    left, excluded = mentions.left, mentions.excluded
    positive = profile.words("pml.csf-positive")
    noted = tuple(
        s
        for s in said_of(told, profile.words("pml.csf-terms"), words)
        if s.open and asserts(s.note.text, positive) and _since(s.note.day, excluded)
    )
    virus = course.results(vocabulary.JCV_DNA)
    found = [m for m in virus if _present(m) and _since(m.day, excluded)]
    since = situation.as_of - timedelta(days=profile.days("pml.look-alike-recent"))
    recent = [n for n in scans if n.day is not None and n.day >= since]
    shapes = said_of(recent, profile.words("pml.look-alike-terms"), words)
    days = [s.note.day for s in (*left, *noted) if s.note.day is not None]
    first = min((*days, *(m.day for m in found)), default=None)
    stated = mentions.stated
    return SuspicionFacts(
        therapy=situation.therapy,
        found=stated,
        suspected=tuple(s for s in left if s not in stated),
        clinic=any(s.note.ref.table in _CLINIC for s in left),
        imaging=any(s.note.ref.table == "mri" for s in left),
        virus=virus[-1] if virus else None,
        virus_found=found[-1] if found else None,
        virus_noted=noted,
        look_alike=tuple(s for s in shapes if s.open and _since(s.note.day, excluded)),
        doses_after=sum(d.day > first for d in situation.therapy.doses) if first else 0,
        missing=missing_tables(
            course,
            *("symptoms", "mri", "measurements"),
            then="whether PML was suspected is not known.",
        ),
        excluded=mentions.exclusion,
    )


def _recorded(facts: SuspicionFacts) -> str:
    """What the record says, the CSF result included."""
    said = (*facts.found, *facts.suspected, *facts.virus_noted)
    parts = [f"On record: {quotes(said)}."] if said else []
    for virus in facts.results:
        answer = {True: "found", False: "not found", None: "not plain"}[_present(virus)]
        shown = virus.as_written or answer
        parts.append(f"JC virus DNA in CSF: {answer} on {virus.day} ({shown}).")
        if _present(virus) is False:
            parts.append("A negative result alone does not exclude PML.")
    if facts.doses_after:
        doses = "One dose was" if facts.doses_after == 1 else f"{facts.doses_after} doses were"
        parts.append(f"{doses} given since.")
    return joined(*parts)


def _certainty(facts: SuspicionFacts, profile: Profile) -> str:
    classes = pml_certainty(
        features=True if facts.clinic else None,
        imaging=True if facts.imaging else None,
        virus=facts.virus_present,
    )
    named = [c.value for c in classes if c is not PmlCertainty.NOT_PML]
    if facts.found or len(named) == len(PmlCertainty) - 1:
        return ""  # a diagnosis is on record, or nothing narrows it down
    rank = profile.fact("pml.certainty.combinations")
    mark = "" if rank.verified else " (combinations unverified)"
    return f"By the classes of AAN 2013{mark}: {' or '.join(named)} PML by what is recorded."


_WHAT_TO_DO = (
    "Full MRI with contrast-enhanced T1, and JC virus DNA in CSF. Returning MS and tumour can look "
    "alike (in a case report a biopsy taken for fear of PML or tumour showed acute demyelination)."
)


def _verdict(facts: SuspicionFacts, profile: Profile, evidence: tuple[Ref, ...]) -> Verdict:
    therapy = facts.therapy
    watch_days = profile.days("pml.after-last-dose")
    since = therapy.days_since_last
    watched = not therapy.off_therapy or since is None or since <= watch_days
    if facts.found:
        head, todo = (
            "PML or JC virus granule cell neuronopathy is recorded.",
            "Natalizumab is stopped for good; watch for worsening as it leaves the body. If it was "
            "only suspected, say so in the record, and record when it is excluded.",
        )
        status = Status.ACT if therapy.expects_dose else Status.WATCH
    else:
        head = "PML is suspected and not recorded as excluded."
        stop = "Give no further dose until it is excluded. " if therapy.expects_dose else ""
        todo = f"{stop}{_WHAT_TO_DO} Record 'PML excluded' when it is."
        status = Status.ACT if watched or therapy.expects_dose else Status.WATCH
    return Verdict(
        status=status,
        message=joined(
            head,
            _recorded(facts),
            _certainty(facts, profile),
            off_text(therapy) if therapy.off_therapy else "",
            todo,
        ),
        evidence=evidence,
        keys=(*_KEYS, "pml.certainty.combinations"),
    )


def suspected(facts: SuspicionFacts, profile: Profile) -> Verdict:
    """Is PML suspected or found?"""
    therapy = facts.therapy
    if therapy.last_dose is None and not therapy.expects_dose:
        return NEVER_DOSED
    said = (*facts.found, *facts.suspected, *facts.virus_noted)
    refs = [s.note.ref for s in said]
    refs += [m.ref for m in facts.results]
    evidence = (*refs, *standing_refs(therapy))
    if said or facts.virus_present:
        return _verdict(facts, profile, evidence)
    if facts.look_alike:
        return Verdict(
            status=Status.WATCH,
            message=f"A scan notes {quotes(facts.look_alike)}. Rebound of MS, PML and tumour can "
            "show such lesions (a case report): tell them apart, and record 'PML excluded' when "
            "it is.",
            evidence=(*(s.note.ref for s in facts.look_alike), *standing_refs(therapy)),
            keys=("pml.look-alike-terms", "pml.look-alike-recent"),
        )
    days = profile.days("pml.after-last-dose")
    if (past := past_watch(therapy, days, "The watch for PML ended on")) is not None:
        return past
    if facts.missing:
        return Verdict(
            status=Status.UNKNOWN, message=facts.missing, evidence=standing_refs(therapy)
        )
    after = months_text(days, profile)
    return Verdict(
        status=Status.OK,
        message=joined(
            _no_suspicion(facts),
            f"{off_text(therapy)} New symptoms are watched for to {after} after the last dose."
            if therapy.off_therapy
            else "",
        ),
        evidence=evidence if facts.excluded is None else (facts.excluded.note.ref, *evidence),
        keys=("pml.terms",),
    )


def _no_suspicion(facts: SuspicionFacts) -> str:
    """That there is none; of one that was answered with no, when."""
    if facts.excluded is None:
        return "No suspicion of PML is recorded."
    return f"PML is recorded as excluded: {quotes((facts.excluded,))}. No suspicion since."


SUSPECTED = Rule(
    id="pml.suspected",
    title="Suspicion of PML",
    question="Is PML suspected or found?",
    derive=suspicion_facts,
    decide=suspected,
    sources=("mims", "eu-leaflet", "ema-pml-2016", "aan-2013-pml", "founding-s4"),
    silence=("symptoms", "mri", lost_results(vocabulary.JCV_DNA)),
)
