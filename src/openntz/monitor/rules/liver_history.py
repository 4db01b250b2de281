"""What a person's earlier liver values add to the latest: baseline, onset, return after dosing."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from openntz.course.course import Course
from openntz.course.events import Dose, Measurement, Ref
from openntz.definitions.lymphocytes import own_baseline
from openntz.definitions.results import shown
from openntz.monitor.profile import Profile
from openntz.monitor.rule import days_text
from openntz.monitor.rules.standing import joined


class Episode(Struct, frozen=True):
    """An earlier high result, and the first dose given after it; None when none was."""

    result: Measurement
    dose: Dose | None


class LiverHistory(Struct, frozen=True, kw_only=True):
    """Results before the first dose, and the last time an enzyme was high and came down again."""

    first_dose: Dose | None = None
    baselines: tuple[Measurement, ...] = ()
    earlier: Episode | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Rows of the earlier episode."""
        if self.earlier is None:
            return ()
        dose = self.earlier.dose
        return (self.earlier.result.ref, *((dose.ref,) if dose is not None else ()))


def liver_history(
    course: Course, high: Sequence[tuple[Measurement, bool]], profile: Profile
) -> LiverHistory:
    """Baseline and the last earlier episode.

    Parameters
    ----------
    high : sequence of (Measurement, bool)
        Enzyme results in time order, with whether each is above the limit of possible injury.
    """
    first = course.doses[0] if course.doses else None
    if first is None:
        return LiverHistory()
    by_test: dict[str, list[tuple[Measurement, bool]]] = {}
    for result, above_limit in high:
        by_test.setdefault(result.test, []).append((result, above_limit))
    within = profile.days("rise.baseline-within")
    baselines = [own_baseline([m for m, _ in rows], first, within) for rows in by_test.values()]
    ended = [
        rows[i][0]
        for rows in by_test.values()
        for i in range(len(rows) - 1)
        if rows[i][1] and not rows[i + 1][1] and rows[i][0].day > first.day
    ]
    last = max(ended, key=lambda m: m.at, default=None)
    earlier = None
    if last is not None:
        given = next((d for d in course.doses if d.day > last.day), None)
        earlier = Episode(last, given)
    return LiverHistory(
        first_dose=first,
        baselines=tuple(b for b in baselines if b is not None),
        earlier=earlier,
    )


def _name(result: Measurement) -> str:
    return result.test.upper()


def onset_text(history: LiverHistory, since: Measurement, profile: Profile) -> str:
    """How long after the first dose a result was taken, and the value before treatment."""
    first = history.first_dose
    if first is None:
        return ""
    days = (since.day - first.day).days
    if days < 0:
        return "It was taken before the first dose: natalizumab is not its cause."
    reported = profile.fact("liver.onset-from")
    before = ", ".join(f"{_name(b)} {shown(b)} on {b.day}" for b in history.baselines)
    own = f" Before the first dose: {before}." if before else " No value before the first dose."
    return (
        f"That is {days_text(days)} after the first dose; injury was reported from "
        f"{days_text(profile.days('liver.onset-from'))} on{_mark(reported.shown)}.{own}"
    )


def _mark(text: str) -> str:
    """The bracket a shown fact ends with, if any."""
    _, bracket, rest = text.partition(" (")
    return f"{bracket}{rest}"


def return_text(history: LiverHistory) -> str:
    """An earlier high result, and that injury was seen to come back on renewed treatment."""
    episode = history.earlier
    if episode is None:
        return ""
    given = (
        f"natalizumab was given again from {episode.dose.day} on"
        if episode.dose is not None
        else "no dose was given since"
    )
    return joined(
        f"{_name(episode.result)} was {shown(episode.result)} on {episode.result.day} too, came "
        f"down, and {given}.",
        "Liver injury came back in somebody given natalizumab again.",
    )
