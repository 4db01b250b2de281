"""What belongs before natalizumab is started again after a gap: bloods, MRI, antibodies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.events import Measurement, Ref, Scan
from openntz.course.vocabulary import lost_results
from openntz.definitions.antibodies import Persistent, antibody_history
from openntz.definitions.antibody_tests import AntibodyTest, Reading
from openntz.definitions.off_drug import OffDrug, off_drug
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict, days_text
from openntz.monitor.rules.antibodies import (
    DEFINITION_TEXT,
    antibody_definition,
    antibody_limits,
    definition_keys,
    result_text,
)
from openntz.monitor.rules.forbidden import Forbidden, forbidden
from openntz.monitor.rules.laboratory import BLOOD_COUNT
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)

_KEYS: Final = ("restart.recent", "restart.gap")
_OTHER_RULES: Final = (
    "restart.active-disease says whether the disease is active, antibody.before-re-exposure what "
    "a short first exposure adds."
)


class Checks(Struct, frozen=True):
    """The latest of each check since the last dose before the restart, None where not done.

    Blood and MRI count no longer than the profile's time before the restart, an antibody test
    from the last dose on.
    """

    blood: Measurement | None
    liver: Measurement | None
    scan: Scan | None
    antibodies: AntibodyTest | None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Rows of the checks done."""
        single = tuple(e.ref for e in (self.blood, self.liver, self.scan) if e is not None)
        return (*single, *(self.antibodies.refs if self.antibodies is not None else ()))


class RestartGateFacts(Struct, frozen=True, kw_only=True):
    """The restart, given or planned, the checks before it, and antibodies that speak against it.

    ``on`` is the day of the restart, given or booked; None when only a plan says so. ``opens`` is
    the first day on which blood and MRI count for it. ``against`` says which antibodies
    contraindicate it, empty when none do. ``missing`` names tables not in the export.
    """

    therapy: Therapy
    off: OffDrug | None
    on: date | None = None
    planned: bool = False
    opens: date | None = None
    checks: Checks = Checks(None, None, None, None)
    against: str = ""
    against_refs: tuple[Ref, ...] = ()
    missing: tuple[str, ...] = ()
    forbidden: Forbidden | None = None

    @property
    def given(self) -> bool:
        """Whether the restart has been given."""
        return self.off is not None and self.off.restart is not None


def _checks(course: Course, last: date, opens: date, tests: tuple[AntibodyTest, ...]) -> Checks:
    def latest(*names: str) -> Measurement | None:
        return next((m for m in reversed(course.results(*names)) if m.day >= opens), None)

    readable = [t for t in tests if t.day > last and t.own is not Reading.UNDETERMINED]
    return Checks(
        blood=latest(*BLOOD_COUNT),
        liver=latest(vocabulary.ALT, vocabulary.AST),
        scan=next((s for s in reversed(course.mri) if s.day >= opens), None),
        antibodies=readable[-1] if readable else None,
    )


def restart_gate_facts(situation: Situation, profile: Profile) -> RestartGateFacts:
    """Facts of ``restart.gate``."""
    course, therapy = situation.course, situation.therapy
    recent = profile.days("restart.recent")
    off = off_drug(course, therapy, profile.days("restart.gap"), recent)
    if off is None:
        return RestartGateFacts(therapy=therapy, off=None)
    booked = therapy.planned if off.restart is None and therapy.planned_is_booked else None
    on = off.restart.day if off.restart is not None else booked
    last = off.last_dose.day
    opens = max(last + timedelta(days=1), (on or therapy.as_of) - timedelta(days=recent))
    history, chosen = (
        course.derived(antibody_history, antibody_limits(profile)),
        antibody_definition(profile),
    )
    verdict = history.verdicts[chosen]
    against, refs = "", ()
    if verdict.persistent is Persistent.YES:
        against = f"Antibodies are persistent by the definition of {DEFINITION_TEXT[chosen]}"
        refs = verdict.refs
    elif history.currently_positive(chosen) is Persistent.YES:
        against = f"Antibodies were positive on {result_text(history.tests[-1])}"
        refs = history.tests[-1].refs
    return RestartGateFacts(
        therapy=therapy,
        off=off,
        on=on,
        planned=off.restart is None and therapy.expects_dose,
        opens=opens,
        checks=_checks(course, last, opens, history.tests),
        against=against,
        against_refs=refs,
        missing=tuple(t for t in ("measurements", "mri") if not course.has(t)),
        forbidden=forbidden(situation, profile),
    )


