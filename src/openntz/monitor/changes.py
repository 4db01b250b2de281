"""What is new, gone or changed since an earlier review, and why, as far as the files tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Literal

from msgspec import Struct, field

from openntz.monitor.finding import Status

Kind = Literal["new", "changed", "gone", "moved"]
KINDS: Final[tuple[Kind, ...]] = ("new", "changed", "gone", "moved")


class Said(Struct, frozen=True, kw_only=True):
    """One finding as ``findings.json`` holds it.

    ``rows`` are the words of the rows in ``evidence``, ``limits`` the values of the facts that
    decided, ``as_of`` the day judged from: None where the file is of a version without them.
    """

    person: str
    rule: str
    status: Status
    due: date | None
    message: str
    profile: str
    evidence: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None
    limits: Mapping[str, str] | None = None
    as_of: date | None = None

    @property
    def open(self) -> bool:
        """Whether it asks for something: 'unknown' does."""
        return self.status is not Status.OK


class Change(Struct, frozen=True, kw_only=True):
    """One finding that is new, gone, of another status, or moved to another date.

    ``why`` is in sentences, and never empty.
    """

    kind: Kind
    person: str
    rule: str
    before: Said | None
    now: Said | None
    why: tuple[str, ...]


class Changes(Struct, frozen=True, kw_only=True):
    """Everything that changed between two reviews.

    ``limits`` are facts whose value differs, as (fact, before, now); ``not_compared`` rules of
    which the earlier file says nothing for anybody, with how many people they speak of now;
    ``remarks`` what the earlier file lacks.
    """

    file: str
    earlier: date | None
    as_of: date
    found: tuple[Change, ...]
    limits: tuple[tuple[str, str, str], ...] = ()
    profiles: tuple[str, str] = ("", "")
    not_compared: Mapping[str, int] = field(default_factory=dict)
    people_new: int = 0
    people_gone: int = 0
    remarks: tuple[str, ...] = ()

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind, those to the most urgent status first."""

        def urgency(change: Change) -> int:
            said = change.now or change.before
            return 0 if said is None else said.status.urgency

        return tuple(sorted((c for c in self.found if c.kind == kind), key=urgency))


def _cited(said: Said, by_words: bool) -> Counter[tuple[str, str]]:
    """Rows as (table, what tells them apart): their words, else their line."""
    texts = said.rows if by_words and said.rows is not None else said.evidence
    return Counter(
        (place.partition(":")[0], text) for place, text in zip(said.evidence, texts, strict=True)
    )


def _rows(before: Said, now: Said) -> Iterator[str]:
    by_words = before.rows is not None and now.rows is not None
    old, new = _cited(before, by_words), _cited(now, by_words)
    for label, rows in (("Now rests on", new - old), ("No longer on", old - new)):
        if rows:
            listed = "; ".join(f"{table}: {text}" if by_words else text for table, text in rows)
            yield f"{label} {listed}."


def _why(before: Said, now: Said) -> tuple[str, ...]:
    reasons = list(_rows(before, now))
    if before.profile != now.profile:
        reasons.append(f"Judged by the profile {now.profile}, before by {before.profile}.")
    if before.limits is not None and now.limits is not None:
        reasons += [
            f"The limit {name} is {value}; it was {before.limits[name]}."
            for name, value in now.limits.items()
            if name in before.limits and before.limits[name] != value
        ]
    if before.as_of is not None and now.as_of is not None and before.as_of != now.as_of:
        alone = "; no row or limit it names is another" if not reasons else ""
        reasons.append(f"Time passed{alone}.")
    if reasons:
        return tuple(reasons)
    return (
        "No row, limit or date it names is another: rows it does not name, the forecast or the "
        "version of the software changed.",
    )


def _kind(before: Said, now: Said) -> Kind | None:
    """What became of a finding, None where neither status nor date moved.

    That it rests on another dose is no change: every dose would make a dozen.
    """
    if not before.open and not now.open:
        return None
    if before.open != now.open:
        return "new" if now.open else "gone"
    if before.status is not now.status:
        return "changed"
    # What is due 'today' because no date was given moves every day without any news.
    moved = before.due != now.due and (before.due, now.due) != (before.as_of, now.as_of)
    return "moved" if moved else None


def _pair(
    before: Said | None, now: Said | None, persons: frozenset[str], rules: frozenset[str]
) -> Change | None:
    """The change of one person under one rule; ``persons`` and ``rules`` are those of both."""
    either = now or before
    if either is None:
        return None
    kind: Kind | None
    if before is not None and now is not None:
        kind, why = _kind(before, now), _why(before, now)
    elif now is not None:
        kind = "new" if now.open else None
        known = now.person in persons
        why = (
            "The earlier file has no answer of this rule for this person."
            if known
            else "The person is new in the export.",
        )
    else:
        kind = "gone" if either.open else None
        why = (
            "This version has no such rule."
            if either.person in persons and either.rule not in rules
            else "The person is no longer in the export.",
        )
    if kind is None:
        return None
    return Change(
        kind=kind, person=either.person, rule=either.rule, before=before, now=now, why=why
    )


def _limits(before: Sequence[Said], now: Sequence[Said]) -> Iterator[tuple[str, str, str]]:
    old = {name: value for s in before for name, value in (s.limits or {}).items()}
    new = {name: value for s in now for name, value in (s.limits or {}).items()}
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield name, old[name], new[name]


def _remarks(before: Sequence[Said]) -> Iterator[str]:
    if not before:
        yield "The earlier file holds no finding at all."
        return
    if any(s.as_of is None for s in before):
        yield "It does not say from which day it judged, so the passing of time is not told."
    if any(s.limits is None for s in before):
        yield "It does not hold the limits of that time, so changed limits are not told."
    if any(s.rows is None for s in before):
        yield "It names rows by their line only; where lines moved, rows look new that are not."


def _unheard(before: Sequence[Said], now: Iterable[Said]) -> Mapping[str, int]:
    heard = {s.rule for s in before}
    return dict(Counter(s.rule for s in now if s.rule not in heard and s.open))


def _ids(said: Iterable[Said]) -> frozenset[str]:
    return frozenset(s.person for s in said)


def compare(file: str, before: Sequence[Said], now: Sequence[Said], as_of: date) -> Changes:
    """Compare two reviews finding by finding, in the order of the present one.

    A rule of which the earlier file says nothing for anybody is not compared: what it finds may
    be old. What is gone follows at the end of its person, or of the file.
    """
    old = {(s.person, s.rule): s for s in before}
    new = {(s.person, s.rule): s for s in now}
    heard, rules = frozenset(s.rule for s in before), frozenset(s.rule for s in now)
    people = _ids(before) & _ids(now)
    keys = dict.fromkeys([*(k for k in new if k[1] in heard or not before), *old])
    pairs = (_pair(old.get(k), new.get(k), people, rules) for k in keys)
    profiles = tuple(next(iter(said), None) for said in (before, now))
    return Changes(
        file=file,
        earlier=max((s.as_of for s in before if s.as_of is not None), default=None),
        as_of=as_of,
        found=tuple(c for c in pairs if c is not None),
        limits=tuple(_limits(before, now)),
        profiles=(
            profiles[0].profile if profiles[0] else "",
            profiles[1].profile if profiles[1] else "",
        ),
        not_compared=_unheard(before, now),
        people_new=len(_ids(now) - _ids(before)),
        people_gone=len(_ids(before) - _ids(now)),
        remarks=tuple(_remarks(before)),
    )
