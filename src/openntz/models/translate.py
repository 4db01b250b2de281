"""Faults that pydantic finds in a card, in the words of a card: key, what is wrong, remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from openntz.models.fault import Fault, FaultsError, below
from openntz.models.place import Place, find_place, key_of

_LONGEST: Final = 40
_KIND: Final = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}
_EXAMPLE: Final = {
    bool: "true or false without quotation marks",
    int: "a whole number without a decimal point or quotation marks, as in 2",
    float: "a number with a decimal point and no quotation marks, as in 6.5",
    str: 'a text in quotation marks, as in "words"',
    list: 'a list in square brackets, as in ["cl", "vc"] or [0.1, 0.2]',
    dict: "a table in braces, as in {name = 1}, or keys under a [heading]",
}
_FOUND: Final = ((bool, "true or false"), (int, "a number"), (float, "a number"), (str, "text"))
_NUMBER: Final = re.compile(r"\s*([-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_PATTERN: Final = {
    "unit": "Write it without blanks, with letters, digits and % / * ^ ( ) . [ ] { } - only.",
    "id": 'Use small letters, digits and "_" only; in [[sources]] digits and "-" too.',
}
_NAME_PATTERN: Final = 'Begin with a small letter; then small letters, digits and "_".'
# Keys that the top of a card lends to its tables.
LENT: Final = ("source", "rank")


def shown(raw: Any) -> str:
    """What stands in the file, short."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, list):
        return f"a list of {len(raw)}" if raw else "an empty list"
    text = repr(raw) if isinstance(raw, str) else str(raw)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def near(word: str, keys: tuple[str, ...]) -> str:
    """The key that was probably meant, or empty."""
    lower = {key.lower(): key for key in keys}
    found = difflib.get_close_matches(word.lower(), list(lower), n=1)
    return lower[found[0]] if found else ""


def _unknown(place: Place, _: Mapping[str, Any]) -> Fault:
    key = str(place.path[-1])
    meant = near(key, place.keys)
    hint = f"Did you mean {meant}?" if meant else "Remove it."
    return Fault(
        place.key, f"unknown key {shown(key)}", f"{hint} Keys here are {', '.join(place.keys)}."
    )


def _missing(place: Place, _: Mapping[str, Any]) -> Fault:
    key = str(place.path[-1])
    at = key_of(place.path[:-1])
    once = f", or {key} once at the top of the card for all" if at and key in LENT else ""
    where = f"to {at}" if at else "to the top of the card"
    return Fault(place.key, "it is required, and missing", f"Add {key} {where}{once}.")


def _choice(place: Place, ctx: Mapping[str, Any]) -> Fault:
    """A value, or the key of a table, that is none of the known ones."""
    of_table = bool(place.keys) and place.path[-1] not in place.keys
    word = place.path[-1] if of_table else place.raw
    allowed = str(ctx.get("expected", ""))
    names = tuple(re.findall(r"'([^']*)'", allowed))
    meant = near(word, names) if isinstance(word, str) else ""
    what = "key" if of_table else "value"
    # pydantic's "or" before the last one reads well after "one of" too.
    said = f"{what} {shown(word)} is not known; it must be one of {allowed}"
    if isinstance(word, str) and not names:
        return Fault(place.key, said, "Write one of these without quotation marks.")
    quoted = f'"{meant}"' if not of_table else meant
    return Fault(place.key, said, f"Did you mean {quoted}?" if meant else "Use one of these.")


def _kinds_wanted(kinds: tuple[type, ...]) -> Callable[[Place, Mapping[str, Any]], Fault]:
    def fault(place: Place, _: Mapping[str, Any]) -> Fault:
        return _wrong_kind(place, kinds)

    return fault


def _found(raw: Any) -> str:
    """What stands there, and of which kind it is."""
    if isinstance(raw, (list, dict)):
        return f"{shown(raw)} stands here"
    for kind, word in _FOUND:
        if isinstance(raw, kind):
            return f"{shown(raw)} is {word}"
    return f"{shown(raw)} is a date or time"


def _wrong_kind(place: Place, kinds: tuple[type, ...]) -> Fault:
    raw = place.raw
    is_number = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if is_number and (float in kinds or (int in kinds and isinstance(raw, int))):
        return Fault(place.key, f"{shown(raw)} is too large", "Check its digits.")
    what = f"{_found(raw)}; {' or '.join(_KIND[k] for k in kinds)} is needed"
    listed = isinstance(place.path[-1], int)
    name = key_of(tuple(p for p in place.path if isinstance(p, str))[-1:])
    prefix = "" if listed else f"{name} = "
    if float in kinds and isinstance(raw, str) and len(raw) <= _LONGEST:
        number = _NUMBER.fullmatch(raw)
        if number is not None:
            digits, rest = number[1].replace(",", "."), number[2]
            unit = f', and the unit as unit = "{rest}"' if rest.isprintable() and rest else ""
            return Fault(place.key, what, f"Write {prefix}{digits} without quotation marks{unit}.")
    if is_number and str in kinds:
        return Fault(place.key, what, f'Write {prefix}"{shown(raw)}".')
    if list in kinds and isinstance(raw, (int, float, str)):
        own = shown(raw).replace("'", '"') if isinstance(raw, str) else shown(raw)
        return Fault(place.key, what, f"Write a list in square brackets: {prefix}[{own}].")
    if kinds == (dict,) and is_number:
        written = f'{prefix}{{value = {shown(raw)}, unit = "..."}}'
        return Fault(place.key, what, f"A number of the model is written as a table: {written}.")
    return Fault(place.key, what, f"Write {'; or '.join(_EXAMPLE[k] for k in kinds)}.")


