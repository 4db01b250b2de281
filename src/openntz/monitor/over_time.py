"""When a rule would answer otherwise if nothing more were recorded: the same records, later.

A rule is a pure function of the situation, so it can be asked on later days. The forecast is
that of the as-of day; where a rule reads it, a later answer is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from openntz.monitor.consulted import WatchedSituation
from openntz.monitor.engine import verdict_of
from openntz.monitor.finding import Finding, Later, Status, Turn
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.catalogue import RULES

_DAY = timedelta(days=1)


class _ForecastNeededError(Exception):
    """A later answer that would need a forecast made on that day."""


class LaterDays(Struct, frozen=True):
    """Asks rules about one person on later days; each day's situation is made once.

    ``on`` gives the situation a review of the same records on a day would have, with today's
    forecast; ``until`` is the last day asked.
    """

    on: Callable[[date], Situation]
    as_of: date
    until: date
    profile: Profile
    profiles: Mapping[str, Profile]
    _made: dict[date, Situation] = field(default_factory=dict)

    def _situation(self, day: date) -> WatchedSituation:
        if day not in self._made:
            self._made[day] = self.on(day)
        return WatchedSituation.of(self._made[day], self.profiles)

    def answer(self, rule: Rule, day: date) -> Verdict:
        """What a rule says on a later day."""
        situation = self._situation(day)
        verdict = verdict_of(rule, situation, self.profile)
        if situation.forecast_seen:
            raise _ForecastNeededError
        return verdict

    def _turn(self, rule: Rule, day: date) -> Turn:
        verdict = self.answer(rule, day)
        return Turn(day, verdict.status, verdict.message)

    def _expected(self, rule: Rule, finding: Finding) -> date | None:
        """The day the rule named itself, or the next, where the answer does turn there."""
        if finding.due is None or not self.as_of < finding.due < self.until:
            return None
        before = finding.due - _DAY
        for day in (finding.due, finding.due + _DAY):
            if self.answer(rule, day).status is not finding.status:
                same = before == self.as_of or self.answer(rule, before).status is finding.status
                return day if same else None
            before = day
        return None

    def _bisected(self, rule: Rule, finding: Finding) -> date | None:
        if self.answer(rule, self.until).status is finding.status:
            return None
        same, other = self.as_of, self.until
        while (other - same).days > 1:
            middle = same + (other - same) // 2
            if self.answer(rule, middle).status is finding.status:
                same = middle
            else:
                other = middle
        return other

    def next_turn(self, rule: Rule, finding: Finding) -> Later:
        """A day on which the answer changes, found in a few questions."""
        if finding.by_forecast or self.until <= self.as_of:
            return Later(self.until, by_forecast=finding.by_forecast)
        try:
            day = self._expected(rule, finding) or self._bisected(rule, finding)
            turns = () if day is None else (self._turn(rule, day),)
        except _ForecastNeededError:
            return Later(self.until, by_forecast=True)
        return Later(self.until, turns)

    def every_turn(self, rule: Rule, finding: Finding) -> Later:
        """Every day on which the answer changes; each day is asked.

        Where a later day would need a forecast, the turns before it are kept.
        """
        if finding.by_forecast:
            return Later(self.until, by_forecast=True)
        status, turns, day = finding.status, list[Turn](), self.as_of
        try:
            while day < self.until:
                day += _DAY
                verdict = self.answer(rule, day)
                if verdict.status is not status:
                    status = verdict.status
                    turns.append(Turn(day, status, verdict.message))
        except _ForecastNeededError:
            return Later(day - _DAY, tuple(turns), by_forecast=True, every_day=True)
        return Later(self.until, tuple(turns), every_day=True)


def with_next_turn(
    findings: Sequence[Finding], days: LaterDays, rules: Sequence[Rule] = RULES
) -> tuple[Finding, ...]:
    """Findings that say when they change if nothing more is recorded.

    What is not known becomes known by recording it, hardly by waiting, and is not asked.
    """

    def each() -> Iterator[Finding]:
        for rule, finding in zip(rules, findings, strict=True):
            asked = finding.status is not Status.UNKNOWN
            yield replace(finding, later=days.next_turn(rule, finding)) if asked else finding

    return tuple(each())
