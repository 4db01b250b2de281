"""Canonical names of the tests and their canonical units; every room uses these constants."""

from typing import Final

NATALIZUMAB: Final = "natalizumab"  # ug/mL
SATURATION: Final = "a4-integrin saturation"  # fraction, 0-1
ANTIBODIES: Final = "anti-natalizumab antibodies"  # ng/mL of the assay's standard, or an answer
JCV_INDEX: Final = "jcv index"  # index
JCV_DNA: Final = "jcv dna in csf"  # copies/mL, or an answer
LYMPHOCYTES: Final = "lymphocytes"  # 10*9/L
CD19: Final = "cd19"  # cells/uL
NEUTROPHILS: Final = "neutrophils"  # 10*9/L
MONOCYTES: Final = "monocytes"  # 10*9/L
EOSINOPHILS: Final = "eosinophils"  # 10*9/L
PLATELETS: Final = "platelets"  # 10*9/L
HAEMOGLOBIN: Final = "haemoglobin"  # g/L
ALT: Final = "alt"  # U/L
AST: Final = "ast"  # U/L
BILIRUBIN: Final = "bilirubin"  # umol/L
WEIGHT: Final = "weight"  # kg

CANONICAL_UNITS: Final = {
    NATALIZUMAB: "ug/mL",
    SATURATION: "1",
    ANTIBODIES: "ng/mL",
    JCV_INDEX: "index",
    JCV_DNA: "copies/mL",
    LYMPHOCYTES: "10*9/L",
    CD19: "cells/uL",
    NEUTROPHILS: "10*9/L",
    MONOCYTES: "10*9/L",
    EOSINOPHILS: "10*9/L",
    PLATELETS: "10*9/L",
    HAEMOGLOBIN: "g/L",
    ALT: "U/L",
    AST: "U/L",
    BILIRUBIN: "umol/L",
    WEIGHT: "kg",
}


def lost_results(test: str) -> str:
    """What is missing of a person when a result of ``test`` could not be read."""
    return f"measurements of {test}"


ALL_LOST_RESULTS: Final = frozenset(map(lost_results, CANONICAL_UNITS))