def _done_and_missing(facts: RestartGateFacts) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What is on record, what is missing, and what cannot be known for want of a table."""
    checks, scans = facts.checks, "mri" not in facts.missing
    tested = "measurements" not in facts.missing
    antibodies = checks.antibodies
    rows = (
        ("blood count", tested, None if checks.blood is None else str(checks.blood.day)),
        ("liver test", tested, None if checks.liver is None else str(checks.liver.day)),
        ("MRI", scans, None if checks.scan is None else str(checks.scan.day)),
        ("antibody test", tested, None if antibodies is None else result_text(antibodies)),
    )
    done = ", ".join(f"{what} {when}" for what, _, when in rows if when is not None)
    return (
        f"On record for it: {done}." if done else "",
        tuple(what for what, known, when in rows if known and when is None),
        tuple(what for what, known, when in rows if not known),
    )


def _head(facts: RestartGateFacts) -> str:
    off, on = facts.off, facts.on
    if off is not None and off.restart is not None:
        gap = days_text((off.restart.day - off.last_dose.day).days)
        return f"Natalizumab was restarted on {off.restart.day} after {gap} without a dose."
    if not facts.planned:
        return f"{off_text(facts.therapy)} No restart is planned."
    return f"{off_text(facts.therapy)} A restart is planned{f' for {on}' if on else ''}."


def _not_asked(facts: RestartGateFacts) -> Verdict | None:
    """The answer before any dose, without a restart, or where one is forbidden anyway."""
    therapy = facts.therapy
    if therapy.last_dose is None:
        return NEVER_DOSED
    if facts.off is None:
        return Verdict(
            status=Status.OK,
            message="On natalizumab, with no restart after a gap of late.",
            evidence=standing_refs(therapy),
            keys=_KEYS,
        )
    if facts.forbidden is not None:
        return Verdict(
            status=Status.OK,
            message=joined(_head(facts), facts.forbidden.text, f"See {facts.forbidden.rule}."),
            evidence=(*standing_refs(therapy), *facts.forbidden.refs),
        )
    if not facts.given and not facts.planned:
        against = f"{facts.against}, which speaks against one." if facts.against else ""
        # Whose stop is only presumed may be given a dose any day.
        open_ = bool(against) and therapy.state is TherapyState.PRESUMED_STOPPED
        return Verdict(
            status=Status.WATCH if open_ else Status.OK,
            message=joined(
                _head(facts),
                "Before one: blood tests, a new MRI and an antibody test; antibodies "
                "contraindicate it (ClinicSpeak).",
                against,
            ),
            evidence=(*standing_refs(therapy), *facts.against_refs),
        )
    return None


def _against(facts: RestartGateFacts, profile: Profile) -> Verdict:
    """A restart, given or planned, in spite of antibodies."""
    therapy = facts.therapy
    todo = (
        "Give no further dose before this is settled: measure the level, watch for reactions and "
        "plan what follows."
        if facts.given
        else "Do not restart before this is settled; plan another treatment."
    )
    return Verdict(
        status=Status.ACT,
        message=joined(
            f"{facts.against}, and antibodies contraindicate a restart (ClinicSpeak).",
            _head(facts),
            todo,
        ),
        due=therapy.planned,
        evidence=(*standing_refs(therapy), *facts.against_refs),
        keys=definition_keys(antibody_definition(profile)),
    )


def restart_gate(facts: RestartGateFacts, profile: Profile) -> Verdict:
    """Is all done that belongs before natalizumab is started again?"""
    if (answer := _not_asked(facts)) is not None:
        return answer
    if facts.against:
        return _against(facts, profile)
    therapy, opens = facts.therapy, facts.opens
    done, lacking, unknown = _done_and_missing(facts)
    early = opens is not None and therapy.as_of < opens
    status = Status.OK
    if lacking and not early:
        status = Status.DUE
    elif unknown:
        status = Status.UNKNOWN
    before = "the next dose" if facts.given else "the restart"
    if lacking and early:
        todo = f"Before it, from {opens} on: {', '.join(lacking)}."
    else:
        todo = f"Missing before {before}: {', '.join(lacking)} (ClinicSpeak)." if lacking else ""
    not_known = (
        not_in_export(" and ".join(facts.missing), f"{', '.join(unknown)}: not known.")
        if unknown
        else ""
    )
    return Verdict(
        status=status,
        message=joined(_head(facts), done, todo, not_known, _OTHER_RULES),
        due=therapy.planned if status is Status.DUE else None,
        evidence=(*standing_refs(therapy), *facts.checks.refs),
        keys=_KEYS,
    )


GATE = Rule(
    id="restart.gate",
    title="Before a restart",
    question="Is all done that belongs before natalizumab is started again?",
    derive=restart_gate_facts,
    decide=restart_gate,
    sources=("clinicspeak-restart", "founding-s4"),
    silence=("doses", "plans", lost_results(vocabulary.ANTIBODIES)),
)
