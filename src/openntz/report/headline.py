"""The sentence at the head of a person's page, and the few numbers beside it."""

from __future__ import annotations

from msgspec import Struct

from openntz.definitions.therapy import TherapyState
from openntz.forecast.result import Quantiles
from openntz.monitor.finding import Status
from openntz.report import words
from openntz.report.alert import against_dose, alert
from openntz.report.guides import Guides
from openntz.report.no_drug import no_drug
from openntz.report.person import PersonReview


class Tile(Struct, frozen=True):
    """One number with what it is, its interval, and more to read on pointing at it."""

    label: str
    value: str
    detail: str
    title: str = ""
    note: str = ""


class Headline(Struct, frozen=True):
    """Plain words first: what stands against a dose, the drug, the therapy; then reservations."""

    alert: str
    drug: str
    therapy: str
    notes: tuple[str, ...]
    tiles: tuple[Tile, ...]


# How much of the drug is there, between one target and the next, highest first.
_AMOUNTS = (
    ("The drug is present", "The drug is probably present"),
    ("The drug is present but below {0} µg/mL", "The drug is present, probably below {0} µg/mL"),
    ("The drug is low, below {1} µg/mL", "The drug is low, probably below {1} µg/mL"),
    ("Little of the drug is left", "Probably little of the drug is left"),
    ("Hardly any of the drug is left", "Probably hardly any of the drug is left"),
)


def _amount(level: Quantiles, targets: tuple[float, ...]) -> tuple[int, str]:
    """Between which targets the level lies, and in words; 'probably' where it may not."""
    median, low, high = (
        sum(value < t for t in targets) for value in (level.median, level.p05, level.p95)
    )
    sure, unsure = _AMOUNTS[min(median, len(_AMOUNTS) - 1)]
    text = sure if low == high else unsure
    return median, text.format(*(words.number(t) for t in targets))


def _acts(saturation: Quantiles, lines: tuple[tuple[float, str], ...]) -> str:
    half = min(value for value, _ in lines) / 100
    if saturation.median < half:
        return f", and less than {words.percent(half)} of its receptors are covered"
    return " and acting" if saturation.p05 >= half else " and probably acting"


_BLOCKED = ", but persistent antibodies may weaken it"


def _has_persistent_antibodies(person: PersonReview) -> bool:
    return any(f.rule == "antibody.persistent" and f.status is Status.ACT for f in person.findings)


def drug_sentence(person: PersonReview, guides: Guides) -> str:
    """Whether the drug is there today, by level and saturation, or why that is not known."""
    f = person.forecast
    if not f.computed or f.now is None:
        why = words.within_sentence(words.prose(f.reason or f.status))
        return f"No level was computed: {_ended(why)}"
    if f.contradiction:
        return words.prose(f.contradiction)
    level, saturation = f.now
    below, text = _amount(level, guides.targets)
    # With two targets undercut the drug is low, whatever the receptors say.
    if below < len(guides.targets) - 1:
        blocked = _has_persistent_antibodies(person)
        text += _BLOCKED if blocked else _acts(saturation, guides.saturation_lines)
    amount = words.level(level.median)
    about = f"less than {amount[1:]}" if amount.startswith("<") else f"about {amount}"
    estimate = "" if f.status == "ok" else ", estimated from weight and doses alone"
    return f"{text}: {about} µg/mL today{estimate}."


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def therapy_sentence(person: PersonReview) -> str:
    """Where the person stands: the dose just given, the next one, or how therapy ended."""
    t = person.therapy
    if t.state is TherapyState.NEVER or t.last_dose is None or t.days_since_last is None:
        none = "No dose is recorded." if person.course.has("doses") else "Doses are not known."
        return none + (
            f" A first dose is entered for {t.planned.isoformat()}." if t.planned else ""
        )
    given = f"Dose {len(t.doses)} was given on {t.last_dose.day} ({words.ago(t.days_since_last)})"
    if t.state is TherapyState.STOPPED:
        why = f" ({t.stop_reason})" if t.stop_reason else ""
        return f"{given}; therapy was stopped on {t.stopped_on}{why}." + _resumes(person)
    if t.state is TherapyState.PRESUMED_STOPPED:
        return f"{given}; no stop is recorded, presumed stopped." + _resumes(person)
    if t.state is TherapyState.LEFT:
        return f"{given}; no stop is recorded, assumed to have left treatment." + _resumes(person)
    if t.planned is None:
        return f"{given}."
    wait = (t.planned - t.as_of).days
    verb = "booked" if t.planned_is_booked else "planned"
    blocked = bool(against_dose(person))
    if wait < 0:
        late = f"{given}; the next was planned for {t.planned} and is {words.days(-wait)} late"
        return f"{late}: do not give it before that." if blocked else f"{late}."
    if blocked:
        return (
            f"{given}; the next, {verb} for {t.planned} ({words.ahead(wait)}), "
            "is not to be given before that."
        )
    return f"{given}; the next is {verb} for {t.planned} ({words.ahead(wait)})."


