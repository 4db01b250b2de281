"""What a site's concept ids mean, from its mapping file: nothing is recognised by guess."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tomli
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.errors import InputError
from openntz.records.omop.pregnancies import DateTold

# Concept ids are written as TOML keys, so they are text that holds a whole number.
ConceptId = Annotated[str, StringConstraints(pattern=r"^\d{1,12}$")]
Words = Annotated[str, StringConstraints(pattern=r"^[\w][^\x00-\x1f<>]{0,99}$")]
ScanColumn = Literal[
    "gadolinium_lesions", "new_t2_lesions", "enlarging_t2_lesions", "brain_volume_change_percent"
]


class ConceptMap(BaseModel):
    """Concept ids by meaning; a concept that is in no list is counted and left."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    natalizumab: tuple[int, ...]
    mg_per_quantity: float | None = Field(default=None, gt=0)
    default_route: Literal["", "IV", "SC"] = ""
    routes: dict[ConceptId, Literal["IV", "SC"]] = Field(default_factory=dict)
    settings: dict[ConceptId, Words] = Field(default_factory=dict)
    tests: dict[ConceptId, str] = Field(default_factory=dict)
    units: dict[ConceptId, Words] = Field(default_factory=dict)
    answers: dict[ConceptId, Literal["positive", "negative", "indeterminate"]] = Field(
        default_factory=dict
    )
    operators: dict[ConceptId, Literal["<", ">", ""]] = Field(default_factory=dict)
    sexes: dict[ConceptId, Literal["F", "M"]] = Field(default_factory=dict)
    edss: tuple[int, ...] = ()
    scans: dict[ConceptId, ScanColumn] = Field(default_factory=dict)
    scan_procedures: tuple[int, ...] = ()
    relapses: tuple[int, ...] = ()
    reactions: dict[ConceptId, Words] = Field(default_factory=dict)
    symptoms: dict[ConceptId, Words] = Field(default_factory=dict)
    treatments: dict[ConceptId, Words] = Field(default_factory=dict)
    procedures: dict[ConceptId, Words] = Field(default_factory=dict)
    kinds: dict[Words, Words] = Field(default_factory=dict)
    pregnancies: dict[ConceptId, DateTold] = Field(default_factory=dict)
    pregnancy_outcomes: dict[ConceptId, Words] = Field(default_factory=dict)


def load_concepts(path: Path | None) -> ConceptMap:
    """The concepts of a site.

    Raises
    ------
    InputError
        When there is no file, it cannot be read, or it says something that is not known.
    """
    if path is None:
        raise InputError(
            "OMOP tables need a mapping file: which concept ids are natalizumab, which test.",
            where="--mapping",
            remedy="Write one as docs/how-to/import.md shows.",
        )
    try:
        found = ConceptMap.model_validate(tomli.loads(path.read_text(encoding="utf-8")))
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
            remedy=f"The file may say {', '.join(ConceptMap.model_fields)}.",
        ) from None
    unknown = sorted(set(found.tests.values()) - set(CANONICAL_UNITS))
    if unknown:
        raise InputError(
            f"tests: no test is called {unknown[0]!r}.",
            where=str(path),
            remedy=f"Tests are {', '.join(CANONICAL_UNITS)}.",
        )
    return found
