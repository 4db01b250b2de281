"""What several models say of one person, as the rows, sentences and picture of a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from openntz.evidence.registry import Registry
from openntz.forecast.result import Quantiles
from openntz.forecast.weigh import Opinion, Says, Weighing
from openntz.report import words
from openntz.report.charts import Band, Chart, Key, Line, PlotPanel, TimeAxis, ordinal
from openntz.report.guides import Guides
from openntz.report.level_panels import dose_panel, level_panel
from openntz.report.person import PersonReview
from openntz.report.picture import legend, moments, window

# The models that patients and clinics know by a shorter name than their card's.
_SHORT: Final[Mapping[str, str]] = {
    "van_den_berg_2025": "van den Berg 2025",
    "label_linear": "Label, linear part",
    "biib107": "Sister antibody BIIB107",
    "rule_of_thumb_11_day": "11-day rule of thumb",
}
_SPOKEN: Final[Mapping[str, str]] = {
    "label_linear": "the label’s linear part",
    "biib107": "the sister antibody",
    "rule_of_thumb_11_day": "the 11-day rule",
}
_TONES: Final = ("model-a", "model-b", "model-c", "model-d")
MIXED: Final = "Weighed together"
# Days and levels of the table; each is one that every forecast computes.
DAYS: Final = (42, 56)
LEVELS: Final = (5.0, 2.0)
LEFT_DAYS: Final = (28, 42)


class ModelRow(Struct, frozen=True):
    """One model's answers as text; ``tone`` is its colour and dash in the picture.

    ``days``, ``below`` and ``left`` follow DAYS, LEVELS and LEFT_DAYS.
    """

    name: str
    tone: str
    weight: str
    now: str
    planned: str
    days: tuple[str, ...]
    below: tuple[str, ...]
    left: tuple[str, ...]


class ModelCard(Struct, frozen=True):
    """What a model is, why it counts as it does, and what to mind for this person."""

    name: str
    id: str
    title: str
    status: str
    refused: str
    before: str
    why: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    gaps: tuple[str, ...]


class ModelsView(Struct, frozen=True):
    """Everything a reader is told about the models' answers."""

    rows: tuple[ModelRow, ...]
    cards: tuple[ModelCard, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]


def short_name(opinion: Opinion) -> str:
    """A model by the name used in tables and the picture."""
    return _SHORT.get(opinion.candidate.card.id, opinion.candidate.card.id)


def spoken_name(opinion: Opinion) -> str:
    """A model as it stands in a sentence."""
    return _SPOKEN.get(opinion.candidate.card.id, short_name(opinion))


def tone(index: int) -> str:
    """Colour and dash of the model at a place; more than four share them."""
    return _TONES[index % len(_TONES)]


def _share(value: float) -> str:
    return words.percent(value)


def _days_below(says: Says, level: float) -> str:
    for b in says.below:
        if b.threshold_ug_per_ml == level:
            if b.median is None:
                return "later than computed"
            ends = ["later" if d is None else f"{d:.0f}" for d in (b.p05, b.p95)]
            return f"{b.median:.0f} ({'–'.join(ends)})"
    return ""


def _row(name: str, shown: str, weight: str, says: Says) -> ModelRow:
    return ModelRow(
        name=name,
        tone=shown,
        weight=weight,
        now=words.level_between(says.now),
        planned="" if says.planned is None else words.level_between(says.planned),
        days=tuple(words.level_between(says.by_day[d]) if d in says.by_day else "" for d in DAYS),
        below=tuple(_days_below(says, level) for level in LEVELS),
        left=tuple(_share(says.left[d]) if d in says.left else "" for d in LEFT_DAYS),
    )


def rows(weighing: Weighing) -> tuple[ModelRow, ...]:
    """One row per model with an answer, then what those of weight say together."""
    found = [
        _row(
            short_name(o),
            tone(i),
            _share(o.weight) if o.candidate.prior_weight > 0 else "not weighed",
            o.says,
        )
        for i, o in enumerate(weighing.opinions)
        if o.says is not None
    ]
    if weighing.mixed is not None:
        found.append(_row(MIXED, "", "", weighing.mixed))
    return tuple(found)


