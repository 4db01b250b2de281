"""Site files: a clinic's own numbers, with who decided and when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from openntz.errors import ProfileError
from openntz.evidence.registry import SiteDecision, Value


def read_site(path: Path) -> Iterator[tuple[str, SiteDecision, Value | None]]:
    """Yield (fact id, decision, new value or None when only confirmed) from a site file.

    Raises
    ------
    ProfileError
        When the file is missing, is not TOML, has unknown keys, or lacks who and when.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(
            f"the site file cannot be read ({error.strerror}).",
            where=str(path),
            remedy="Check the path after --site.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(
            f"the site file is not valid TOML ({error}).", where=str(path), remedy="Mend it."
        ) from None
    for kind, entries in raw.items():
        if kind not in {"override", "confirm"} or not isinstance(entries, dict):
            raise ProfileError(
                f"unknown table {kind!r}.",
                where=str(path),
                remedy='Tables are [override."fact.id"] and [confirm."fact.id"].',
            )
        for name, entry in entries.items():
            where = f"{path}: [{kind}.{name!r}]"
            allowed = {"who", "when", "value"} if kind == "override" else {"who", "when"}
            if not isinstance(entry, dict) or set(entry) != allowed:
                raise ProfileError(
                    f"the entry needs exactly {', '.join(sorted(allowed))}.",
                    where=where,
                    remedy='Write the fact id in quotes: [override."late-dose.act-after"].',
                )
            who, when = entry["who"], entry["when"]
            if not (isinstance(who, str) and who.strip() and isinstance(when, date)):
                raise ProfileError(
                    "who must be a name and when a date (2024-06-30).", where=where, remedy=""
                )
            value = entry.get("value")
            if value is not None and not isinstance(value, (int, float, str, bool)):
                raise ProfileError("value must be a number or text.", where=where)
            yield name, SiteDecision(who=who, when=when), value
