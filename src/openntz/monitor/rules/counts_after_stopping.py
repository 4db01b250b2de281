"""Blood counts after the last dose: back at the person's own baseline within a window."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct

from openntz.course import vocabulary
from openntz.course.events import Measurement, Ref
from openntz.course.vocabulary import lost_results
from openntz.definitions.cell_response import risen
from openntz.definitions.gaps import doses_since_gap
from openntz.definitions.lymphocytes import own_baseline
from openntz.definitions.results import shown
from openntz.definitions.therapy import Therapy
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.lymphocytes import COUNT_UNIT
from openntz.monitor.rules.standing import (
    NEVER_DOSED,
    joined,
    not_in_export,
    off_text,
    past_watch,
    standing_refs,
    weeks_text,
)

_OTHERS: Final = {
    vocabulary.CD19: ("B cells (CD19)", "cells/µL"),
    vocabulary.MONOCYTES: ("monocytes", COUNT_UNIT),
    vocabulary.EOSINOPHILS: ("eosinophils", COUNT_UNIT),
}


class AfterCount(Struct, frozen=True):
    """The latest count of one kind of cell in or after the window, and its own baseline."""

    name: str
    unit: str
    count: Measurement
    baseline: Measurement
    raised: bool | None

    @property
    def text(self) -> str:
        """'lymphocytes 3.4 ×10⁹/L on 2024-06-01 (baseline 2.0 ×10⁹/L on 2020-01-03)'."""
        return (
            f"{self.name} {shown(self.count, self.unit)} on {self.count.day} (baseline "
            f"{shown(self.baseline, self.unit)} on {self.baseline.day})"
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Rows of the count and its baseline."""
        return (self.count.ref, self.baseline.ref)


class AfterFacts(Struct, frozen=True, kw_only=True):
    """Counts since the window opened; ``baseline`` is the lymphocyte count to come back to."""

    therapy: Therapy
    recorded: bool
    opens: date | None = None
    closes: date | None = None
    counted: Measurement | None = None
    baseline: Measurement | None = None
    lymphocytes: AfterCount | None = None
    others: tuple[AfterCount, ...] = ()


def after_facts(situation: Situation, profile: Profile) -> AfterFacts:
    """Facts of ``counts.after-stopping``.

    The window closes at the week by which counts are back; a count within the announcement
    before it that is already back answers too.
    """
    course, t = situation.course, situation.therapy
    recorded = course.has("measurements")
    if t.last_dose is None or not t.off_therapy or not recorded:
        return AfterFacts(therapy=t, recorded=recorded)
    first = course.derived(doses_since_gap, profile.days("rise.new-start-after"))[0]
    closes = t.last_dose.day + timedelta(days=profile.days("blood.back-to-baseline"))
    opens = closes - timedelta(days=profile.days("check.announce"))
    within = profile.days("rise.baseline-within")

    def after(test: str, name: str, unit: str, times: float, added: float) -> AfterCount | None:
        counts = course.results(test)
        baseline = own_baseline(counts, first, within)
        late = [m for m in counts if m.day >= opens and m.value is not None]
        if not late or baseline is None or not baseline.value:
            return None
        raised = risen(late[-1], baseline.value * times + added)
        return AfterCount(name, unit, late[-1], baseline, raised)

    fold = profile.number("blood.raised-fold")
    lymphocytes = course.results(vocabulary.LYMPHOCYTES)
    late = [m for m in lymphocytes if m.day >= opens and m.value is not None]
    others = [after(test, name, unit, fold, 0.0) for test, (name, unit) in _OTHERS.items()]
    return AfterFacts(
        therapy=t,
        recorded=recorded,
        opens=opens,
        closes=closes,
        counted=late[-1] if late else None,
        baseline=own_baseline(lymphocytes, first, within),
        lymphocytes=after(
            vocabulary.LYMPHOCYTES,
            "lymphocytes",
            COUNT_UNIT,
            1.0,
            profile.number("rise.threshold"),
        ),
        others=tuple(x for x in others if x is not None),
    )


_KEYS: Final = (
    "blood.back-to-baseline",
    "blood.effect-lasts",
    "blood.raised-cells",
    "check.announce",
)


def _window(profile: Profile) -> str:
    eu = weeks_text(profile.fact("blood.effect-lasts"))
    us = weeks_text(profile.fact("blood.back-to-baseline"))
    return f"about {eu} (EU text) to {us} (US text) after the last dose"


def _raised_cells(profile: Profile) -> str:
    """'Raised counts (lymphocytes, monocytes ...)'."""
    return f"Raised counts ({profile.fact('blood.raised-cells').value})"


