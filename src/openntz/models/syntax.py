"""Files that are no TOML: which line and which key, in words."""

from __future__ import annotations

import re
from typing import Any, Final

import tomli

from openntz.models.fault import Fault, below
from openntz.models.place import Location, key_of, plain

_AT: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_DECLARED: Final = re.compile(r"Cannot (?:declare|mutate immutable namespace) \((.*)\)(?: twice)?")
_INLINE: Final = re.compile(r"Duplicate inline table key '(.*)'")
_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY: Final = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_HEADING: Final = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_LONGEST: Final = 60
# Python neither reads nor writes whole numbers of thousands of digits; no card needs them.
_MOST_BITS: Final = 1000
_DIGITS: Final = "a number has too many digits"


def _last(pattern: re.Pattern[str], lines: list[str]) -> str:
    """What the last line that fits names; empty when none does."""
    found = (pattern.match(line) for line in reversed(lines))
    return next((m[1] for m in found if m is not None), "")


def _twice(what: str, lines: list[str]) -> str | None:
    """The key that stands twice, the last of ``lines`` being its second place; None if none."""
    heading = _last(_HEADING, lines)
    if declared := _DECLARED.fullmatch(what):
        key = ".".join(re.findall(r"['\"]([^'\"]*)['\"]", declared[1]))
        # Inside a line the parser counts from the braces, not from the top.
        whole = bool(lines) and _HEADING.fullmatch(lines[-1]) is not None
        return key if whole else below(below(heading, _last(_KEY, lines)), key)
    if inline := _INLINE.fullmatch(what):
        return below(below(heading, _last(_KEY, lines)), inline[1])
    if what != "Cannot overwrite a value":
        return None
    if lines and _HEADING.fullmatch(lines[-1]):
        return heading
    return below(heading, _last(_KEY, lines))


def syntax_fault(error: Exception, text: str) -> Fault:
    """The fault of a file that cannot be read as TOML.

    Parameters
    ----------
    error : UnicodeDecodeError, tomli.TOMLDecodeError, ValueError or RecursionError
        What reading it raised.
    text : str
        The file; empty where it is no text.
    """
    if isinstance(error, UnicodeDecodeError):
        return Fault(
            "", f"not a text in UTF-8 (byte {error.start + 1})", "Save it as UTF-8 in an editor."
        )
    if isinstance(error, RecursionError):
        return Fault("", "brackets are nested too deep", "Give a model card.")
    if not isinstance(error, tomli.TOMLDecodeError):
        return Fault("", _DIGITS, "Check the digits of its numbers.")
    said = str(error)
    at = _AT.search(said)
    what = said[: at.start()] if at else said
    lines = text.splitlines()
    number = int(at[1]) if at and at[1] else len(lines)
    key = _twice(what, lines[:number])
    if key is not None:
        return Fault(
            plain(key),
            f"this key is there twice, again in line {number}",
            "Keep one of them; numbers of one table stand under one heading.",
        )
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Fault(
        "",
        f"line {number} cannot be read as TOML: {line[:_LONGEST]!r} ({what})",
        'Mend it: keys are written name = value, texts in "quotation marks", '
        "tables as [heading] or {name = value}, lists in [square brackets].",
    )


def digit_faults(raw: Any, path: Location = ()) -> list[Fault]:
    """Whole numbers in a table or list (at ``path``) that could not even be shown."""
    if isinstance(raw, int) and raw.bit_length() > _MOST_BITS:
        return [Fault(key_of(path), _DIGITS, "Check its digits.")]
    inner = (
        raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    )
    return [fault for part, item in inner for fault in digit_faults(item, (*path, part))]