def _card(opinion: Opinion) -> ModelCard:
    card = opinion.candidate.card
    prior = opinion.candidate.prior_weight
    return ModelCard(
        name=short_name(opinion),
        id=card.id,
        title=card.title,
        status=opinion.status,
        refused=words.prose(opinion.reason),
        before=f"{words.number(prior)} before any level" if prior else "not weighed",
        why=words.prose(opinion.candidate.why),
        warnings=tuple(words.prose(w) for w in card.warnings),
        notes=tuple(words.prose(n) for n in opinion.notes),
        gaps=tuple(words.prose(g) for g in card.gaps),
    )


def _differ(
    answers: Sequence[tuple[str, Says]],
    when: str,
    value: Callable[[Says], Quantiles | None],
    factor: float,
    floor: float,
) -> str:
    """A sentence where the medians of the models differ by the factor or more, else ''.

    Levels below ``floor``, at which the drug no longer acts, do not count as different.
    """
    found = [(q.median, name) for name, says in answers if (q := value(says)) is not None]
    if len(found) < 2:
        return ""
    (low, least), (high, most) = min(found), max(found)
    ratio = max(high, floor) / max(low, floor)
    if ratio < factor:
        return ""
    return (
        f"{when} the models differ {'more than ' if low < floor else ''}{ratio:.1f}-fold: "
        f"{words.level(low)} µg/mL by {least}, {words.level(high)} µg/mL by {most}."
    )


def _crossings(answers: Sequence[tuple[str, Says]], level: float) -> str:
    found = [
        (b.median, name)
        for name, says in answers
        for b in says.below
        if b.threshold_ug_per_ml == level and b.median is not None
    ]
    if len(found) < 2:
        return ""
    (first, least), (last, most) = min(found), max(found)
    return (
        f"If no dose follows, the level falls below {words.number(level)} µg/mL after "
        f"{first:.0f} days by {least}, after {last:.0f} days by {most}."
    )


def _rule_of_thumb(weighing: Weighing, registry: Registry) -> str:
    """The share left that patients quote, beside what the main model says for this person."""
    main = weighing.opinions[0]
    if main.says is None or not set(LEFT_DAYS) <= set(main.says.left):
        return ""
    half_life = registry.fact("pk.half-life.us-nca").number
    quoted = [registry.fact(f"pk.left-after-{d}-days.half-life-11").number / 100 for d in LEFT_DAYS]
    own = [main.says.left[d] for d in LEFT_DAYS]
    return (
        f"The rule that patients quote, one half-life of {words.number(half_life)} days, leaves "
        f"{_share(quoted[0])} of a level after {LEFT_DAYS[0]} days and {_share(quoted[1])} after "
        f"{LEFT_DAYS[1]}; of the level at the end of this person’s last infusion, "
        f"{spoken_name(main)} leaves {_share(own[0])} and {_share(own[1])}."
    )


def _weights(weighing: Weighing) -> str:
    counted = [o for o in weighing.opinions if o.says is not None and o.candidate.prior_weight > 0]
    if not counted:
        return "None of the models that are weighed has an answer for this person."
    shares = words.listed([f"{spoken_name(o)} {_share(o.weight)}" for o in counted])
    if not weighing.levels:
        return f"No level is fitted, so the models count as before any level: {shares}."
    levels = words.count(weighing.levels, "level")
    return f"After {levels} the models that are weighed count: {shares}."


def _better(weighing: Weighing) -> str:
    """Said where the levels speak for another model than that of the forecast."""
    main = weighing.opinions[0]
    best = max(weighing.opinions, key=lambda o: o.weight)
    if not weighing.levels or best.weight <= main.weight:
        return ""
    return (
        f"The levels speak more for {spoken_name(best)} than for the model of the forecast. It "
        "keeps its model; check doses and the times at which levels were drawn, and do not "
        "lengthen an interval on the higher level."
    )