def _limit(word: str, key: str) -> Callable[[Place, Mapping[str, Any]], Fault]:
    def fault(place: Place, ctx: Mapping[str, Any]) -> Fault:
        bound = f"{ctx[key]:g}"
        return Fault(
            place.key, f"{shown(place.raw)} is not {word} {bound}", f"Give a number {word} {bound}."
        )

    return fault


def _not_finite(place: Place, _: Mapping[str, Any]) -> Fault:
    return Fault(
        place.key,
        f"{shown(place.raw)} is not a finite number",
        "Give the number; where the source has none, leave the key or its table out.",
    )


def _form(place: Place, ctx: Mapping[str, Any]) -> Fault:
    allowed = str(
        ctx.get("expected_tags", "'power', 'linear', 'exponential', 'category', 'additive'")
    )
    key = below(place.key, "form")
    if "tag" not in ctx:
        return Fault(key, "it is required, and missing", f"Add form, one of {allowed}.")
    meant = near(str(ctx["tag"]), tuple(re.findall(r"'([^']*)'", allowed)))
    hint = f'Did you mean "{meant}"?' if meant else "Use one of these."
    return Fault(key, f"value {shown(ctx['tag'])} is not known; it must be one of {allowed}", hint)


def _pattern(place: Place, _: Mapping[str, Any]) -> Fault:
    name = str(place.path[-1])
    is_key = isinstance(place.raw, dict) or not isinstance(place.raw, str)
    word = name if is_key else place.raw
    remedy = _NAME_PATTERN if is_key else _PATTERN.get(name, _NAME_PATTERN)
    return Fault(place.key, f"{shown(word)} has a letter or sign that cannot stand here", remedy)


def _empty(place: Place, _: Mapping[str, Any]) -> Fault:
    return Fault(place.key, "it is empty", "Fill it in, or leave the key out where it is optional.")


def _too_long(place: Place, ctx: Mapping[str, Any]) -> Fault:
    most = ctx.get("max_length")
    if isinstance(place.raw, (dict, list)) and len(place.raw) > (most or 0):
        what = f"it has {len(place.raw)} entries, and at most {most} are taken"
    else:
        what = f"it has more than {most} letters"
    return Fault(place.key, what, "Shorten it.")


_WORDS: Final[Mapping[str, Callable[[Place, Mapping[str, Any]], Fault]]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "literal_error": _choice,
    "union_tag_invalid": _form,
    "union_tag_not_found": _form,
    "string_type": _kinds_wanted((str,)),
    "float_type": _kinds_wanted((float,)),
    "int_type": _kinds_wanted((int,)),
    "int_parsing_size": _kinds_wanted((int,)),
    "bool_type": _kinds_wanted((bool,)),
    "list_type": _kinds_wanted((list,)),
    "dict_type": _kinds_wanted((dict,)),
    "model_type": _kinds_wanted((dict,)),
    "model_attributes_type": _kinds_wanted((dict,)),
    "finite_number": _not_finite,
    "greater_than": _limit("above", "gt"),
    "greater_than_equal": _limit("at least", "ge"),
    "less_than": _limit("below", "lt"),
    "less_than_equal": _limit("at most", "le"),
    "string_pattern_mismatch": _pattern,
    "string_too_short": _empty,
    "too_short": _empty,
    "string_too_long": _too_long,
    "too_long": _too_long,
}
KNOWN_TYPES: Final = frozenset(_WORDS) | {"value_error"}


def _translated(error: ErrorDetails, place: Place) -> list[Fault]:
    ctx = error.get("ctx", {})
    cause = ctx.get("error")
    if isinstance(cause, FaultsError):
        return [Fault(below(place.key, f.key), f.what, f.remedy) for f in cause.faults]
    if isinstance(cause, ValueError):
        remedy = (
            f"Mend {place.key or 'the card'} as this says; docs/reference/cards.md has the format."
        )
        return [Fault(place.key, str(cause), remedy)]
    if place.other:
        return [_wrong_kind(place, place.kinds)]
    words = _WORDS.get(error["type"])
    if words is None:
        return [
            Fault(
                place.key,
                f"{shown(place.raw)} cannot stand here",
                "docs/reference/cards.md says what can.",
            )
        ]
    return [words(place, ctx)]


def _of_another_kind(place: Place, places: list[Place]) -> bool:
    """A union's fault about a kind that the value is not, while its own kind has a fault."""
    return place.other and any(
        not p.other and p.path[: len(place.path)] == place.path for p in places
    )


def faults_of(
    error: ValidationError, schema: type[BaseModel], tables: dict[str, Any]
) -> tuple[Fault, ...]:
    """All faults of a card, misspelt keys first, since a key that is missing may follow from one.

    A missing key for which a misspelt one stands is not named again.
    """
    details = error.errors(include_url=False, include_input=False)
    places = [find_place(d["loc"], schema, tables) for d in details]
    first: list[Fault] = []
    rest: list[Fault] = []
    meant = {
        (*p.path[:-1], near(str(p.path[-1]), p.keys))
        for d, p in zip(details, places, strict=True)
        if d["type"] == "extra_forbidden"
    }
    for detail, place in zip(details, places, strict=True):
        if _of_another_kind(place, places):
            continue
        if detail["type"] == "missing":
            lent = place.path[-1:] if place.path[-1] in LENT else place.path
            if place.path in meant or lent in meant:
                continue
        into = first if detail["type"] == "extra_forbidden" else rest
        into.extend(_translated(detail, place))
    return tuple(dict.fromkeys(first + rest))
