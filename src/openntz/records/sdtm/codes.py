"""Which codes of a study mean what; a mapping file adds a study's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import tomli
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openntz.course import vocabulary
from openntz.errors import InputError

_TESTS: Final = {
    "LYM": vocabulary.LYMPHOCYTES,
    "NEUT": vocabulary.NEUTROPHILS,
    "MONO": vocabulary.MONOCYTES,
    "EOS": vocabulary.EOSINOPHILS,
    "PLAT": vocabulary.PLATELETS,
    "HGB": vocabulary.HAEMOGLOBIN,
    "ALT": vocabulary.ALT,
    "AST": vocabulary.AST,
    "BILI": vocabulary.BILIRUBIN,
    "CD19": vocabulary.CD19,
    "WEIGHT": vocabulary.WEIGHT,
    # No published code was found for these; what `openntz export` writes.
    "A4SAT": vocabulary.SATURATION,
    "JCVIDX": vocabulary.JCV_INDEX,
    "JCVDNA": vocabulary.JCV_DNA,
}
# The code under which each test is written.
TEST_CODES: Final = {test: code for code, test in _TESTS.items()} | {
    vocabulary.NATALIZUMAB: "NATALIZU",
    vocabulary.ANTIBODIES: "ADA_BAB",
}
_ROUTES: Final = {
    "INTRAVENOUS": "IV",
    "INTRAVENOUS DRIP": "IV",
    "INTRAVENOUS INFUSION": "IV",
    "IV": "IV",
    "SUBCUTANEOUS": "SC",
    "SC": "SC",
}
_REACTIONS: Final = (
    *("INFUSION RELATED REACTION", "INFUSION-RELATED REACTION", "INFUSION REACTION"),
    *("HYPERSENSITIVITY", "ANAPHYLACTIC REACTION", "ANAPHYLAXIS", "ANAPHYLACTIC SHOCK"),
    *("DRUG HYPERSENSITIVITY", "INJECTION SITE REACTION", "INJECTION RELATED REACTION"),
    *("ANGIOEDEMA", "URTICARIA", "SERUM SICKNESS", "BRONCHOSPASM"),
)
# Severity in words as CTCAE grades: a mapping of this project.
GRADES: Final = {"MILD": 1, "MODERATE": 2, "SEVERE": 3, "LIFE THREATENING": 4, "FATAL": 5}


class StudyCodes(BaseModel):
    """Codes of one study, upper case; what the file says is added to what is usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, str] = Field(default_factory=dict)
    drug: tuple[str, ...] = ("NATALIZUMAB", "TYSABRI", "TYRUKO", "BG00002", "BG0002")
    routes: dict[str, str] = Field(default_factory=dict)
    tests: dict[str, str] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)
    antibodies: tuple[str, ...] = ("ADA_BAB", "ADA", "NATAB", "ADAB")
    neutralising: tuple[str, ...] = ("ADA_NAB", "NAB")
    antibody_threshold: str = ""
    # What a number beside the unit titer is; without it titres are kept and not compared.
    titres: Literal["", "log10"] = ""
    levels: tuple[str, ...] = ("NATALIZU", "NATALIZ", "NTZ", "NATALIZUMAB")
    reactions: tuple[str, ...] = ()
    relapses: tuple[str, ...] = ("RELAPSE", "MULTIPLE SCLEROSIS RELAPSE", "MS RELAPSE")
    edss: tuple[str, ...] = ("EDSS", "EDSS01", "EDSS0101", "EDSSTOT", "KFSS1EDS")
    gadolinium: tuple[str, ...] = ("GDLES", "GDENH", "LESGD", "GDCNT", "T1GDCNT")
    new_t2: tuple[str, ...] = ("NEWT2", "T2NEW", "LESNT2", "NT2CNT")
    enlarging_t2: tuple[str, ...] = ("ENLT2", "T2ENL", "ET2CNT")
    volume_change: tuple[str, ...] = ("BRVOLCHG",)
    scan_done: tuple[str, ...] = ("MRIBRAIN",)
    disease: tuple[str, ...] = (
        *("MULTIPLE SCLEROSIS", "RELAPSING MULTIPLE SCLEROSIS"),
        *("RELAPSING-REMITTING MULTIPLE SCLEROSIS",),
    )
    treatments: dict[str, str] = Field(default_factory=dict)

    @property
    def all_routes(self) -> dict[str, str]:
        """Route codes by name."""
        return _ROUTES | _upper(self.routes)

    @property
    def all_tests(self) -> dict[str, str]:
        """Names of tests by --TESTCD."""
        return _TESTS | _upper(self.tests)

    @property
    def all_units(self) -> dict[str, str]:
        """Units as this study spells them."""
        return {"THOU/UL": "10*3/uL", "GI/L": "10*9/L", "X10E9/L": "10*9/L"} | _upper(self.units)

    @property
    def scan_columns(self) -> dict[str, frozenset[str]]:
        """Codes of scans by column of the table mri; '' is a scan without a count."""
        found = {
            "gadolinium_lesions": self.gadolinium,
            "new_t2_lesions": self.new_t2,
            "enlarging_t2_lesions": self.enlarging_t2,
            "brain_volume_change_percent": self.volume_change,
            "": self.scan_done,
        }
        return {name: frozenset(c.upper() for c in own) for name, own in found.items()}

    @property
    def all_reactions(self) -> frozenset[str]:
        """Terms that are reactions to an administration."""
        return frozenset((*_REACTIONS, *(term.upper() for term in self.reactions)))


def _upper(found: dict[str, str]) -> dict[str, str]:
    return {code.strip().upper(): meaning for code, meaning in found.items()}


def load_codes(path: Path | None) -> StudyCodes:
    """The codes of a study from its mapping file (TOML), or the usual ones without a file.

    Raises
    ------
    InputError
        When the file cannot be read or says something that is not known.
    """
    if path is None:
        return StudyCodes()
    try:
        return StudyCodes.model_validate(tomli.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(
            f"the mapping file cannot be read ({error.strerror}).",
            where=str(path),
            remedy="Check its name.",
        ) from None
    except (UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise InputError(
            f"the mapping file is not TOML in UTF-8 ({error}).", where=str(path), remedy="Mend it."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{place}: {first['msg']}.",
            where=str(path),
            remedy=f"The file may say {', '.join(StudyCodes.model_fields)}.",
        ) from None
