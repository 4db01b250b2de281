"""What a person's blood counts alone say of the drug, gathered from the record."""

from __future__ import annotations

from openntz.course.course import Course
from openntz.definitions.gaps import since_gap
from openntz.definitions.lymphocytes import counts_on_drug, own_baseline
from openntz.definitions.therapy import Therapy
from openntz.forecast.sensor import (
    BloodCount,
    CountsAlone,
    SensorSettings,
    neutralised,
    usable,
)
from openntz.monitor.profile import Profile


def counts_alone(
    course: Course, stands: Therapy, profile: Profile, settings: SensorSettings
) -> CountsAlone | None:
    """The chance that the drug is neutralised on the day of the latest count, by counts alone.

    With the windows of the profile's lymphocyte rise: the baseline is the last count before the
    first dose of this course of treatment, later counts are those soon enough after a dose. None
    where nothing is asked: nobody is on therapy, or no dose was given yet.

    Parameters
    ----------
    course : Course
        What is known up to the as-of date.
    """
    doses = since_gap(course.doses, profile.days("rise.new-start-after"))
    if not stands.expects_dose or not doses:
        return None
    if not course.has("measurements"):
        return CountsAlone(reason="measurements are not in the export")
    start = doses[0]
    within, on_drug = profile.days("rise.baseline-within"), profile.days("late-dose.act-after")
    rows: list[BloodCount] = []
    left_out, with_baseline = 0, False
    for cell in settings.pools:
        results = course.results(cell)
        baseline = own_baseline(results, start, within)
        if baseline is None or not baseline.value:
            continue
        with_baseline = True
        rows.append(BloodCount(cell, 0.0, baseline.value))
        for count in counts_on_drug(results, doses, baseline, on_drug):
            day = (count.day - start.day).days
            if count.value and not count.censor and day > 0:
                rows.append(BloodCount(cell, float(day), count.value))
            else:
                left_out += 1
    if not with_baseline:
        return CountsAlone(
            reason=f"no blood count in the {within} days up to the first dose of this course "
            f"({start.day}), so there is no baseline of the person's own"
        )
    last = max((r.day for r in rows), default=0.0)
    if not last:
        return CountsAlone(reason="no blood count since the first dose that can be used")
    kept = usable(rows, last, settings)
    numbers = {cell: sum(c.cell == cell and c.day > 0 for c in kept) for cell in settings.pools}
    weighed = {cell: n for cell, n in numbers.items() if n}
    return CountsAlone(
        day=round(last),
        weighed=weighed,
        left_out=left_out,
        assumed=tuple(cell for cell in weighed if settings.pools[cell].assumed),
        answer=neutralised(rows, last, settings),
    )
