"""The models of the published reference cases, as the oracle's plain dictionaries."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.parameters import Model

REFERENCE = Path(__file__).parents[1] / "reference"


def oral() -> Model:
    """One compartment, first-order absorption; variances 0.2, proportional variance 0.05."""
    return {
        "absorption": "first-order",
        "parameters": {
            "cl": {"typical": 4.0, "variability": "log-normal"},
            "vc": {"typical": 70.0, "variability": "log-normal"},
            "ka": {"typical": 1.0, "variability": "log-normal"},
        },
        "omega": {
            "names": ["cl", "vc", "ka"],
            "matrix": [[0.2, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.2]],
        },
        "residual": {"form": "proportional", "proportional_sd": 0.05**0.5},
    }


def censored() -> Model:
    """Two compartments, one short infusion; the M3 case."""
    return {
        "absorption": "none",
        "parameters": {
            "cl": {"typical": 0.2, "variability": "log-normal"},
            "vc": {"typical": 2.0, "variability": "log-normal"},
            "q": {"typical": 0.1},
            "vp": {"typical": 0.5},
        },
        "omega": {"names": ["cl", "vc"], "matrix": [[0.05, 0.0], [0.0, 0.02]]},
        "residual": {
            "form": "combined variances",
            "proportional_sd": 0.1**0.5,
            "additive_sd": 0.5**0.5,
        },
    }


def vancomycin(carry: str) -> Model:
    """Thomson et al. 2009: volumes per kilogram, clearance linear in creatinine clearance.

    Clearance by haemodialysis is added before the random effect; it is 0 in every record of the
    file, so the published forecasts cannot tell this from adding it after.
    """
    weight = {"form": "proportional", "covariate": "WT"}
    renal = {
        "form": "linear",
        "covariate": "CRCL",
        "multiply": 16.66667,
        "slope": 0.0154,
        "reference": 66.0,
    }
    dialysis = {"form": "plus", "covariate": "CL_HEMO"}
    return {
        "absorption": "none",
        "carry": carry,
        "parameters": {
            "cl": {"typical": 2.99, "effects": [renal, dialysis], "variability": "log-normal"},
            "vc": {"typical": 0.675, "effects": [weight], "variability": "log-normal"},
            "q": {"typical": 2.28, "variability": "log-normal"},
            "vp": {"typical": 0.732, "effects": [weight], "variability": "log-normal"},
        },
        "omega": {
            "names": ["cl", "vc", "q", "vp"],
            "matrix": [
                [0.0729, 0.01, 0.0, 0.0],
                [0.01, 0.0225, 0.0, 0.0],
                [0.0, 0.0, 0.2401, 0.0],
                [0.0, 0.0, 0.0, 1.69],
            ],
        },
        "residual": {
            "form": "combined variances",
            "proportional_sd": 0.15,
            "additive_sd": 1.6,
        },
    }
