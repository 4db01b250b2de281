"""Results as laboratories write them: numbers, limits, answers, titres.

A number with two readings (``1,234``) keeps both; who knows the test decides. Nothing here
knows tests or units.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from openntz.course.columns import plain_name
from openntz.course.events import Answer, Censor
from openntz.course.spellings import ANSWERS, BELOW_LIMIT, BLANK
from openntz.records.problems import ReadingError

Decimal = Literal["", ".", ","]

# A binary number may be printed with 17 figures, after four zeros at the most.
_PLAIN: Final = re.compile(
    r"[+-]?(?:\d{1,17}(?:\.\d{0,21})?|\.\d{1,21})(?:[eE][+-]?\d{1,2})?", re.ASCII
)
_BODY: Final = r"[+-]?[\d.,' ]*\d(?:[eE][+-]?\d{1,2})?"
_NUMBER_THEN_REST: Final = re.compile(rf"(?P<number>{_BODY})\s*(?P<rest>.*)", re.ASCII | re.DOTALL)
_SIGN: Final = re.compile(r"(<=|=<|>=|=>|<|>|≤|≥|⩽|⩾)\s*")
_FLAG: Final = re.compile(r"(?:\s+[HL]{1,2}|\s*\([HL*]{1,2}\)|\s*[*↑↓!]+)\s*$")
_ANSWER_AND_MORE: Final = re.compile(r"(?P<word>[^()\d]+?)\s*\((?P<more>[^()]*)\)\.?")
_TITRE: Final = re.compile(r"(?P<before>[^:\d]*?)\(?\s*1\s*:\s*(?P<titre>[\d,. ]{1,15})\)?\s*")
_COMMA_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+", re.ASCII)
_POINT_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(\.\d{3})+", re.ASCII)
_BLANKS: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_LONGEST: Final = 80  # characters: no result is longer


class Reading(Struct, frozen=True):
    """What a result says.

    ``numbers`` holds each possible value with what was assumed for it ('' for none): empty for
    an answer without titre, two entries where decimal and thousands signs cannot be told apart.
    ``unit`` is a unit written beside the number. ``below_limit`` means 'less than the limit of
    quantification' without naming it.
    """

    numbers: tuple[tuple[float, str], ...] = ()
    censor: Censor = ""
    answer: Answer | None = None
    titre: bool = False
    below_limit: bool = False
    unit: str = ""
    note: str = ""


UNREADABLE: Final = "not a result that can be read."
_REMEDY: Final = "Give a number, <2, >100, positive, negative or a titre 1:320."


def _floats(*candidates: tuple[str, str]) -> tuple[tuple[float, str], ...]:
    read = tuple((float(text), note) for text, note in candidates)
    if not all(math.isfinite(value) for value, _ in read):
        raise ReadingError("a number out of all bounds.", _REMEDY)
    return read


def read_number(text: str, decimal: Decimal = "") -> tuple[tuple[float, str], ...]:
    """The values a number can have, each with what was assumed.

    Parameters
    ----------
    text : str
        Digits with signs for decimals and thousands.
    decimal : str
        The decimal sign when it is known, '' when the text has to tell.

    Raises
    ------
    ReadingError
        When it is no number.
    """
    plain = _BLANKS.sub(" ", text.strip()).replace("−", "-")
    if len(plain) > _LONGEST:
        raise ReadingError("too long for a number.", _REMEDY)
    if _PLAIN.fullmatch(plain) and not (decimal == "," and "." in plain):
        return _floats((plain, ""))
    grouped = re.fullmatch(r"([+-]?\d{1,3})((?:[ ']\d{3})+)(?!\d)(.*)", plain, re.ASCII)
    if grouped:
        plain = grouped[1] + re.sub("[ ']", "", grouped[2]) + grouped[3]
    elif " " in plain or "'" in plain:
        raise ReadingError("not a number.", _REMEDY)
    thousands = "Blanks or apostrophes are read as thousands." if grouped else ""
    if "," in plain and "." in plain:
        return _two_signs(plain, decimal)
    if "," in plain:
        return _with_commas(plain, decimal, thousands)
    if "." in plain and decimal == ",":
        if _POINT_THOUSANDS.fullmatch(plain):
            return _floats((plain.replace(".", ""), "Points are read as thousands."))
        raise ReadingError("a decimal point where the mapping file says comma.", "Mend either.")
    if not _PLAIN.fullmatch(plain):
        raise ReadingError("not a number.", _REMEDY)
    return _floats((plain, thousands))


def _two_signs(plain: str, decimal: Decimal) -> tuple[tuple[float, str], ...]:
    last: Decimal = "," if plain.rfind(",") > plain.rfind(".") else "."
    first = "." if last == "," else ","
    whole, _, rest = plain.rpartition(last)
    pattern = _POINT_THOUSANDS if first == "." else _COMMA_THOUSANDS
    text = f"{whole.replace(first, '')}.{rest}"
    if (decimal and decimal != last) or not pattern.fullmatch(whole) or not _PLAIN.fullmatch(text):
        raise ReadingError("decimal and thousands signs are mixed.", _REMEDY)
    return _floats((text, f"'{first}' is read as thousands and '{last}' as decimals."))


def _with_commas(plain: str, decimal: Decimal, note: str) -> tuple[tuple[float, str], ...]:
    point = plain.replace(",", ".")
    joined = plain.replace(",", "")
    as_decimal = (point, "A comma is read as the decimal sign.")
    as_thousands = (joined, "Commas are read as thousands.")
    can_decimal = plain.count(",") == 1 and bool(_PLAIN.fullmatch(point)) and decimal != "."
    # 0,123 and 1234,567 have one reading: thousands never start with 0 or follow four figures.
    can_thousands = (
        bool(_COMMA_THOUSANDS.fullmatch(plain))
        and decimal != ","
        and not note
        and not plain.lstrip("+-").startswith("0")
    )
    if can_decimal and can_thousands:
        return _floats(as_decimal, as_thousands)
    if can_decimal:
        return _floats((point, "" if decimal == "," else as_decimal[1]))
    if can_thousands:
        return _floats((joined, "" if decimal == "." else as_thousands[1]))
    raise ReadingError("not a number.", _REMEDY)


def _answer(text: str) -> Answer | None:
    word = _BLANKS.sub(" ", text.strip().casefold())
    return ANSWERS.get(word) or ANSWERS.get(word.strip(" .,;:()[]"))


def _titre(text: str, decimal: Decimal) -> Reading | None:
    signed, censor = _censor(text)
    found = _TITRE.fullmatch(signed)
    if not found:
        return None
    before = found["before"].strip(" (")
    answer = _answer(before) if before else None
    if before and answer is None:
        return None
    numbers = tuple(
        (value, note) for value, note in read_number(found["titre"], decimal) if value.is_integer()
    )
    if not numbers:
        raise ReadingError("a titre is a whole number, 1:320.", _REMEDY)
    return Reading(numbers[-1:], censor=censor, answer=answer, titre=True)


def _censor(text: str) -> tuple[str, Censor]:
    found = _SIGN.match(text)
    if not found:
        return text, ""
    sign = found[1]
    return text[found.end() :], "<" if sign[0] in "<≤⩽" or sign == "=<" else ">"


@lru_cache(maxsize=8192)
def read_value(text: str, decimal: Decimal = "") -> Reading:
    """A laboratory's result.

    Raises
    ------
    ReadingError
        When it holds no number, limit, answer or titre that is known here.
    """
    plain = _BLANKS.sub(" ", text.strip())
    if len(plain) > _LONGEST:
        raise ReadingError("too long for a result.", _REMEDY)
    answer = _answer(plain)
    if answer is not None:
        # A laboratory that writes 'not detected' may mean either, and the test decides.
        return Reading(answer=answer, below_limit=plain_name(plain) in BELOW_LIMIT)
    if plain_name(plain) in BELOW_LIMIT:
        return Reading(below_limit=True)
    if plain.casefold() in BLANK:
        raise ReadingError("no result.", "Leave the row out, or give the result when it comes.")
    if titre := _titre(plain, decimal):
        return titre
    return _answer_and_more(plain, decimal) or _number_with_unit(plain, decimal)


def _answer_and_more(plain: str, decimal: Decimal) -> Reading | None:
    """``negative (<4 ng/mL)``: an answer with the number behind it."""
    found = _ANSWER_AND_MORE.fullmatch(plain)
    answer = _answer(found["word"]) if found else None
    if found is None or answer is None:
        return None
    try:
        return replace(_number_with_unit(found["more"], decimal), answer=answer)
    except ReadingError:
        return Reading(answer=answer, note="What stands in brackets is left out.")


def _number_with_unit(plain: str, decimal: Decimal) -> Reading:
    signed, censor = _censor(plain)
    bare = _FLAG.sub("", signed)
    note = "A laboratory's flag is left out." if bare != signed else ""
    found = _NUMBER_THEN_REST.fullmatch(bare.replace("−", "-"))
    if not found:
        raise ReadingError(UNREADABLE, _REMEDY)
    rest = found["rest"].strip(" .")
    # '2-3', '1/2', '5 (4-6)': a second number is not a unit.
    if rest and (rest[0] in "-–/:;,(±" or re.match(r"\d", rest)):
        raise ReadingError("not one number.", _REMEDY)
    return Reading(read_number(found["number"], decimal), censor=censor, unit=rest, note=note)
