"""One person from course to findings: standing, antibodies, forecast, rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from openntz.course import vocabulary
from openntz.course.course import Course
from openntz.course.vocabulary import lost_results
from openntz.definitions.antibodies import antibody_effect, antibody_history
from openntz.definitions.antibody_tests import Reading
from openntz.definitions.therapy import Therapy, TherapyLimits, therapy
from openntz.evidence.registry import Registry
from openntz.forecast.decide import Decision
from openntz.forecast.history import AntibodyEffect
from openntz.forecast.onset_prior import AntibodyReading
from openntz.forecast.options import Options
from openntz.forecast.person import answer_person, forecast_person
from openntz.forecast.request import ForecastModels, ForecastRequest
from openntz.forecast.result import PersonForecast
from openntz.forecast.sensor import CountsAlone, SensorSettings
from openntz.forecast.sensor_settings import sensor_settings
from openntz.forecast.settings import Settings
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.models.card import load_card
from openntz.models.saturation import load_saturation
from openntz.monitor.engine import evaluate
from openntz.monitor.finding import Finding
from openntz.monitor.over_time import LaterDays, with_next_turn
from openntz.monitor.profile import PROFILES, Profile, load_profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.antibodies import antibody_definition, antibody_limits
from openntz.monitor.rules.candidate_conditions import decision_rule, open_dates
from openntz.workflows.sensor import counts_alone
from openntz.workflows.settle import settled

DEFAULT_CARD = "van_den_berg_2025"
SATURATION_CARDS = ("saturation_biib107", "saturation_natalizumab")

# What a forecast is made from; where some of it was lost, it says so.
_MATTERS = frozenset(
    {
        "doses",
        *map(lost_results, (vocabulary.NATALIZUMAB, vocabulary.ANTIBODIES, vocabulary.WEIGHT)),
    }
)


class Practice(Struct, frozen=True, kw_only=True):
    """What a review is made with: registry, profiles, models, blood sensor, seed."""

    registry: Registry
    profile: Profile
    profiles: Mapping[str, Profile]
    models: ForecastModels
    sensor: SensorSettings
    seed: int

    @classmethod
    def create(
        cls,
        *,
        registry: Registry,
        profile: str,
        seed: int,
        card: str = DEFAULT_CARD,
        options: Options | None = None,
    ) -> Practice:
        """Load profiles and cards against a registry.

        Raises
        ------
        ProfileError, EvidenceError, ModelError
            When a profile, fact or card cannot be used as written.
        """
        profiles = {name: load_profile(name, registry) for name in PROFILES}
        if profile not in profiles:
            load_profile(profile, registry)
        # What a site may have written wrongly is said before anybody is forecast.
        decision_rule(profiles[profile])
        return cls(
            registry=registry,
            profile=profiles[profile],
            profiles=MappingProxyType(profiles),
            models=ForecastModels(
                card=load_card(card),
                saturation=tuple(load_saturation(name) for name in SATURATION_CARDS),
                settings=(options or Options()).applied(Settings.from_registry(registry)),
            ),
            sensor=sensor_settings(registry, shipped_parameters()),
            seed=seed,
        )

    @property
    def others(self) -> Mapping[str, Profile]:
        """The profiles besides the one that speaks."""
        return {name: p for name, p in self.profiles.items() if name != self.profile.id}


class PersonResult(Struct, frozen=True, kw_only=True):
    """One person's standing, forecast and findings.

    ``decision`` holds the dates open for the next dose, None where there is no forecast or no
    dose is expected; the finding ``interval.candidate`` says whether one is offered.
    ``counts_alone`` is shown beside the rules and read by none.
    """

    therapy: Therapy
    forecast: PersonForecast
    findings: tuple[Finding, ...]
    decision: Decision | None = None
    counts_alone: CountsAlone | None = None


def standing(course: Course, as_of: date, profile: Profile) -> Therapy:
    """Where the person stands, by the profile's limits."""
    limits = TherapyLimits(
        label_interval=profile.days("dosing.label-interval"),
        presumed_stopped_from=profile.days("late-dose.presumed-stopped-from"),
        left_from=profile.days("late-dose.left-from"),
    )
    return therapy(course, as_of, limits)


def antibodies_of(course: Course, as_of: date, profile: Profile) -> AntibodyEffect | None:
    """When persistent antibodies raised clearance, by the profile's definition of persistent."""
    history = course.derived(antibody_history, antibody_limits(profile), as_of)
    run = antibody_effect(history, antibody_definition(profile), as_of)
    return None if run is None else AntibodyEffect(since=run.since, until=run.until)


