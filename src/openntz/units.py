"""Units: the only place where they are parsed and converted.

Clinics write one unit in many ways. The table below knows the common spellings and what each
is exactly; any other spelling is read as UCUM by ucumvert and converted by pint, which are
loaded only then, because building their registry takes longer than reading a clinic. pint
alone is never asked to parse: it reads UCUM ``10*3/uL`` as 30/uL in silence.

A conversion stays inside one dimension. A mass concentration becomes a substance concentration
only with a molar mass, and arbitrary units (AU, IU of a protein) become nothing else.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal

from msgspec import Struct

from openntz.errors import UnitError

Dimension = Literal[
    "mass",
    "time",
    "length",
    "fraction",
    "index",
    "titre",
    "mass per volume",
    "substance per volume",
    "count per volume",
    "activity per volume",
    "arbitrary units per volume",
    "copies per volume",
]

# The UCUM unit in which `Unit.scale` is expressed; None: nothing converts into it.
BASE: Final[dict[Dimension, str | None]] = {
    "mass": "kg",
    "time": "d",
    "length": "m",
    "fraction": "1",
    "index": None,
    "titre": None,
    "mass per volume": "g/L",
    "substance per volume": "mol/L",
    "count per volume": "/L",
    "activity per volume": "U/L",
    "arbitrary units per volume": None,
    "copies per volume": None,
}


class Unit(Struct, frozen=True):
    """A unit that was understood.

    ``label`` is how this package writes it, ``ucum`` its code ('' for an index), ``scale`` its
    size in the base unit of its dimension.
    """

    label: str
    ucum: str
    dimension: Dimension
    scale: Fraction


class Conversion(Struct, frozen=True):
    """From one unit to another: ``value * times / over``, exact where decimals allow it."""

    times: float
    over: float

    def __call__(self, value: float) -> float:
        """The value in the other unit."""
        return value * self.times / self.over

    @property
    def same(self) -> bool:
        """Whether nothing changes."""
        return self.times == self.over


# label, UCUM code, dimension, scale to the base unit, other spellings in clinics.
_CLINIC: Final[tuple[tuple[str, str, Dimension, str, tuple[str, ...]], ...]] = (
    ("kg", "kg", "mass", "1", ("kgs", "kilo", "kilogram", "kilograms")),
    ("g", "g", "mass", "1/1000", ("gram", "grams", "gm")),
    ("mg", "mg", "mass", "1/1000000", ("milligram", "milligrams")),
    ("ug", "ug", "mass", "1/1000000000", ("mcg", "microgram", "micrograms")),
    ("lb", "[lb_av]", "mass", "0.45359237", ("lbs", "pound", "pounds", "lb_av", "[lb_av]")),
    ("d", "d", "time", "1", ("day", "days")),
    ("wk", "wk", "time", "7", ("w", "week", "weeks", "wks")),
    ("m", "m", "length", "1", ("metre", "meter", "metres", "meters")),
    ("cm", "cm", "length", "1/100", ("centimetre", "centimeter")),
    ("1", "1", "fraction", "1", ("fraction", "{fraction}")),
    ("%", "%", "fraction", "1/100", ("percent", "per cent", "pct")),
    ("index", "", "index", "1", ("{index}", "idx", "index value", "ratio", "{ratio}", "ai")),
    ("titre", "{titer}", "titre", "1", ("titer", "{titer}", "1/titre", "1:x", "dilution")),
    ("copies/mL", "{copies}/mL", "copies per volume", "1", ("copies per mL", "cp/mL", "c/mL")),
    ("ug/mL", "ug/mL", "mass per volume", "1/1000", ("mcg/mL", "ug per mL", "micrograms/mL")),
    ("mg/L", "mg/L", "mass per volume", "1/1000", ("mg per L", "milligrams/L")),
    ("ng/mL", "ng/mL", "mass per volume", "1/1000000", ("ng per mL", "nanograms/mL")),
    ("ug/L", "ug/L", "mass per volume", "1/1000000", ("mcg/L",)),
    ("ng/L", "ng/L", "mass per volume", "1/1000000000", ()),
    ("pg/mL", "pg/mL", "mass per volume", "1/1000000000", ()),
    ("ug/dL", "ug/dL", "mass per volume", "1/100000", ("mcg/dL",)),
    ("mg/dL", "mg/dL", "mass per volume", "1/100", ("mg%", "mg per dL", "mg/100mL")),
    ("mg/mL", "mg/mL", "mass per volume", "1", ()),
    ("g/dL", "g/dL", "mass per volume", "10", ("g%", "gm/dL")),
    ("g/L", "g/L", "mass per volume", "1", ("gm/L",)),
    ("mmol/L", "mmol/L", "substance per volume", "1/1000", ()),
    ("umol/L", "umol/L", "substance per volume", "1/1000000", ("mcmol/L", "micromol/L")),
    ("nmol/L", "nmol/L", "substance per volume", "1/1000000000", ()),
    (
        "10*9/L",
        "10*9/L",
        "count per volume",
        "1000000000",
        ("10^9/L", "10e9/L", "e9/L", "1e9/L", "10*9cells/L", "10^9 cells/L", "Gpt/L", "giga/L"),
    ),
    (
        "10*3/uL",
        "10*3/uL",
        "count per volume",
        "1000000000",
        (
            *("10^3/uL", "10e3/uL", "1e3/uL", "K/uL", "thou/uL", "tsd/uL", "10*3/mm3", "K/mm3"),
            *(
                "10*3/mcL",
                "K/mcL",
                "1000/uL",
                "10*3 cells/uL",
                "thousand/uL",
                "10*3/cumm",
                "K/cumm",
            ),
        ),
    ),
    ("/nL", "/nL", "count per volume", "1000000000", ("1/nL", "cells/nL")),
    ("10*6/L", "10*6/L", "count per volume", "1000000", ("10^6/L", "10e6/L", "Mpt/L")),
    (
        "cells/uL",
        "{cells}/uL",
        "count per volume",
        "1000000",
        (
            *("{cells}/uL", "cell/uL", "/uL", "1/uL", "cells/mcL", "/mcL", "c/uL"),
            *("/mm3", "/mm*3", "1/mm3", "cells/mm3", "cells/mm*3", "/cumm", "/cmm", "cells/cumm"),
        ),
    ),
    ("U/L", "U/L", "activity per volume", "1", ("IU/L", "[iU]/L", "units/L", "unit/L")),
    ("U/mL", "U/mL", "activity per volume", "1000", ("units/mL",)),
    ("ukat/L", "ukat/L", "activity per volume", "60", ("microkat/L", "mckat/L")),
    ("nkat/L", "nkat/L", "activity per volume", "3/50", ()),
    ("AU/mL", "[arb'U]/mL", "arbitrary units per volume", "1", ("[arb'U]/mL", "arb.U/mL")),
    ("IU/mL", "[iU]/mL", "arbitrary units per volume", "1", ("[iU]/mL",)),
)

# Capital G is giga in counts and a shouted gram elsewhere: the quantity beside it decides.
_CASE_MATTERS: Final = {"G/L": ("10*9/L", "g/L"), "G/l": ("10*9/L", "g/L")}

_SUPERSCRIPT: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED: Final = re.compile("([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_TIMES_TEN: Final = re.compile(r"^[x×·*](?=1)")
_LONGEST: Final = 40  # characters: no unit is longer, and parsers of outside text need a bound


def _plain(spelling: str) -> str:
    """One spelling with its signs made alike: micro, superscripts, powers, blanks."""
    text = _RAISED.sub(lambda m: "*" + m.group().translate(_SUPERSCRIPT), spelling.strip())
    text = text.replace("µ", "u").replace("μ", "u").replace("**", "*").replace("^", "*")
    text = re.sub(r"[\s_]+", "", text)
    # "Tsd./uL", "thou./uL": a full stop ends an abbreviation; in UCUM it multiplies.
    text = re.sub(r"(?<=[A-Za-z])\.(?=/|$)", "", text)
    return _TIMES_TEN.sub("", text)


def _table() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, tuple[Unit, ...]] = {}
    by_label: dict[str, Unit] = {}
    for label, ucum, dimension, scale, others in _CLINIC:
        by_label[label] = unit = Unit(label, ucum, dimension, Fraction(scale))
        for spelling in (label, *others):
            key = _plain(spelling).casefold()
            found[key] = (*found.get(key, ()), unit)
    for spelling, labels in _CASE_MATTERS.items():
        found[spelling] = tuple(by_label[label] for label in labels)
    return found


CLINIC_UNITS: Final = _table()


@lru_cache(maxsize=1)
def _ucum() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


def _unreadable(spelling: str) -> UnitError:
    shown = spelling if len(spelling) <= _LONGEST else spelling[:_LONGEST] + "…"
    return UnitError(
        f"{shown!r} is not a unit known here.",
        remedy="Write a UCUM unit such as ug/mL or 10*9/L, or map the spelling to one.",
    )


def _from_ucum(spelling: str, text: str) -> Unit:
    # 10*999999999 is a short text and a number that does not fit into memory.
    if len(text) > _LONGEST or not text.isascii() or re.search(r"\d{4}|\*-?\d{3}", text):
        raise _unreadable(spelling)
    registry = _ucum()
    try:
        quantity = 1 * registry.from_ucum(text)
        # Arbitrary units are dimensionless to pint, so IU/L would pass for a count.
        if any(
            not registry.get_dimensionality(name) and name != "percent"
            for name, _ in quantity.unit_items()
            if not name.startswith("_10")
        ):
            raise _unreadable(spelling)
        for dimension, base in BASE.items():
            if base is None:
                continue
            target = 1 * registry.from_ucum(base)
            if quantity.dimensionality == target.dimensionality:
                size = float((quantity / target).to_base_units().magnitude)
                return Unit(spelling.strip(), text, dimension, Fraction(f"{size:.12g}"))
    except UnitError:
        raise
    except Exception:  # the grammar of a foreign parser: whatever it raises, the text is no unit
        raise _unreadable(spelling) from None
    raise _unreadable(spelling)


@lru_cache(maxsize=4096)
def read_unit(spelling: str) -> tuple[Unit, ...]:
    """What a spelling can mean, most likely first; several only where capitals are at odds.

    Raises
    ------
    UnitError
        When it is neither in the table of clinic spellings nor a UCUM unit of a dimension
        known here.
    """
    text = _plain(spelling)
    if not text:
        raise UnitError("there is no unit.", remedy="Give one, for example ug/mL.")
    units = CLINIC_UNITS.get(text) or CLINIC_UNITS.get(text.casefold())
    return units or (_from_ucum(spelling, text),)


@lru_cache(maxsize=4096)
def conversion(spelling: str, to: str, *, molar_mass_g_per_mol: float | None = None) -> Conversion:
    """How to get from one unit to another.

    Parameters
    ----------
    spelling, to : str
        Units as clinics or UCUM write them.
    molar_mass_g_per_mol : float, optional
        Of the substance, when mass and substance concentrations may be exchanged.

    Raises
    ------
    UnitError
        When a unit is not known, or the two do not measure the same quantity.
    """
    for source in read_unit(spelling):
        for target in read_unit(to):
            ratio = _ratio(source, target, molar_mass_g_per_mol)
            if ratio is not None:
                return Conversion(*_exact(ratio))
    raise UnitError(
        f"{spelling.strip()!r} ({read_unit(spelling)[0].dimension}) cannot be converted to"
        f" {to!r} ({read_unit(to)[0].dimension}).",
        remedy=f"Give the value in {to} or a unit of the same kind.",
    )


def _ratio(source: Unit, target: Unit, molar_mass: float | None) -> Fraction | None:
    if source.dimension == target.dimension:
        if source.label == target.label:
            return Fraction(1)
        return None if BASE[source.dimension] is None else source.scale / target.scale
    if molar_mass is None:
        return None
    grams_per_mol = Fraction(str(molar_mass))
    pair = (source.dimension, target.dimension)
    if pair == ("mass per volume", "substance per volume"):
        return source.scale / grams_per_mol / target.scale
    if pair == ("substance per volume", "mass per volume"):
        return source.scale * grams_per_mol / target.scale
    return None


def _exact(ratio: Fraction) -> tuple[float, float]:
    # Dividing by 1000 rounds once; multiplying by 0.001 rounds twice and prints 1.6900000000000002.
    if ratio.numerator == 1 or ratio.denominator == 1:
        return float(ratio.numerator), float(ratio.denominator)
    return float(ratio), 1.0


def convert(
    value: float, spelling: str, to: str, *, molar_mass_g_per_mol: float | None = None
) -> float:
    """A value in another unit; see ``conversion``.

    Raises
    ------
    UnitError
        When a unit is not known, or the two do not measure the same quantity.
    """
    return conversion(spelling, to, molar_mass_g_per_mol=molar_mass_g_per_mol)(value)


def spellings() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each clinic unit with its other spellings, for the reference page."""
    return tuple((label, others) for label, _, _, _, others in _CLINIC if others)
