"""Site files: a clinic's own numbers, with who decided and when."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomli
from msgspec import Struct

from openntz.errors import ProfileError
from openntz.evidence.registry import SiteChoice, SiteDecision, Value

_LARGEST = 1e12  # beyond any unit in use; keeps whole numbers exact as floats


_TABLES = 'Tables are [override."fact.id"], [confirm."fact.id"] and [choose."key"].'


class SiteFile(Struct, frozen=True):
    """Facts as (id, decision, new value or None when only confirmed), and choices by key."""

    facts: tuple[tuple[str, SiteDecision, Value | None], ...]
    choices: tuple[tuple[str, SiteChoice], ...]


def read_site(path: Path) -> SiteFile:
    """What a site file decides.

    Raises
    ------
    ProfileError
        When the file is missing, is not TOML, has unknown keys, or lacks who and when.
    """
    try:
        raw = tomli.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(
            f"the site file cannot be read ({error.strerror}).",
            where=str(path),
            remedy="Check the path after --site.",
        ) from None
    except RecursionError:
        raise ProfileError(
            "the site file is nested too deeply.",
            where=str(path),
            remedy=_TABLES,
        ) from None
    except ValueError as error:  # not TOML, not UTF-8, or no possible path
        raise ProfileError(
            f"the site file is not valid TOML ({error}).", where=str(path), remedy="Mend it."
        ) from None
    facts: list[tuple[str, SiteDecision, Value | None]] = []
    choices: list[tuple[str, SiteChoice]] = []
    for kind, entries in raw.items():
        if kind not in {"override", "confirm", "choose"} or not isinstance(entries, dict):
            raise ProfileError(f"unknown table {kind!r}.", where=str(path), remedy=_TABLES)
        for name, entry in entries.items():
            where = f"{path}: [{kind}.{name!r}]"
            who, day = _decider(kind, entry, where)
            value = None if kind == "confirm" else _value(entry["value"], where)
            if kind == "choose":
                if not isinstance(value, str):
                    raise ProfileError(
                        f"the choice {value!r} is no name.",
                        where=where,
                        remedy="Give the name of a definition in quotes.",
                    )
                choices.append((name, SiteChoice(value.strip(), who, day)))
            else:
                facts.append((name, SiteDecision(who=who, when=day), value))
    return SiteFile(tuple(facts), tuple(choices))


def _decider(kind: str, entry: Any, where: str) -> tuple[str, date]:
    """Who decided an entry, and when."""
    allowed = {"who", "when"} if kind == "confirm" else {"who", "when", "value"}
    if not isinstance(entry, dict) or set(entry) != allowed:
        raise ProfileError(
            f"the entry needs exactly {', '.join(sorted(allowed))}.",
            where=where,
            remedy='Write the id in quotes: [override."late-dose.act-after"].',
        )
    who, when = entry["who"], entry["when"]
    if not (isinstance(who, str) and who.strip() and isinstance(when, date)):
        raise ProfileError(
            "who must be a name and when a date.",
            where=where,
            remedy='Write who = "A. Name" and when = 2024-06-30, the date without quotes.',
        )
    return who.strip(), when.date() if isinstance(when, datetime) else when


def _value(value: object, where: str) -> Value:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, (int, float)) and -_LARGEST <= value <= _LARGEST:
        return value  # a NaN fails both comparisons
    # A whole number of thousands of digits cannot be printed, so only its kind is named.
    shown = repr(value) if isinstance(value, (str, float)) else f"({type(value).__name__})"
    raise ProfileError(
        f"the value {shown} is neither a number of usual size nor a text.",
        where=where,
        remedy="Give a number in the unit of the fact, or the text it replaces.",
    )
