"""Extended against standard intervals: who counts as extended by three definitions, and activity.

Whoever lives long on the drug has more chances to be called extended at some time, so activity
is compared over time: each interval between doses counts as what it was then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
from lifelines import CoxTimeVaryingFitter
from msgspec import Struct

from openntz.course.course import Course
from openntz.definitions.activity import either, enhancing, new_lesions
from openntz.evidence.registry import Registry
from openntz.reanalyse.limits import days
from openntz.reanalyse.result import Analysis, AnalysisResult, Estimate, Figure, Part, Step, table
from openntz.reanalyse.statistics import proportion, rate_difference, settled
from openntz.reanalyse.study import SetAside, Study, Whole, age_at

NAME: Final = "extended-interval"
TITLE: Final = "Extended against standard intervals"
_YEAR: Final = 365.25
_LEVELS: Final = (0.90, 0.95)  # for non-inferiority, and as it is mostly printed
_FEWEST_EVENTS: Final = 5


class Exposure(Struct, frozen=True, kw_only=True):
    """Numbers of the three definitions, in days and doses."""

    mean_interval: float
    window: float
    period: float
    doses_a_year: float


def by_last_window(doses: Sequence[date], exposure: Exposure) -> bool | None:
    """Primary: the mean interval over the last 18 months; None with less time on the drug."""
    last = doses[-1]
    if (last - doses[0]).days < exposure.window:
        return None
    inside = [d for d in doses if (last - d).days <= exposure.window]
    if len(inside) < 2:
        return True
    return (inside[-1] - inside[0]).days / (len(inside) - 1) >= exposure.mean_interval


def by_any_period(doses: Sequence[date], exposure: Exposure) -> bool | None:
    """Secondary: at any time a stretch of 6 months or more whose mean interval is long."""
    if (doses[-1] - doses[0]).days < exposure.period:
        return None
    for i in range(len(doses)):
        for j in range(i + 1, len(doses)):
            length = (doses[j] - doses[i]).days
            if length >= exposure.period:
                if length / (j - i) >= exposure.mean_interval:
                    return True
                break
    return False


def by_doses_a_year(doses: Sequence[date], exposure: Exposure) -> bool | None:
    """Tertiary: fewer than ten doses a year over the whole time; None under a year."""
    length = (doses[-1] - doses[0]).days
    if length < _YEAR:
        return None
    return (len(doses) - 1) / (length / _YEAR) < exposure.doses_a_year


DEFINITIONS: Final[dict[str, Callable[[Sequence[date], Exposure], bool | None]]] = {
    "last 18 months": by_last_window,
    "any 6 months": by_any_period,
    "fewer than 10 doses a year": by_doses_a_year,
}


def events_of(course: Course, first: date, last: date) -> list[date]:
    """Days of activity: relapses, and scans with enhancing, new or enlarging lesions."""
    scans = [s.day for s in course.mri if either(enhancing(s), new_lesions(s))]
    return sorted(d for d in (*(r.day for r in course.relapses), *scans) if first < d <= last)


def time_rows(study: Study, exposure: Exposure) -> pd.DataFrame:
    """One row per person and interval: from, to, whether it was long, and activity at its end.

    Time up to the first activity; the last interval runs until the cut-off or for as long as
    the interval before it.
    """
    rows = []
    for course in study:
        doses = [d.day for d in course.doses]
        # Without either table nobody looked: that is no time without activity.
        if len(doses) < 2 or not (course.has("relapses") or course.has("mri")):
            continue
        before = (doses[-1] - doses[-2]).days
        ends = [*doses[1:], min(study.as_of, doses[-1] + timedelta(days=before))]
        events = events_of(course, doses[0], ends[-1])
        first = events[0] if events else None
        age = age_at(course, doses[0])
        for start, end in zip(doses, ends, strict=True):
            stop = end if first is None or first > end else first
            if stop > start:
                rows.append(
                    {
                        "person": course.person.id,
                        "start": float((start - doses[0]).days),
                        "stop": float((stop - doses[0]).days),
                        "extended": float((end - start).days >= exposure.mean_interval),
                        "age": None if age is None else float(age),
                        "event": first is not None and stop == first,
                    }
                )
            if first is not None and first <= end:
                break
    return pd.DataFrame.from_records(rows)


def merged(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of a person that follow on each other at one kind of interval as one row.

    Rates and partial likelihood are the same, of a tenth of the rows.
    """
    if frame.empty:
        return frame
    before = frame.shift(1)
    follows = (
        (frame["person"] == before["person"])
        & (frame["start"] == before["stop"])
        & (frame["extended"] == before["extended"])
    )
    of = (~follows).cumsum()
    ends = frame.groupby(of).last()
    return ends.assign(start=frame.groupby(of)["start"].first()).reset_index(drop=True)


