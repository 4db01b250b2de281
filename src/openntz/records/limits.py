"""What a cell can be at all, from the evidence registry, in the units the courses use."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec import Struct

from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.definitions.death import DeathWords
from openntz.definitions.statements import StatementWords
from openntz.errors import InputError
from openntz.evidence.registry import Fact, Registry


class Range(Struct, frozen=True):
    """Lowest and highest value taken as possible, with how to show the two."""

    low: float
    high: float
    text: str

    def holds(self, value: float) -> bool:
        """Whether a value is possible."""
        return self.low <= value <= self.high


class Bound(Struct, frozen=True):
    """A moment before or after which nothing is taken as possible, and how to show it."""

    at: datetime
    shown: str


def _shown(low: Fact, high: Fact) -> str:
    rank = f", {low.rank}" if low.rank in {"project default", "unverified"} else ""
    if low.site or high.site:
        rank = ", set by the site"
    unit = "" if low.unit == "1" else f" {low.unit}"
    return f"{low.number:g} to {high.number:g}{unit}{rank}"


def _range(registry: Registry, name: str) -> Range:
    low, high = (registry.fact(f"plausible.{name}.{end}") for end in ("lowest", "highest"))
    return Range(low.number, high.number, _shown(low, high))


def slug(test: str) -> str:
    """A test's name inside a fact's id."""
    return test.replace(" ", "-")


def _death_words(registry: Registry) -> DeathWords:
    def words(name: str) -> tuple[str, ...]:
        return tuple(w.strip() for w in str(registry.fact(name).value).split(",") if w.strip())

    statements = StatementWords(
        open=words("words.open"),
        excluded=words("words.excluded"),
        denials=words("words.denials"),
        no_denial=words("words.no-denial"),
        absent=words("words.absent"),
        past=words("words.past"),
        about=words("words.about"),
    )
    return DeathWords(
        words("death.begin"), words("death.alone"), words("death.relatives"), statements
    )


class Limits(Struct, frozen=True):
    """Everything the readers of the tables compare with; see ``facts/plausible.toml``.

    ``earliest`` and ``latest`` bound every dated event, ``earliest_dose`` a dose; ``tests`` is
    in the canonical unit of each test, ``conception_to_due`` and the others in days. ``death``
    holds the words by which the reason of a stop says that the person died.
    """

    as_of: date
    earliest: Bound
    earliest_dose: Bound
    latest: Bound
    years_of_life: int
    tests: dict[str, Range]
    level_as_written: Range
    titre: Range
    dose_mg: Range
    interval_days: Range
    longest_infusion: timedelta
    sc_injection_mg: float
    dose_label_mg: float
    lesions: int
    volume_change: Range
    highest_grade: int
    edss_highest: float
    edss_step: float
    conception_to_due: timedelta
    shortest_to_due: timedelta
    longest_pregnancy: timedelta
    bilirubin_g_per_mol: float
    death: DeathWords

    @classmethod
    def create(cls, registry: Registry, as_of: date) -> Limits:
        """The limits for a review at a day.

        Raises
        ------
        EvidenceError
            When a fact is missing.
        InputError
            When the day is so late that the calendar ends before its look-ahead does.
        """

        def number(name: str) -> float:
            return registry.fact(name).number

        def days(name: str) -> timedelta:
            return timedelta(days=number(name))

        def first_day(name: str) -> Bound:
            return Bound(datetime(int(number(name)), 1, 1), registry.fact(name).shown)

        ahead = days("plausible.event.ahead")
        if date.max - as_of < 2 * ahead:
            raise InputError(
                "the day of the review is at the end of the calendar.",
                where=str(as_of),
                remedy="Give the day as of which to judge, 2024-06-30.",
            )
        titre = registry.fact("plausible.titre.highest")
        return cls(
            as_of=as_of,
            earliest=first_day("plausible.event.earliest-year"),
            earliest_dose=first_day("plausible.dose.earliest-year"),
            latest=Bound(
                datetime.combine(as_of + ahead, time.max),
                f"{registry.fact('plausible.event.ahead').shown} after {as_of}",
            ),
            years_of_life=int(number("plausible.age.highest")),
            tests={test: _range(registry, slug(test)) for test in CANONICAL_UNITS},
            level_as_written=_range(registry, "natalizumab-as-written"),
            titre=Range(0.0, titre.number, f"0 to {titre.shown}"),
            dose_mg=_range(registry, "dose"),
            interval_days=_range(registry, "interval"),
            longest_infusion=timedelta(hours=number("plausible.infusion.longest")),
            sc_injection_mg=number("dose.sc-injection"),
            dose_label_mg=number("dose.label-amount"),
            lesions=int(number("plausible.lesions.highest")),
            volume_change=_range(registry, "brain-volume-change"),
            highest_grade=int(number("scale.ctcae.highest-grade")),
            edss_highest=number("scale.edss.highest"),
            edss_step=number("scale.edss.step"),
            conception_to_due=days("pregnancy.conception-to-due"),
            shortest_to_due=days("plausible.pregnancy.due-shortest"),
            longest_pregnancy=days("plausible.pregnancy.longest"),
            bilirubin_g_per_mol=number("bilirubin.molar-mass"),
            death=_death_words(registry),
        )
