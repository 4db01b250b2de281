"""How certain a diagnosis of PML is: the classes of the AAN consensus of 2013."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import product


class PmlCertainty(StrEnum):
    """The classes, most certain first (source aan-2013-pml)."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    NOT_PML = "not PML"


def _class(features: bool, imaging: bool, virus: bool) -> PmlCertainty:
    if virus:
        if features and imaging:
            return PmlCertainty.CERTAIN
        return PmlCertainty.PROBABLE if features or imaging else PmlCertainty.POSSIBLE
    return PmlCertainty.POSSIBLE if features and imaging else PmlCertainty.NOT_PML


def _answers(known: bool | None) -> tuple[bool, ...]:
    return (True, False) if known is None else (known,)


def pml_certainty(
    *,
    features: bool | None,
    imaging: bool | None,
    virus: bool | None,
    tissue: bool | None = None,
) -> tuple[PmlCertainty, ...]:
    """The classes that remain open, most certain first.

    Parameters
    ----------
    features, imaging : bool or None
        Clinical features and MRI compatible with PML; None when not judged.
    virus : bool or None
        JC virus DNA in the cerebrospinal fluid; None when not tested.
    tissue : bool or None
        PML shown in tissue, which alone makes it certain.

    Notes
    -----
    The classes are those of the consensus; which combination belongs to which is from memory
    (fact ``pml.certainty.combinations``).
    """
    if tissue:
        return (PmlCertainty.CERTAIN,)
    open_classes = set(_open(features, imaging, virus))
    return tuple(c for c in PmlCertainty if c in open_classes)


def _open(*known: bool | None) -> Iterator[PmlCertainty]:
    for features, imaging, virus in product(*map(_answers, known)):
        yield _class(features, imaging, virus)