def _not_asked(facts: AfterFacts, profile: Profile) -> Verdict | None:
    t = facts.therapy
    if t.last_dose is None:
        return NEVER_DOSED
    if not t.off_therapy:
        return Verdict(
            status=Status.OK,
            message="Does not apply: on therapy.",
            evidence=standing_refs(t),
        )
    days = profile.days("blood.after-stopping.looked-at-until")
    if (ended := past_watch(t, days, "Raised counts were looked for until")) is not None:
        return ended
    if not facts.recorded:
        return Verdict(
            status=Status.UNKNOWN,
            message=not_in_export("measurements", "whether counts are back is not known."),
            evidence=standing_refs(t),
        )
    return None


def _still_raised(facts: AfterFacts, profile: Profile) -> Verdict | None:
    """Counts raised beyond the end of the window."""
    closes = facts.closes
    every = [*([facts.lymphocytes] if facts.lymphocytes else []), *facts.others]
    late = [c for c in every if c.raised and closes is not None and c.count.day >= closes]
    if not late:
        return None
    return Verdict(
        status=Status.WATCH,
        message=joined(
            off_text(facts.therapy),
            f"Still raised: {'; '.join(c.text for c in late)}. Counts are usually back "
            f"{_window(profile)}: look for another cause (infection, another treatment) and "
            "repeat the count.",
        ),
        evidence=(*(r for c in late for r in c.refs), *standing_refs(facts.therapy)),
        keys=(*_KEYS, "rise.threshold", *(["blood.raised-fold"] if facts.others else [])),
    )


def after_stopping(facts: AfterFacts, profile: Profile) -> Verdict:
    """Are blood counts back at baseline after the last dose?"""
    if (answer := _not_asked(facts, profile)) is not None:
        return answer
    if (raised := _still_raised(facts, profile)) is not None:
        return raised
    t, opens, closes = facts.therapy, facts.opens, facts.closes
    if opens is None or closes is None:
        return NEVER_DOSED
    refs, head = standing_refs(t), off_text(t)
    done = facts.lymphocytes
    if done is not None and done.raised is False:
        return Verdict(
            status=Status.OK,
            message=f"{head} Back at baseline: {done.text}.",
            evidence=(*done.refs, *refs),
            keys=(*_KEYS, "rise.threshold"),
        )
    days = profile.days("laboratory.after-last-dose")
    if (ended := past_watch(t, days, "A blood count was asked for until")) is not None:
        return ended
    counted_late = facts.counted is not None and facts.counted.day >= closes
    if t.as_of < opens:
        return Verdict(
            status=Status.OK,
            message=f"{head} {_raised_cells(profile)} come back {_window(profile)}. "
            f"A blood count is asked for by {closes}.",
            due=closes,
            evidence=refs,
            keys=_KEYS,
        )
    if counted_late and facts.counted is not None:
        why = (
            "no count before the first dose to compare with; use the laboratory's own range"
            if facts.baseline is None
            else "the count is only a limit and does not tell: repeat it"
        )
        return Verdict(
            status=Status.UNKNOWN,
            message=f"{head} Lymphocytes {shown(facts.counted, COUNT_UNIT)} on "
            f"{facts.counted.day}, but whether they are back at baseline is not known: {why}.",
            evidence=(facts.counted.ref, *refs),
            keys=_KEYS,
        )
    own = (
        f"the person's own lymphocyte count was {shown(facts.baseline, COUNT_UNIT)} on "
        f"{facts.baseline.day}"
        if facts.baseline is not None
        else "no count before the first dose is recorded: use the laboratory's own range"
    )
    soon = t.as_of < closes
    when = f"is due on {closes}" if soon else f"was due on {closes} and is not recorded"
    return Verdict(
        status=Status.WATCH if soon else Status.DUE,
        message=f"{head} {_raised_cells(profile)} come back {_window(profile)}. "
        f"A blood count {when}; {own}.",
        due=closes,
        evidence=(*((facts.baseline.ref,) if facts.baseline is not None else ()), *refs),
        keys=_KEYS,
    )


AFTER_STOPPING: Final = Rule(
    id="counts.after-stopping",
    title="Blood counts after stopping",
    question="Are blood counts back at baseline after the last dose?",
    derive=after_facts,
    decide=after_stopping,
    sources=("us-hcp-pharmacokinetics", "founding-s2", "eu-smpc"),
    silence=(lost_results(vocabulary.LYMPHOCYTES),),
)