def _cox(frame: Any) -> list[dict[str, Any]]:
    if frame.empty or frame["event"].sum() < _FEWEST_EVENTS or frame["extended"].std() == 0:
        return []
    columns = ["person", "start", "stop", "extended", "event"]
    if frame["age"].notna().all() and frame["age"].std() > 0:
        columns.append("age")
    fit = settled(
        lambda: CoxTimeVaryingFitter().fit(
            frame[columns], id_col="person", event_col="event", start_col="start", stop_col="stop"
        )
    )
    if fit is None:
        return []
    row = fit.summary.loc["extended"]
    return [
        {
            "measure": "hazard ratio of first activity (time-varying Cox)",
            "group": "interval extended against standard"
            + (", adjusted for age" if "age" in columns else ""),
            "n": int(frame["person"].nunique()),
            "count": int(frame["event"].sum()),
            "value": float(row["exp(coef)"]),
            "low": float(row["exp(coef) lower 95%"]),
            "high": float(row["exp(coef) upper 95%"]),
            "p": float(row["p"]),
        }
    ]


def _rates(frame: Any) -> list[dict[str, Any]]:
    """Activity per 1,000 person-years by the interval it came in, and their difference."""
    if frame.empty:
        return []
    counts, years, rows = {}, {}, []
    for value, name in ((1.0, "extended"), (0.0, "standard")):
        own = frame[frame["extended"] == value]
        counts[name] = int(own["event"].sum())
        years[name] = float((own["stop"] - own["start"]).sum()) / _YEAR
        if years[name] > 0:
            rows.append(
                {
                    "measure": "rate of first activity, per 1,000 person-years",
                    "group": f"{name} interval",
                    "n": int(own["person"].nunique()),
                    "count": counts[name],
                    "value": 1000 * counts[name] / years[name],
                    "person_years": years[name],
                }
            )
    for level in _LEVELS:
        found = rate_difference(
            (counts["extended"], counts["standard"]), (years["extended"], years["standard"]), level
        )
        if found.value is not None and found.low is not None and found.high is not None:
            rows.append(
                {
                    "measure": "difference of rates, per 1,000 person-years "
                    f"({100 * level:g} % interval)",
                    "group": "extended interval minus standard interval",
                    "value": 1000 * found.value,
                    "low": 1000 * found.low,
                    "high": 1000 * found.high,
                }
            )
    return rows


def _exposure(evidence: Registry) -> Exposure:
    return Exposure(
        mean_interval=days(evidence.fact("reanalyse.eid.mean-interval")),
        window=days(evidence.fact("reanalyse.eid.window")),
        period=days(evidence.fact("reanalyse.eid.period")),
        doses_a_year=evidence.fact("reanalyse.eid.doses-a-year").number,
    )


def _take(study: Study, evidence: Registry) -> Part:
    exposure = _exposure(evidence)
    treated = [[d.day for d in c.doses] for c in study if len(c.doses) > 1]
    judged = [tuple(judge(doses, exposure) for judge in DEFINITIONS.values()) for doses in treated]
    aside = [SetAside(c.person.id, "fewer than two doses") for c in study if len(c.doses) <= 1]
    return judged, [merged(time_rows(study, exposure))], aside


def _conclude(part: Part, whole: Whole, evidence: Registry) -> AnalysisResult:
    """Exposure by three definitions, and activity by the interval it came in."""
    treated, frames, aside = part
    exposure = _exposure(evidence)
    rows, estimates = [], []
    for at, name in enumerate(DEFINITIONS):
        answers = [told[at] for told in treated]
        known = [a for a in answers if a is not None]
        share = proportion(sum(known), len(known))
        rows.append(
            {
                "measure": "people on an extended interval",
                "group": name,
                "n": share.n,
                "count": share.count,
                "value": share.value,
                "low": share.low,
                "high": share.high,
                "unknown": len(answers) - len(known),
            }
        )
        if share.value is not None and share.low is not None and share.high is not None:
            estimates.append(Estimate(name, share.value, share.low, share.high))
    filled = [frame for frame in frames if not frame.empty]
    frame = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return AnalysisResult(
        name=NAME,
        title=TITLE,
        status="done",
        summary=table([*rows, *_rates(frame), *_cox(frame)]),
        definitions={
            "extended": f"mean interval of {exposure.mean_interval:g} d or more",
            "last 18 months": f"over the {exposure.window:g} d up to the last dose",
            "any 6 months": f"over any stretch of {exposure.period:g} d or more",
            "fewer than 10 doses a year": f"fewer than {exposure.doses_a_year:g} a year",
            "activity": "relapse, enhancing, new or enlarging T2 lesion; time to the first",
            "time": "each interval between doses counts as what it was; not randomised",
            "interval": "shares: Wilson; difference of rates: normal, 90 and 95 %",
        },
        text=f"{len(treated)} people with two or more doses. Whoever is given longer intervals "
        "differs from others; this is no trial.",
        figures=(
            Figure(
                title="People on an extended interval by definition",
                x="share of people",
                y="",
                estimates=tuple(estimates),
                summary="Points with Wilson intervals.",
            ),
        )
        if estimates
        else (),
        flow=(
            Step("people in the data", whole.people),
            Step(
                "with two or more doses",
                len(treated),
                (("fewer than two doses", len(aside)),) if aside else (),
            ),
        ),
        set_aside=tuple(aside),
        facts=(
            "reanalyse.eid.mean-interval",
            "reanalyse.eid.window",
            "reanalyse.eid.period",
            "reanalyse.eid.doses-a-year",
        ),
    )


EXTENDED_INTERVAL = Analysis(
    name=NAME,
    title=TITLE,
    needs=("doses",),
    uses=("relapses", "mri"),
    take=_take,
    conclude=_conclude,
)
