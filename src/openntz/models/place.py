"""Where in a card a fault of its schema is: the author's key, the raw value, what may stand there.

Locations as pydantic gives them also name branches of unions and keys of dictionaries; those
are no keys of the file.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from msgspec import Struct
from pydantic import BaseModel

from openntz.models.fault import below

Location = tuple[int | str, ...]
_LONGEST: Final = 60


class Place(Struct, frozen=True):
    """A place in a card.

    ``path``: its keys in the file, places in lists counted from 0. ``raw`` is what stands there,
    ``table`` the table that holds it, ``keys`` the keys such a table may have (empty: any).
    ``kinds`` are those that may stand here, where there are several; ``other`` is True when the
    fault is about one of them that ``raw`` is not.
    """

    path: Location
    raw: Any
    table: Any
    keys: tuple[str, ...]
    kinds: tuple[type, ...]
    other: bool

    @property
    def key(self) -> str:
        """As the author would write it; places in lists are counted from 1."""
        return key_of(self.path)


def key_of(path: Location) -> str:
    """Keys as one text, ``effect[1].slope``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text = below(text, plain(part))
    return text


def plain(name: str) -> str:
    """A key that can be shown on any screen: quoted where it has control signs, and cut."""
    cut = name if len(name) <= _LONGEST else name[:_LONGEST] + "..."
    return cut if cut.isprintable() else repr(cut)


def _bare(annotation: Any) -> Any:
    """Without notes, and without None where one kind is left then."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        kinds = [a for a in get_args(annotation) if a is not NoneType]
        return _bare(kinds[0]) if len(kinds) == 1 else Union[tuple(kinds)]  # noqa: UP007
    return annotation


def _kind(annotation: Any) -> type:
    bare = _bare(annotation)
    return get_origin(bare) or bare


def _is(raw: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(raw, (int, float)) and not isinstance(raw, bool)
    return isinstance(raw, kind)


def _models(kinds: tuple[Any, ...]) -> bool:
    return all(isinstance(k, type) and issubclass(k, BaseModel) for k in map(_bare, kinds))


def _tagged(kinds: tuple[Any, ...], tag: str) -> Any:
    """The table format whose literal field has the tag."""
    for kind in map(_bare, kinds):
        if any(
            tag in get_args(field.annotation)
            for field in kind.model_fields.values()
            if get_origin(field.annotation) is Literal
        ):
            return kind
    return None


def _keys(annotation: Any) -> tuple[str, ...]:
    """Keys that a table of this format may have; empty when any."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return tuple(annotation.model_fields)
    if get_origin(annotation) is dict and get_origin(first := get_args(annotation)[0]) is Literal:
        return get_args(first)
    return ()


def _inner(annotation: Any, part: int | str) -> Any:
    """Format of what a table or list holds; None where the schema knows none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(part))
        return None if field is None else field.annotation
    kinds = get_args(annotation)
    return kinds[-1] if kinds and get_origin(annotation) in (list, dict) else None


def _held(raw: Any, part: int | str) -> Any:
    if isinstance(raw, dict):
        return raw.get(part)
    if isinstance(raw, list) and isinstance(part, int) and part < len(raw):
        return raw[part]
    return None


def find_place(location: Location, schema: type[BaseModel], tables: dict[str, Any]) -> Place:
    """The place of a fault that was found where ``schema`` checked ``tables``."""
    annotation, raw, table = schema, tables, None
    keys: tuple[str, ...] = ()
    path: list[int | str] = []
    kinds: tuple[type, ...] = ()
    other = False
    for part in location:
        annotation = _bare(annotation)
        members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
        if members and _models(members):
            annotation = _tagged(members, str(part))
            continue
        if members:
            kinds = tuple(_kind(m) for m in members)
            label = str(part).split("[")[0]
            chosen = [m for m in members if _kind(m).__name__ == label]
            annotation = chosen[0] if chosen else None
            other = not (chosen and _is(raw, _kind(chosen[0])))
            continue
        if part == "[key]":
            continue
        keys, table = _keys(annotation), raw
        annotation, raw = _inner(annotation, part), _held(raw, part)
        path.append(part)
        kinds, other = (), False
    return Place(tuple(path), raw, table, keys, kinds, other)
