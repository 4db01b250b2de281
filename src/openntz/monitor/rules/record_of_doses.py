"""Whether recent doses were given as usual, and recorded with product and batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from msgspec import Struct

from openntz.course.events import Dose, Ref
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.standing import NEVER_DOSED, joined, off_text, standing_refs


class GivenDose(Struct, frozen=True):
    """One dose with all rows of its day: two syringes are one dose.

    ``number`` counts from the first dose ever. ``minutes`` is the duration of an infusion, None
    where its start or end is not known; ``infused`` is False for an injection.
    """

    number: int
    day: date
    refs: tuple[Ref, ...]
    amount_mg: float
    infused: bool
    minutes: float | None
    product: bool
    batch: bool
    premedication: str


class DoseRecordFacts(Struct, frozen=True):
    """The recent doses, oldest first."""

    therapy: Therapy
    recent: tuple[GivenDose, ...]


def _given(number: int, rows: Sequence[Dose]) -> GivenDose:
    infusions = [d for d in rows if d.route == "IV"]
    minutes: float | None = None
    if len(infusions) == 1 and infusions[0].time_known and infusions[0].end is not None:
        minutes = (infusions[0].end - infusions[0].at) / timedelta(minutes=1)
    return GivenDose(
        number=number,
        day=rows[0].day,
        refs=tuple(d.ref for d in rows),
        amount_mg=sum(d.amount_mg for d in rows),
        infused=bool(infusions),
        minutes=minutes,
        product=all(d.product.strip() for d in rows),
        batch=all(d.batch.strip() for d in rows),
        premedication="; ".join(dict.fromkeys(d.premedication for d in rows if d.premedication)),
    )


def dose_record_facts(situation: Situation, profile: Profile) -> DoseRecordFacts:
    """Facts of ``administration.record``."""
    days = [tuple(rows) for _, rows in groupby(situation.course.doses, key=lambda d: d.day)]
    first = max(len(days) - round(profile.number("administration.recent-doses")), 0)
    return DoseRecordFacts(
        therapy=situation.therapy,
        recent=tuple(_given(n, rows) for n, rows in enumerate(days[first:], start=first + 1)),
    )


def _days(doses: Sequence[GivenDose]) -> str:
    """'on 2024-05-01', 'on 2024-04-03 and 2024-05-01', 'for 4 of them, last on 2024-05-01'."""
    if len(doses) <= 2:
        return f"on {' and '.join(str(d.day) for d in doses)}"
    return f"for {len(doses)}, the last on {doses[-1].day}"


class _Departure(Struct, frozen=True):
    told: str
    doses: tuple[GivenDose, ...]


def _departures(facts: DoseRecordFacts, profile: Profile) -> list[_Departure]:
    """What differs from the label or is missing in part, each with its doses."""
    recent = facts.recent
    label = profile.number("dose.label-amount")
    shortest, longest = (
        profile.number(f"administration.duration-{end}") for end in ("shortest", "longest")
    )
    usual = profile.fact("administration.duration").shown
    found = []
    if other := tuple(d for d in recent if d.amount_mg != label):
        amounts = ", ".join(dict.fromkeys(f"{d.amount_mg:g} mg" for d in other))
        found.append(_Departure(f"{amounts} instead of {label:g} mg {_days(other)}", other))
    timed = [d for d in recent if d.minutes is not None]
    if fast := tuple(d for d in timed if (d.minutes or 0) < shortest):
        least = min(d.minutes or 0 for d in fast)
        text = f"infused in {least:.0f} minutes where about {usual} is usual {_days(fast)}"
        found.append(_Departure(text, fast))
    if slow := tuple(d for d in timed if (d.minutes or 0) > longest):
        most = max(d.minutes or 0 for d in slow)
        text = f"infused over {most:.0f} minutes where about {usual} is usual {_days(slow)}"
        found.append(_Departure(text, slow))
    for what, name in (("product", "product"), ("batch", "batch")):
        lacking = tuple(d for d in recent if not getattr(d, name))
        if lacking and len(lacking) < len(recent):
            found.append(_Departure(f"no {what} recorded {_days(lacking)}", lacking))
    return found


def _precaution(departures: Sequence[_Departure], profile: Profile) -> str:
    """A first dose given lower or slower is a precaution some take; nothing is asked for."""
    first = round(profile.number("administration.mitigated-doses"))
    label = profile.number("dose.label-amount")
    longest = profile.number("administration.duration-longest")
    early = any(
        d.number <= first and (d.amount_mg < label or (d.minutes or 0) > longest)
        for departure in departures
        for d in departure.doses
    )
    return (
        "A lower or slower first dose is a precaution some take; the label does not."
        if early
        else ""
    )


def _premedication(facts: DoseRecordFacts) -> str:
    """Recorded, never required."""
    given = [d for d in facts.recent if d.premedication]
    if not given:
        return ""
    return f'Premedication is recorded ("{given[-1].premedication}") {_days(given)}.'


def dose_record(facts: DoseRecordFacts, profile: Profile) -> Verdict:
    """Were recent doses given as usual and recorded in full?"""
    t, recent = facts.therapy, facts.recent
    if not recent:
        return NEVER_DOSED
    if t.off_therapy and not t.expects_dose:
        return Verdict(
            status=Status.OK,
            message=f"{off_text(t)} How doses are recorded is looked at while they are given.",
            evidence=standing_refs(t),
        )
    keys = (
        "dose.label-amount",
        "administration.duration",
        "administration.duration-shortest",
        "administration.duration-longest",
        "administration.recent-doses",
        "administration.record-each",
    )
    last = "The last dose" if len(recent) == 1 else f"The last {len(recent)} doses"
    never = [w for w in ("product", "batch") if not any(getattr(d, w) for d in recent)]
    missing = ""
    if never:
        verb, them = ("is", "it") if len(never) == 1 else ("are", "them")
        missing = (
            f"{' and '.join(never).capitalize()} {verb} not recorded for "
            f"{last[:1].lower()}{last[1:]}; record {them} with every dose."
        )
    departures = _departures(facts, profile)
    if departures:
        precaution = _precaution(departures, profile)
        refs = tuple(ref for p in departures for d in p.doses for ref in d.refs)
        return Verdict(
            status=Status.WATCH,
            message=joined(
                f"{last}: {'; '.join(p.told for p in departures)}.",
                precaution,
                missing,
                _premedication(facts),
            ),
            evidence=tuple(dict.fromkeys(refs)),
            keys=(*keys, "administration.mitigation") if precaution else keys,
        )
    if missing:
        return Verdict(status=Status.UNKNOWN, message=missing, evidence=standing_refs(t), keys=keys)
    untimed = sum(1 for d in recent if d.infused and d.minutes is None)
    return Verdict(
        status=Status.OK,
        message=joined(
            f"{last}: amount as in the label, product and batch recorded.",
            f"How long {untimed} of them took is not recorded." if untimed else "",
            _premedication(facts),
        ),
        evidence=standing_refs(t),
        keys=keys,
    )


DOSE_RECORD = Rule(
    id="administration.record",
    title="Record of doses",
    question="Were recent doses given as usual, and recorded with product and batch?",
    derive=dose_record_facts,
    decide=dose_record,
    sources=("galway-infusion-guide", "eu-leaflet"),
    silence=("doses",),
)
