"""What changed since an earlier review, as the top of the worklist shows it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from openntz.monitor.changes import KINDS, Change, Changes, Kind
from openntz.monitor.finding import Status
from openntz.report import words
from openntz.report.rules import RuleName, spoken

# More than this are left to changes.json, so that the worklist stays in sight.
CHANGES_SHOWN = 60


class ChangeRow(Struct, frozen=True):
    """One changed finding; ``href`` is empty for somebody who has no page any more."""

    person: str
    href: str
    rule: str
    title: str
    before: Status | None
    before_due: str
    now: Status | None
    now_due: str
    why: tuple[str, ...]


class ChangesView(Struct, frozen=True):
    """The comparison: a line of numbers, what to know about it, and the rows of each kind."""

    since: str
    counts: tuple[tuple[Kind, int], ...]
    remarks: tuple[str, ...]
    rows: Mapping[Kind, tuple[ChangeRow, ...]]


def _due(change: Change, *, before: bool) -> str:
    said = change.before if before else change.now
    return said.due.isoformat() if said is not None and said.due is not None else ""


def _row(change: Change, names: Mapping[str, RuleName], hrefs: Mapping[str, str]) -> ChangeRow:
    page = hrefs.get(change.person, "")
    here = page and change.rule in names and change.now is not None
    return ChangeRow(
        person=change.person,
        href=f"{page}#{change.rule}" if here else page,
        rule=change.rule,
        title=names[change.rule].title if change.rule in names else spoken(change.rule),
        before=None if change.before is None else change.before.status,
        before_due=_due(change, before=True),
        now=None if change.now is None else change.now.status,
        now_due=_due(change, before=False),
        why=change.why,
    )


def _remarks(changes: Changes, names: Mapping[str, RuleName]) -> tuple[str, ...]:
    """What bears on the whole comparison, in sentences."""
    said = list(changes.remarks)
    if changes.profiles[0] and changes.profiles[0] != changes.profiles[1]:
        said.append(
            f"Judged by the profile {changes.profiles[1]}, before by {changes.profiles[0]}."
        )
    said += [f"The limit {name} is {new}; it was {old}." for name, old, new in changes.limits]
    if changes.people_new:
        said.append(f"{words.count(changes.people_new, 'person', 'people')} new in the export.")
    if changes.people_gone:
        gone = words.count(changes.people_gone, "person", "people")
        said.append(f"{gone} no longer in the export.")
    if changes.not_compared:
        titles = words.listed(
            [
                words.within_sentence(names[rule].title if rule in names else spoken(rule))
                for rule in changes.not_compared
            ]
        )
        number = words.count(sum(changes.not_compared.values()), "open finding")
        said.append(f"The earlier file does not know these rules ({number}): {titles}.")
    return tuple(said)


def changes_view(
    changes: Changes, names: Mapping[str, RuleName], hrefs: Mapping[str, str]
) -> ChangesView:
    """The section at the top of the worklist.

    Parameters
    ----------
    hrefs : Mapping[str, str]
        Everybody's page by identifier.
    """
    return ChangesView(
        since=changes.earlier.isoformat() if changes.earlier else "",
        counts=tuple((kind, len(changes.of(kind))) for kind in KINDS),
        remarks=_remarks(changes, names),
        rows={
            kind: tuple(_row(c, names, hrefs) for c in changes.of(kind)[:CHANGES_SHOWN])
            for kind in KINDS
            if changes.of(kind)
        },
    )
