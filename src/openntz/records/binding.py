"""Which columns of a file stand for which columns of a table under the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from openntz.course.columns import Column, Table, plain_name
from openntz.records.mapping import TableMapping
from openntz.records.problems import CellError


class Binding(Struct, frozen=True):
    """Which cell of a row holds which column.

    ``index`` is the position of each column that is there, ``rivals`` further positions that
    claim the same column, ``units`` the unit a header states, ``unknown`` the columns that are
    only kept.
    """

    index: Mapping[str, int]
    rivals: Mapping[str, tuple[int, ...]]
    units: Mapping[str, str]
    unknown: tuple[tuple[int, str], ...]


def bind(table: Table, names: Sequence[str], mapping: TableMapping) -> Binding:
    """Match a header with the contract.

    Two columns that stand for one field are both kept, the one named exactly first, and
    compared row by row. Free text, and a header that states another unit, cannot be compared:
    there the exact name outranks the synonym, which is kept without being used.

    Raises
    ------
    CellError
        When a required column is missing, or the mapping file names one that is not there.
    """
    claims: dict[str, list[int]] = {}
    units: dict[str, str] = {}
    mapped = _mapped(names, mapping)
    exact = {plain_name(c.name): c.name for c in table.columns}
    exactly = {exact[plain_name(n)] for n in names if plain_name(n) in exact}
    for position, name in enumerate(names):
        ours = mapped.get(position)
        if ours is None:
            found = table.find(name)
            if found is None or found[0].name in mapped.values():
                continue
            column, unit = found
            synonym = column.name in exactly and plain_name(name) != plain_name(column.name)
            if synonym and (column.kind == "text" or unit not in {"", _exact_unit(column)}):
                continue
            ours = column.name
            if unit:
                units[ours] = unit
        claims.setdefault(ours, []).append(position)
    claims = {ours: _exact_first(places, names, ours) for ours, places in claims.items()}
    for ours in mapped.values():
        # Who maps a header to 'dose_mg' says that it is in mg, unless a column states the unit.
        if table.column(ours).unit and "dose_unit" not in claims:
            units.setdefault(ours, table.column(ours).unit)
    _check_required(table, claims, names, mapping)
    taken = {position for positions in claims.values() for position in positions}
    return Binding(
        index={column: positions[0] for column, positions in claims.items()},
        rivals={c: tuple(p[1:]) for c, p in claims.items() if len(p) > 1},
        units=units,
        unknown=tuple(_told_apart([(i, n) for i, n in enumerate(names) if i not in taken])),
    )


def _exact_first(positions: list[int], names: Sequence[str], column: str) -> list[int]:
    return sorted(positions, key=lambda p: plain_name(names[p]) != plain_name(column))


def _exact_unit(column: Column) -> str:
    return dict(column.units_in_name).get(column.name, "")


def _told_apart(columns: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    named: list[tuple[int, str]] = []
    for position, name in columns:
        twice = not name or any(name == other for _, other in named)
        named.append((position, f"{name} (column {position + 1})".strip() if twice else name))
    return named


def _mapped(names: Sequence[str], mapping: TableMapping) -> dict[int, str]:
    found: dict[int, str] = {}
    for ours, theirs in mapping.columns.items():
        places = [i for i, name in enumerate(names) if plain_name(name) == plain_name(theirs)]
        if not places:
            raise CellError(
                ours,
                theirs,
                "the mapping file names this column, but the table does not have it.",
                f"Columns found: {', '.join(n for n in names if n) or 'none'}.",
            )
        found.update((place, ours) for place in places)
    return found


def _check_required(
    table: Table, claims: Mapping[str, object], names: Sequence[str], mapping: TableMapping
) -> None:
    for name in table.required:
        if name not in claims and name not in mapping.defaults:
            synonyms = ", ".join(table.column(name).synonyms[:4])
            raise CellError(
                name,
                "",
                f"the column {name!r} is missing, so the table cannot be read.",
                f"Columns found: {', '.join(n for n in names if n) or 'none'}. Rename one"
                f" ({name}{', ' if synonyms else ''}{synonyms}) or map it in a mapping file.",
            )
