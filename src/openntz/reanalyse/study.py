"""What an analysis is made of: the courses of a trial or cohort, their arms and its own clock.

A trial's data, a registry and a clinic's tables all become courses first, so an analysis is
written once. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec import Struct, field

from openntz.course.course import Course, age_on
from openntz.course.events import Dose

# Headers under which an export says when a person entered the study, and the arm assigned.
_ENTRY = ("study_start", "rfstdtc", "randomised", "randomized", "trtsdt")
_ARM = ("arm", "actarm", "actarmcd", "armcd", "group", "trt01a", "trt01p", "treatment_arm")


class SetAside(Struct, frozen=True):
    """A person or row that an analysis does not use, and why; they are counted, never dropped."""

    person: str
    reason: str
    where: str = ""


class Study(Struct, frozen=True, kw_only=True):
    """Courses by person, the arm of each ('' where none is recorded), and the cut-off date.

    ``starts`` says when each entered the study, for those who never got a dose (placebo).
    ``set_aside`` are people who were in the data and are in no course, with the reason.
    """

    courses: Mapping[str, Course]
    arms: Mapping[str, str]
    as_of: date
    starts: Mapping[str, date] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = field(default=())

    @classmethod
    def of(
        cls,
        courses: Mapping[str, Course],
        as_of: date,
        set_aside: tuple[SetAside, ...] = (),
        arms: Mapping[str, str] | None = None,
        starts: Mapping[str, date] | None = None,
    ) -> Study:
        """A study of courses, with the arm from the people's own table where none is given."""
        known = {name: arm_of(c) for name, c in courses.items()} if arms is None else arms
        found = {name: day for name, c in courses.items() if (day := entry_of(c)) is not None}
        return cls(
            courses=courses,
            arms=known,
            as_of=as_of,
            starts=found if starts is None else starts,
            set_aside=set_aside,
        )

    def start_of(self, course: Course) -> date | None:
        """The day of the first dose, or of entry for somebody who never got one."""
        return course.doses[0].day if course.doses else self.starts.get(course.person.id)

    def __iter__(self) -> Iterator[Course]:
        return iter(self.courses.values())

    def __len__(self) -> int:
        return len(self.courses)

    def recorded(self, table: str) -> bool:
        """Whether anybody's data had this table at all."""
        return any(c.has(table) for c in self)

    @property
    def arm_names(self) -> tuple[str, ...]:
        """The arms in alphabetical order; empty when none is recorded."""
        return tuple(sorted({a for a in self.arms.values() if a}))


class Whole(Struct, frozen=True, kw_only=True):
    """What is known of all people together once each has been looked at by themselves.

    ``recorded`` are the tables that anybody's data had.
    """

    people: int
    as_of: date
    recorded: frozenset[str]

    @classmethod
    def of(cls, study: Study) -> Whole:
        """All people of one study."""
        recorded = frozenset(table for course in study for table in course.recorded)
        return cls(people=len(study), as_of=study.as_of, recorded=recorded)


def arm_of(course: Course) -> str:
    """The arm of a person as the people's table wrote it, '' where it did not."""
    for header, text in course.person.extra.items():
        if header.strip().casefold() in _ARM and text.strip():
            return text.strip()
    return ""


def entry_of(course: Course) -> date | None:
    """When a person entered the study as the people's table wrote it, None where it did not."""
    for header, text in course.person.extra.items():
        if header.strip().casefold() in _ENTRY:
            try:
                return date.fromisoformat(text.strip()[:10])
            except ValueError:
                return None
    return None


def age_at(course: Course, day: date) -> int | None:
    """Completed years on a day, None without a birth date."""
    born = course.person.birth_date
    return None if born is None else age_on(born, day)


def dose_number(course: Course, dose: Dose) -> int:
    """1 for the first dose on record."""
    return course.doses.index(dose) + 1


def dose_before(course: Course, day: date) -> Dose | None:
    """The last dose on or before a day."""
    given = [d for d in course.doses if d.day <= day]
    return given[-1] if given else None
