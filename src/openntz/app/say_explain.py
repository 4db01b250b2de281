"""Why a person has a finding, in the terminal or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from openntz.app.tables import COLOUR, plain_table, told
from openntz.monitor.finding import Status
from openntz.report.words import first_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from openntz.monitor.other_records import Supposition
    from openntz.report.later import LaterLine
    from openntz.workflows.explain import Explained, Explanation

NOT_A_DEVICE: Final = "Research and decision support, not a medical device: a human decides."


def say_explain(console: Console, answer: Explanation) -> None:
    """All findings in a line each, or one in full."""
    console.print(told((answer.person, "bold"), f"  as of {answer.as_of}, {answer.profile_title}"))
    if answer.whole:
        _say_list(console, answer)
    else:
        for explained in answer.findings:
            _say_one(console, explained)
    console.print(Text(NOT_A_DEVICE, style="dim"))


def _say_list(console: Console, answer: Explanation) -> None:
    table = plain_table("status", "rule", "due", "what it says")
    for explained in answer.findings:
        f, view = explained.finding, explained.view
        taken = f" [{view.acknowledged or view.lapsed}]" if view.acknowledged or view.lapsed else ""
        table.add_row(
            Text(f.status.value, style=COLOUR[f.status]),
            Text(f.rule),
            Text(view.due),
            told(f"{first_sentence(f.message)}{taken}"),
        )
    console.print(table)
    console.print("`--rule RULE` shows one of them in full.")


def _head(console: Console, title: str) -> None:
    console.print(Text(title, style="bold"))


def _line(console: Console, *parts: str | tuple[str, str]) -> None:
    console.print(told("  ", *parts), soft_wrap=True)


def _status(status: Status) -> tuple[str, str]:
    return (status.value, COLOUR[status])


def _say_one(console: Console, explained: Explained) -> None:
    f, view = explained.finding, explained.view
    due = f", due {view.due}" if view.due else ""
    console.print(Text.assemble((f.rule, "bold"), "  ", _status(f.status), due))
    _line(console, f.message)
    for note in (view.acknowledged, view.lapsed):
        if note:
            _line(console, (note, "yellow"))
    _head(console, "rows of the record")
    for row in view.evidence:
        _line(console, (row.place, "bold"), f"  {row.text}")
    if not view.evidence:
        _line(console, "none: this rests on what is not in the record")
    _head(console, f"the rule: {view.question}")
    for status, text in view.words:
        _line(console, "> " if status is f.status else "  ", _status(status), f": {text}")
    _head(console, f"limits used, profile {view.profile}")
    for t in view.thresholds:
        sources = f"; {', '.join(t.sources)}" if t.sources else ""
        _line(console, (t.shown, "bold"), f"  {t.meaning} [{t.rank}{sources}; {t.id}]")
    if not view.thresholds:
        _line(console, "none")
    if view.others:
        _head(console, "other profiles")
        for name, status, message in view.others:
            _line(console, (name, "bold"), " ", _status(status), f": {message}")
    if explained.conflicts:
        _head(console, "where sources disagree")
        for conflict in explained.conflicts:
            _line(console, (conflict.id, "bold"), f"  {conflict.topic}")
    _head(console, "what would change it")
    _say_later(console, view.later)
    _say_supposed(console, "without", explained.without)
    _say_supposed(console, "if recorded today:", explained.added)
    if not (explained.without or explained.added or f.by_forecast):
        _line(console, "no single row of those asked, fewer or more, changes the answer")
    _head(console, "sources")
    for source in view.sources:
        _line(console, (source.id, "bold"), f"  {source.text}")


def _say_later(console: Console, lines: Iterable[LaterLine]) -> None:
    for line in lines:
        if line.status is None:
            _line(console, line.text)
        else:
            _line(console, f"{line.text} ", _status(line.status), f". {line.says}")


def _say_supposed(console: Console, how: str, supposed: Iterable[Supposition]) -> None:
    for s in supposed:
        _line(console, f"{how} {s.what}: ", _status(s.status), f". {first_sentence(s.message)}")


def _supposed(supposed: Iterable[Supposition]) -> list[dict[str, Any]]:
    return [{"what": s.what, "status": str(s.status), "message": s.message} for s in supposed]


def _entry(explained: Explained) -> dict[str, Any]:
    f, view = explained.finding, explained.view
    later = f.later
    entry: dict[str, Any] = {
        "rule": f.rule,
        "title": view.title,
        "question": view.question,
        "status": str(f.status),
        "due": view.due or None,
        "message": f.message,
        "profile": f.profile,
        "rows": [{"place": r.place, "text": r.text} for r in view.evidence],
        "words": {str(status): text for status, text in view.words},
        "limits": [
            {
                "fact": t.id,
                "meaning": t.meaning,
                "value": t.shown,
                "rank": t.rank,
                "sources": list(t.sources),
            }
            for t in view.thresholds
        ],
        "others": [
            {"profile": name, "status": str(status), "message": message}
            for name, status, message in view.others
        ],
        "sources": [s.id for s in view.sources],
        "acknowledged": view.acknowledged or None,
        "lapsed": view.lapsed or None,
    }
    if later is not None:
        entry |= {
            "conflicts": [c.id for c in explained.conflicts],
            "later": {
                "asked_until": later.until.isoformat(),
                "by_forecast": later.by_forecast,
                "turns": [
                    {"day": t.day.isoformat(), "status": str(t.status), "message": t.message}
                    for t in later.turns
                ],
            },
            "without": _supposed(explained.without),
            "if_recorded_today": _supposed(explained.added),
        }
    return entry


def as_text(answer: Explanation) -> str:
    """The explanation as JSON."""
    rows = {
        "person": answer.person,
        "as_of": answer.as_of.isoformat(),
        "findings": [_entry(e) for e in answer.findings],
    }
    return json.dumps(rows, ensure_ascii=False, indent=1)
