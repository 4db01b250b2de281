"""Reading an earlier ``findings.json``, of this version or an older one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from openntz.errors import InputError
from openntz.monitor.changes import Said
from openntz.monitor.finding import Status

_REMEDY: Final = "Give the findings.json that an earlier `openntz review` wrote, unchanged."
_TEXTS: Final = ("person", "rule", "message", "profile")


class _MalformedError(Exception):
    """What is wrong with an entry."""


def _texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = raw[key]
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise _MalformedError(f"{key} is not a list of texts")
    return tuple(value)


def _day(raw: Mapping[str, Any], key: str) -> date | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _MalformedError(f"{key} is no date: {str(value)[:40]!r}") from None


def _limits(raw: Mapping[str, Any]) -> Mapping[str, str] | None:
    value = raw.get("limits")
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(x, str) for x in value.values()):
        raise _MalformedError("limits are not texts by name")
    return value


def _said(raw: object) -> Said:
    if not isinstance(raw, dict):
        raise _MalformedError("it is not an object")
    for key in (*_TEXTS, "status", "evidence"):
        if key not in raw:
            raise _MalformedError(f"it has no {key}")
    for key in _TEXTS:
        if not isinstance(raw[key], str):
            raise _MalformedError(f"{key} is not a text")
    if raw["status"] not in list(Status):
        raise _MalformedError(f"there is no status {str(raw['status'])[:40]!r}")
    evidence = _texts(raw, "evidence")
    rows = _texts(raw, "rows") if raw.get("rows") is not None else None
    if rows is not None and len(rows) != len(evidence):
        raise _MalformedError("rows and evidence are of different length")
    return Said(
        person=raw["person"],
        rule=raw["rule"],
        status=Status(raw["status"]),
        due=_day(raw, "due"),
        message=raw["message"],
        profile=raw["profile"],
        evidence=evidence,
        rows=rows,
        limits=_limits(raw),
        as_of=_day(raw, "as_of"),
    )


def read_earlier(path: Path) -> tuple[Said, ...]:
    """The findings of an earlier review.

    Raises
    ------
    InputError
        When the file cannot be read, is not JSON, or an entry is not a finding or there twice;
        entries are counted from 1.
    """

    def unusable(what: str) -> InputError:
        return InputError(f"{path}: {what}.", where="--compare", remedy=_REMEDY)

    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise unusable(f"cannot be read ({error.strerror})") from None
    except RecursionError:
        raise unusable("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise unusable(f"not JSON (line {error.lineno}: {error.msg})") from None
    except ValueError as error:  # not UTF-8, or no possible path
        raise unusable(f"not text in UTF-8 ({error})") from None
    if not isinstance(raw, list):
        raise unusable("not a list of findings")
    found: dict[tuple[str, str], Said] = {}
    for number, entry in enumerate(raw, start=1):
        try:
            said = _said(entry)
        except _MalformedError as error:
            raise unusable(f"entry {number}: {error}") from None
        if (said.person, said.rule) in found:
            where = f"{said.person!r}, {said.rule!r}"
            raise unusable(f"entry {number}: a second finding of {where}")
        found[said.person, said.rule] = said
    return tuple(found.values())
