"""Sentences that several rules share: standing in therapy, dates, intervals."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from openntz.course.events import Ref
from openntz.definitions.therapy import Therapy, TherapyState
from openntz.evidence.registry import Fact
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Verdict, days_text

NEVER_DOSED: Final = Verdict(status=Status.UNKNOWN, message="No dose is recorded for this person.")


def not_in_export(table: str, consequence: str) -> str:
    """The sentence for a table the export does not contain."""
    return f"The table {table} is not in the export: {consequence}"


def joined(*sentences: str) -> str:
    """Sentences that have something to say, as one text."""
    return " ".join(s for s in sentences if s)


def span_text(days: int, profile: Profile) -> str:
    """A stretch of time for a reader: days, whole months once it is long, then whole years."""
    if days < profile.days("calendar.months-from"):
        return days_text(days)
    if days < profile.days("calendar.years-from"):
        return f"{round(days // profile.number('calendar.month'))} months"
    return f"{round(days // profile.number('calendar.year'))} years"


def ago(day: date, as_of: date, profile: Profile) -> str:
    """'2024-03-30 (86 days ago)', '2024-06-30 (today)', '2024-07-08 (in 8 days)'."""
    days = (as_of - day).days
    if days == 0:
        return f"{day} (today)"
    span = span_text(abs(days), profile)
    return f"{day} ({span} ago)" if days > 0 else f"{day} (in {span})"


def exposure_text(days: int, profile: Profile) -> str:
    """Completed months of a time on treatment: '30 months'."""
    months = int(days // profile.number("calendar.month"))
    return "1 month" if months == 1 else f"{months} months"


def months_text(days: float, profile: Profile) -> str:
    """A limit that its source gives in months, as the source says it: 730 days, '24 months'."""
    return f"{round(days / profile.number('calendar.month'))} months"


def interval_text(fact: Fact, profile: Profile) -> str:
    """An interval as its source gives it: 'every 3 to 6 months', 'every 12 months'.

    The warning that the fact's rank asks for, or the site's decision, follows in brackets.
    """
    _, bracket, mark = fact.shown.partition(" (")
    if fact.low is None or fact.high is None:
        days = round(fact.number)
        long = days >= profile.days("calendar.months-from")
        span = months_text(days, profile) if long else days_text(days)
        return f"every {span}{bracket}{mark}"
    month = profile.number("calendar.month")
    span = f"{round(fact.low / month)} to {round(fact.high / month)} months"
    return f"every {span}{bracket}{mark}"


def week_text(fact: Fact) -> str:
    """A week of pregnancy with the warning its rank asks for: 'week 30'."""
    return f"week {fact.shown.replace(f' {fact.unit}', '', 1)}"


def weeks_text(fact: Fact) -> str:
    """A number of weeks with the warning its rank asks for: '4 weeks (unverified)'."""
    return fact.shown.replace(f" {fact.unit}", " weeks", 1)


def published(profile: Profile, *keys: str) -> str:
    """Published figures in the words of the registry: 'meaning: value; meaning: value'."""
    facts = [profile.fact(key) for key in keys]
    return "; ".join(f"{f.meaning}: {f.shown}" for f in facts)


def off_text(therapy: Therapy) -> str:
    """How therapy ended, in one sentence; for somebody off therapy."""
    if therapy.state is TherapyState.STOPPED:
        why = f" ({therapy.stop_reason})" if therapy.stop_reason else ""
        return f"Natalizumab was stopped on {therapy.stopped_on}{why}."
    last = therapy.last_dose
    since = f" since {last.day}" if last is not None else ""
    gone = (
        "presumed stopped"
        if therapy.state is TherapyState.PRESUMED_STOPPED
        else "assumed to have left treatment here"
    )
    return f"No dose{since} and no stop recorded: {gone}."


def standing_refs(therapy: Therapy) -> tuple[Ref, ...]:
    """The rows that show where a person stands: last dose, and the stop if there is one."""
    last = (therapy.doses[-1].ref,) if therapy.doses else ()
    return last if therapy.stop_ref is None else (*last, therapy.stop_ref)


def past_watch(therapy: Therapy, days: int, what: str) -> Verdict | None:
    """'Not applicable' when therapy ended longer than ``days`` after the last dose ago."""
    last, since = therapy.last_dose, therapy.days_since_last
    if not therapy.off_therapy or last is None or since is None or since <= days:
        return None
    return Verdict(
        status=Status.OK,
        message=f"Does not apply: {_lower(off_text(therapy))} {what} "
        f"{last.day + timedelta(days=days)}, {days_text(days)} after the last dose.",
        evidence=standing_refs(therapy),
    )


def _lower(sentence: str) -> str:
    """A sentence as it stands after a colon; the name of the drug keeps no capital either."""
    return sentence[:1].lower() + sentence[1:]
