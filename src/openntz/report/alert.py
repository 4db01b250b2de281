"""What must be read before anything about the drug: reasons against a dose, active disease."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from openntz.course.events import Event
from openntz.monitor.finding import Finding, Status
from openntz.monitor.rules.before_dose import AGAINST_A_DOSE
from openntz.report import words
from openntz.report.person import PersonReview

REACTION: Final = "hypersensitivity.contraindicated"
ACTIVE: Final = "restart.active-disease"
# With some of those that stand against a dose the drug is held at once.
_HOLD: Final = {"liver.injury", "platelets.low", "pml.suspected", "infection.serious"}
_EVENTS_SHOWN: Final = 2
_BRACKETS: Final = re.compile(r" \([^()]*\)")


def _brief(finding: Finding) -> str:
    """What a finding says without its details: brackets, and what follows a colon, go."""
    first = _BRACKETS.sub("", words.first_sentence(finding.message))
    return words.prose(first.split(": ")[0].rstrip(".")) + "."


def _events(finding: Finding, events: Iterable[Event]) -> list[Event]:
    return [e for e in events if str(e.ref) in finding.evidence]


def _days(events: list[Event]) -> str:
    return words.listed([day.isoformat() for day in sorted({e.day for e in events})])


def _reaction(person: PersonReview, finding: Finding) -> str:
    """'the reaction of 2023-12-31', from the rows the finding rests on."""
    found = _events(finding, person.known.reactions)
    if not found:
        return "the reaction"
    return f"the reaction{'' if len(found) == 1 else 's'} of {_days(found)}"


def against_dose(person: PersonReview) -> tuple[Finding, ...]:
    """The findings to act on that stand against a dose, gravest first."""
    found = {f.rule: f for f in person.with_status(Status.ACT)}
    return tuple(found[rule] for rule in AGAINST_A_DOSE if rule in found)


def _against_sentence(person: PersonReview, finding: Finding) -> str:
    expects = person.therapy.expects_dose
    if finding.rule == REACTION:
        reaction = _reaction(person, finding)
        if not expects:
            return f"Natalizumab is contraindicated after {reaction}."
        verb = "have" if reaction.startswith("the reactions") else "has"
        return f"Do not give the next dose before {reaction} {verb} been judged."
    if not expects:
        return f"Act now: {_brief(finding)}"
    if finding.rule in _HOLD:
        return (
            f"Hold natalizumab, do not give the next dose: {words.within_sentence(_brief(finding))}"
        )
    return f"Do not give the next dose before this is settled: {_brief(finding)}"


def _contraindicated(person: PersonReview) -> str:
    """For somebody without a next dose: that a reaction forbids natalizumab, or may."""
    watched = [f for f in person.with_status(Status.WATCH) if f.rule == REACTION]
    if not watched or person.therapy.expects_dose:
        return ""
    reaction = _reaction(person, watched[0])
    if "may have been" in watched[0].message:
        return f"Natalizumab is contraindicated if {reaction} was hypersensitivity: not judged yet."
    return f"Natalizumab is contraindicated after {reaction}."


def _signs(person: PersonReview) -> list[tuple[date, str]]:
    """Relapses and enhancing lesions that a finding names, or that follow the last dose.

    Of somebody recorded as having died only the former: nothing has returned.
    """
    named = {
        place
        for f in person.findings
        if f.rule == ACTIVE and f.status in {Status.ACT, Status.WATCH}
        for place in f.evidence
    }
    off = person.therapy.off_therapy and not person.death
    last = person.therapy.last_dose if off else None

    def counts(event: Event) -> bool:
        return str(event.ref) in named or (last is not None and event.day > last.day)

    found = [(r.day, f"relapse on {r.day}") for r in person.known.relapses if counts(r)]
    for scan in person.known.mri:
        if scan.gadolinium_lesions and counts(scan):
            lesions = words.count(scan.gadolinium_lesions, "enhancing lesion")
            found.append((scan.day, f"{lesions} on the MRI of {scan.day}"))
    return sorted(found)


def activity_sentence(person: PersonReview) -> str:
    """'Disease activity has returned: relapse on 2024-06-24.', or nothing."""
    found = _signs(person)
    if not found:
        return ""
    signs, last = [text for _, text in found], person.therapy.last_dose
    before = last is not None and found[-1][0] < last.day
    when = "returned before the restart" if before else "has returned"
    shown, hidden = signs[-_EVENTS_SHOWN:], len(signs) - _EVENTS_SHOWN
    more = [f"{hidden} earlier"] if hidden > 0 else []
    return f"Disease activity {when}: {words.listed(shown + more)}."


def alert(person: PersonReview) -> str:
    """The sentences that come first on a person's page; empty when nothing stands against."""
    found = against_dose(person)
    parts = [_against_sentence(person, f) for f in found[:1]]
    parts += [f"Also: {_brief(f)}" for f in found[1:]]
    parts += [_contraindicated(person), activity_sentence(person)]
    return " ".join(part for part in parts if part)
