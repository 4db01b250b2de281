"""``changes.json``: what is new, gone and changed since an earlier review."""

from __future__ import annotations

import json
from typing import Any

from openntz.monitor.changes import KINDS, Change, Changes, Said


def _iso(value: Any) -> str | None:
    return None if value is None else value.isoformat()


def _side(said: Said | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"status": str(said.status), "due": _iso(said.due), "message": said.message}


def _entry(change: Change) -> dict[str, Any]:
    return {
        "person": change.person,
        "rule": change.rule,
        "why": list(change.why),
        "before": _side(change.before),
        "now": _side(change.now),
    }


def changes_rows(changes: Changes) -> dict[str, Any]:
    """The comparison as plain values, in a fixed order."""
    return {
        "earlier": {"file": changes.file, "as_of": _iso(changes.earlier)},
        "as_of": _iso(changes.as_of),
        "profiles": {"before": changes.profiles[0], "now": changes.profiles[1]},
        "people": {"new": changes.people_new, "gone": changes.people_gone},
        "limits": [{"fact": name, "before": old, "now": new} for name, old, new in changes.limits],
        "not_compared": [
            {"rule": rule, "findings_now": number} for rule, number in changes.not_compared.items()
        ],
        "remarks": list(changes.remarks),
        **{kind: [_entry(c) for c in changes.of(kind)] for kind in KINDS},
    }


def changes_json(changes: Changes) -> str:
    """``changes.json`` as text."""
    return json.dumps(changes_rows(changes), ensure_ascii=False, indent=1) + "\n"