def _resumes(person: PersonReview) -> str:
    t = person.therapy
    if t.planned is not None:
        wait = ": it is not to be given before that" if against_dose(person) else ""
        return f" A dose is entered for {t.planned.isoformat()}{wait}."
    if t.resumes is not None:
        return f" A plan of {t.resumes.day.isoformat()} resumes treatment."
    return ""


def next_dose_label(person: PersonReview) -> str:
    """'on 2024-07-17, before the dose', or today when the dose is overdue."""
    t, f = person.therapy, person.forecast
    if f.planned_dose is None:
        return ""
    if t.planned is not None and t.planned < t.as_of:
        return "today, if the overdue dose is given"
    return f"{f.planned_dose.date().isoformat()}, before the next dose"


def tiles(person: PersonReview, guides: Guides) -> tuple[Tile, ...]:
    """The numbers a reader wants first; none when nothing was computed."""
    f = person.forecast
    if not f.computed or f.now is None:
        return ()
    level, saturation = f.now
    found = [_level_tile(f"Level today, {person.as_of.isoformat()}", level)]
    late = person.therapy.planned is not None and person.therapy.planned < person.as_of
    if f.planned is not None and f.planned_dose is not None and not late:
        found.append(_level_tile(f"Level {next_dose_label(person)}", f.planned[0]))
        level, saturation = f.planned
    target = guides.targets[0]
    chance = f.probability_at_planned.get(target)
    if chance is not None:
        found.append(
            Tile(
                f"Chance of {words.number(target)} µg/mL or more at the next dose",
                words.chance(chance),
                "",
            )
        )
    background = no_drug(f.saturation_models)
    when = "today" if f.planned is None or late else "at the next dose"
    found.append(
        Tile(
            f"α4-integrin saturation {when}",
            words.percent(saturation.median),
            f"90 % interval {words.percent_range(saturation.p05, saturation.p95)}",
            background.sentence if background else "",
            f"about {background.span} means no drug" if background else "",
        )
    )
    return tuple(found)


def _level_tile(label: str, q: Quantiles) -> Tile:
    interval = words.level_interval(q, " to ")
    detail = f"90 % interval {interval}" if interval else ""
    return Tile(label, f"{words.level(q.median)} µg/mL", detail)


def headline(person: PersonReview, guides: Guides) -> Headline:
    """Everything above the picture; of somebody who has died no level of today.

    What is to be said of the records beside the picture, rows set aside too, stays.
    """
    if person.death:
        return Headline(
            alert=alert(person),
            drug=words.prose(person.death),
            therapy=therapy_sentence(person),
            notes=tuple(dict.fromkeys(person.forecast.notes)),
            tiles=(),
        )
    notes = list(person.forecast.notes)
    if person.forecast.status == "prior only" and person.forecast.reason:
        notes.insert(0, person.forecast.reason)
    return Headline(
        alert=alert(person),
        drug=drug_sentence(person, guides),
        therapy=therapy_sentence(person),
        notes=tuple(dict.fromkeys(notes)),
        tiles=tiles(person, guides),
    )