def readings_of(course: Course, as_of: date, profile: Profile) -> tuple[AntibodyReading, ...]:
    """Antibody tests as evidence on clearance.

    A result that is positive at a sensitive threshold only, or cannot be read at the label-type
    one, says little; a negative one there is negative at the label-type threshold too.
    """
    found = []
    for test in course.derived(antibody_history, antibody_limits(profile), as_of).tests:
        if test.label is not Reading.UNDETERMINED:
            found.append(AntibodyReading(test.at, test.label is Reading.POSITIVE, "label"))
        elif test.own is Reading.POSITIVE:
            found.append(AntibodyReading(test.at, True, "sensitive"))
    return tuple(found)


def request_of(
    course: Course,
    as_of: date,
    practice: Practice,
    *,
    planned: date | None,
    threads: int = 1,
) -> ForecastRequest:
    """The question a forecast answers; events of the course after ``as_of`` are left out."""
    known = course.until(as_of)
    return ForecastRequest(
        course=known,
        as_of=as_of,
        planned=planned,
        antibodies=antibodies_of(known, as_of, practice.profile),
        readings=readings_of(known, as_of, practice.profile),
        seed=practice.seed,
        threads=threads,
    )


def forecast_course(
    course: Course,
    as_of: date,
    practice: Practice,
    *,
    planned: date | None,
    threads: int = 1,
) -> PersonForecast:
    """The forecast of one course, whose events after ``as_of`` are left out."""
    asked = request_of(course, as_of, practice, planned=planned, threads=threads)
    return forecast_person(asked, practice.models)


def _with_lost_rows(forecast: PersonForecast, incomplete: frozenset[str]) -> PersonForecast:
    """Say beside the forecast that doses or measurements of this person were set aside or lost."""
    lost = sorted(incomplete & _MATTERS)
    if not lost:
        return forecast
    note = (
        f"Rows of this person in {' and '.join(lost)} were set aside or lost (rejected.csv says "
        "which); this forecast does not know them and may be wrong. Mend them and run again."
    )
    return replace(forecast, notes=(*forecast.notes, note))


def _expected_until(stands: Therapy, profile: Profile, horizon: date) -> date:
    """The last day, up to a horizon, on which somebody on therapy would still be expected."""
    last, planned = stands.last_dose, stands.planned
    if last is None or planned is None or not stands.state.on_therapy or stands.planned_is_booked:
        return horizon
    gone = last.day + timedelta(days=profile.days("late-dose.presumed-stopped-from"))
    return min(horizon, max(gone - timedelta(days=1), planned))


def later_days(
    course: Course, situation: Situation, practice: Practice, *, whole: bool
) -> LaterDays:
    """Later days of one person on which rules can be asked: the same records, today's forecast.

    Not ``whole``: up to the day from which somebody on therapy would be presumed to have
    stopped, because nearly every answer turns there for no other reason.
    """
    profile = practice.profile
    horizon = situation.as_of + timedelta(days=profile.days("explain.horizon"))

    def on(day: date) -> Situation:
        # Most people have nothing booked, and then a later day knows the same course.
        known = course.until(day) if situation.booked else situation.course
        return replace(
            situation,
            as_of=day,
            course=known,
            booked=course.after(day) if situation.booked else (),
            therapy=standing(course, day, profile),
        )

    return LaterDays(
        on=on,
        as_of=situation.as_of,
        until=horizon if whole else _expected_until(situation.therapy, profile, horizon),
        profile=profile,
        profiles=practice.others,
    )


def situation_of(
    course: Course, as_of: date, practice: Practice, incomplete: frozenset[str] = frozenset()
) -> Situation:
    """What the rules judge: standing and forecast of one person at one date.

    ``incomplete`` names the tables of which a row of this person was set aside.
    """
    stands = standing(course, as_of, practice.profile)
    # A dose that is overdue can be given today at the earliest.
    planned = None if stands.planned is None else max(stands.planned, as_of)
    answer = answer_person(request_of(course, as_of, practice, planned=planned), practice.models)
    forecast = _with_lost_rows(answer.forecast, incomplete)
    situation = Situation(
        as_of=as_of,
        course=course.until(as_of),
        booked=course.after(as_of),
        therapy=stands,
        forecast=forecast,
        incomplete=incomplete,
    )
    forecast = settled(situation, practice.profile, practice.models, answer.fit)
    return replace(situation, forecast=forecast)


def review_person(
    course: Course, as_of: date, practice: Practice, incomplete: frozenset[str] = frozenset()
) -> PersonResult:
    """Standing, forecast and one finding per rule for one person at one date.

    ``incomplete`` names the tables of which a row of this person was set aside.
    """
    situation = situation_of(course, as_of, practice, incomplete)
    stands = situation.therapy
    findings = evaluate(situation, practice.profile, practice.others)
    return PersonResult(
        therapy=stands,
        forecast=situation.forecast,
        findings=with_next_turn(findings, later_days(course, situation, practice, whole=False)),
        decision=open_dates(situation, practice.profile) if stands.state.on_therapy else None,
        counts_alone=counts_alone(situation.course, stands, practice.profile, practice.sensor),
    )
