"""After stopping: the window in which the effect goes and disease returns."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from openntz.course.events import Event
from openntz.definitions.activity import Activity, activity
from openntz.definitions.pregnancy import Gestation
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.activity_words import returned
from openntz.monitor.rules.effect_words import SIGNS, effect_text
from openntz.monitor.rules.pregnancy import ongoing_pregnancy, scan_in_pregnancy
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    ago,
    joined,
    not_in_export,
    off_text,
    standing_refs,
)


class ReboundFacts(Struct, frozen=True, kw_only=True):
    """MRI scans and visits (EDSS scores) since the last dose; ``missing`` tables of the two.

    ``activity`` is what the scans and relapses since the last dose say; ``pregnant`` is an
    ongoing pregnancy.
    """

    therapy: Therapy
    scans: tuple[Event, ...]
    visits: tuple[Event, ...]
    missing: tuple[str, ...]
    activity: Activity
    pregnant: Gestation | None = None


def rebound_facts(situation: Situation, profile: Profile) -> ReboundFacts:
    """Facts of ``stopping.rebound-window``."""
    course, last = situation.course, situation.therapy.last_dose
    since = last.day if last is not None else situation.as_of
    return ReboundFacts(
        therapy=situation.therapy,
        scans=tuple(s for s in course.mri if s.day > since),
        visits=tuple(v for v in course.edss if v.day > since),
        missing=tuple(t for t in ("mri", "edss") if not course.has(t)),
        activity=activity(course, since + timedelta(days=1), situation.as_of),
        pregnant=ongoing_pregnancy(situation, profile),
    )


def _outside(therapy: Therapy, opens: date, closes: date) -> Verdict:
    when = (
        f"The window for returning disease opens on {opens}."
        if therapy.as_of < opens
        else f"The window for returning disease closed on {closes}."
    )
    return Verdict(
        status=Status.OK,
        message=joined(off_text(therapy), when),
        evidence=standing_refs(therapy),
        keys=("rebound.window-from", "rebound.window-until"),
    )


def _published(profile: Profile) -> str:
    peak = profile.fact("rebound.peak").value
    stayed = profile.fact("rebound.relapse-stayed").shown
    stopped = profile.fact("rebound.relapse-stopped").shown
    return (
        f"Activity peaked in months {peak} after the last dose (O'Connor 2011); {stopped} had a "
        f"relapse off the drug, {stayed} on it (RESTORE)."
    )


def _seen(facts: ReboundFacts, latest: Event | None, profile: Profile) -> str:
    """What was done since the last dose, and what is not known."""
    if latest is None:
        text = "No MRI and no visit is recorded since the last dose."
    else:
        what = "MRI" if latest in facts.scans else "visit"
        text = f"Last {what} since the last dose: {ago(latest.day, facts.therapy.as_of, profile)}."
    if facts.missing:
        tables = " and ".join(facts.missing)
        return f"{text} {not_in_export(tables, 'whether more was done is not known.')}"
    if latest is None or (facts.scans and latest is facts.scans[-1]):
        return text
    if facts.scans:
        return f"{text} Last MRI since the last dose: {facts.scans[-1].day}."
    return f"{text} No MRI since the last dose."


def rebound_window(facts: ReboundFacts, profile: Profile) -> Verdict:
    """Is this person in the months after the last dose in which disease returns?"""
    therapy, last = facts.therapy, facts.therapy.last_dose
    if last is None:
        return NEVER_DOSED
    if not therapy.off_therapy:
        return Verdict(
            status=Status.OK,
            message="On natalizumab; the rule applies after stopping.",
            evidence=standing_refs(therapy),
        )
    opens = last.day + timedelta(days=profile.days("rebound.window-from"))
    closes = last.day + timedelta(days=profile.days("rebound.window-until"))
    if not opens <= therapy.as_of <= closes:
        return _outside(therapy, opens, closes)
    every = profile.days("rebound.check-every")
    latest = max((*facts.scans, *facts.visits), key=lambda c: c.at, default=None)
    due = opens if latest is None else max(opens, latest.day + timedelta(days=every))
    overdue = therapy.as_of >= due and not facts.missing
    told, active = returned(facts.activity)
    if overdue:
        todo = "MRI or a visit is due."
    elif therapy.as_of >= due:
        todo = "Arrange MRI or a visit if none was done."
    elif due > closes and told:
        todo = (
            "Activity is recorded since the last dose: act on it now "
            "(stopping.rebound, stopping.no-successor)."
        )
    elif due > closes:
        todo = (
            "No further check inside the window: by the interval the next would fall on "
            f"{due}, after it closes."
        )
    else:
        todo = f"The next check is due on {due}."
    expecting = () if facts.pregnant is None else (facts.pregnant.pregnancy.ref,)
    return Verdict(
        status=Status.DUE if overdue else Status.WATCH,
        message=joined(
            told,
            f"Day {therapy.days_since_last} after the last dose on {last.day}: inside the window "
            f"for returning disease ({opens} to {closes}).",
            off_text(therapy),
            _seen(facts, latest, profile),
            todo,
            scan_in_pregnancy(facts.pregnant),
            effect_text(last.day, profile),
            _published(profile),
        ),
        due=due if due <= closes else None,
        evidence=(
            *standing_refs(therapy),
            *(() if latest is None else (latest.ref,)),
            *active,
            *expecting,
        ),
        keys=(
            "rebound.window-from",
            "rebound.window-until",
            "rebound.check-every",
            *SIGNS,
            "rebound.peak",
            "rebound.relapse-stopped",
        ),
    )


REBOUND_WINDOW = Rule(
    id="stopping.rebound-window",
    title="Return of disease",
    question="Is this person in the months after the last dose in which disease returns?",
    derive=rebound_facts,
    decide=rebound_window,
    sources=("oconnor-2011", "restore-2014"),
    silence=(
        "plans",
        "doses",
    ),
)