def sentences(weighing: Weighing, registry: Registry) -> tuple[str, ...]:
    """Where the models disagree, in words; then how they are weighed, and the patients' rule."""
    if not weighing.opinions:
        return ()
    answers = [(spoken_name(o), o.says) for o in weighing.opinions if o.says is not None]
    factor = registry.fact("models.disagreement-factor").number
    # The lowest target is the level below which engagement is lost.
    floor = min(float(t) for t in str(registry.fact("forecast.targets").value).split())
    questions: list[tuple[str, Callable[[Says], Quantiles | None]]] = [
        ("Now", lambda says: says.now),
        ("At the planned dose", lambda says: says.planned),
        *((f"On day {d}", lambda says, d=d: says.by_day.get(d)) for d in DAYS),
    ]
    found = [s for when, value in questions if (s := _differ(answers, when, value, factor, floor))]
    if not found and len(answers) > 1:
        found.append(
            f"No two of these models differ {words.number(factor)}-fold or more on the level now, "
            f"at the planned dose, or on day {' or '.join(str(d) for d in DAYS)}."
        )
    found += [s for level in LEVELS if (s := _crossings(answers, level))]
    found += [_weights(weighing), _better(weighing)]
    found.append(_rule_of_thumb(weighing, registry))
    return tuple(s for s in found if s)


def view(weighing: Weighing, person: PersonReview, registry: Registry) -> ModelsView:
    """The page's text; the main forecast's own reservations come first."""
    f = person.forecast
    notes = [f.reason] if not f.computed and f.reason else []
    if f.change is not None:
        notes.append(
            "The forecast of this person allows for clearance raised by antibodies since a day "
            "that is not recorded; the other models know recorded antibodies only. What they say "
            "is therefore not weighed together, and the weights say nothing of what happened."
        )
    if f.contradiction:
        notes.append(f.contradiction)
    return ModelsView(
        rows=rows(weighing),
        cards=tuple(_card(o) for o in weighing.opinions),
        sentences=sentences(weighing, registry),
        notes=tuple(words.prose(n) for n in notes),
    )


def models_chart(
    weighing: Weighing, person: PersonReview, guides: Guides, days_before: int
) -> Chart:
    """All models on one axis over the last cycles and ahead, with the measured levels."""
    time = window(person, replace(guides, days_before=days_before))
    panel = level_panel(person, time, guides, "")
    # Under its own name the lane is not followed by a second axis.
    doses = replace(dose_panel(person, time, guides), name="given")
    assert isinstance(panel, PlotPanel)
    answering = [(i, o, o.says) for i, o in enumerate(weighing.opinions) if o.says is not None]
    lines = [_line(weighing, i, o, says, time) for i, o, says in answering]
    if panel.lines and answering and not answering[0][0]:
        # The main model is drawn as on the person's own page.
        lines[0] = replace(panel.lines[0], tone=lines[0].tone, name=lines[0].name)
    # The band is that of the person's own forecast; without one the picture is of lines alone.
    bands = tuple(Band(tone(0), b.day, b.low, b.high) for b in panel.bands)
    marks = tuple(m for m in panel.marks if m.shape != "ring")
    drawn = replace(
        panel,
        lines=tuple(lines),
        bands=bands,
        marks=marks,
        height=340.0,
        note="" if lines else panel.note,
    )
    keys = tuple(Key("line", tone(i), short_name(o)) for i, o, _ in answering)
    band = tuple(
        Key("band", b.tone, f"90 % interval, {short_name(weighing.opinions[0])}") for b in bands
    )
    signs = tuple(k for k in legend((drawn, doses)) if not isinstance(k.sample, str))
    today = ordinal(person.as_of)
    names = words.listed([spoken_name(o) for _, o, _ in answering])
    return Chart(
        time=time,
        panels=(drawn, doses),
        moments=moments(person, time),
        summary=f"Level of {person.id} by {names}; the numbers are in the table below."
        if names
        else f"No model has an answer for {person.id}.",
        forecast_from=today,
        forecast_label="forecast if no further dose is given" if lines else "",
        legend=(*keys, *band, *signs),
    )


def _line(weighing: Weighing, i: int, opinion: Opinion, says: Says, time: TimeAxis) -> Line:
    assert weighing.origin is not None
    day = ordinal(weighing.origin) + says.day
    shown = (day >= time.start) & (day <= time.end)
    return Line(tone(i), day[shown], says.curve.median[shown], short_name(opinion), "µg/mL")
