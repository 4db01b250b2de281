"""Cases of intravenous doses: occasions, covariates, resets, saturation, limits, record order."""

from __future__ import annotations

from typing import Any

from tests.oracle.designs import Case, Design, dose, filled, level, row
from tests.oracle.parameters import Model, Record

PER_HOUR = {"time": "h", "dose": "mg", "concentration": "mg/L", "volume": "L"}
PER_DAY = {"time": "d", "dose": "mg", "concentration": "mg/L", "volume": "L"}


def log_normal(typical: float, *effects: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A parameter with log-normal variability."""
    return {"typical": typical, "effects": list(effects), "variability": "log-normal"} | more


def power(exponent: float) -> dict[str, Any]:
    """Weight relative to 70 kg."""
    return {"form": "power", "covariate": "WT", "reference": 70.0, "exponent": exponent}


COMEDICATION = {"form": "category", "covariate": "COMED", "factors": {"0": 1.0, "1": 1.35}}


def two_compartments(carry: str) -> Model:
    """Block Omega, weight and a category, combined error (variances add)."""
    return {
        "compartments": 2,
        "elimination": "linear",
        "absorption": "none",
        "carry": carry,
        "units": PER_HOUR,
        "parameters": {
            "cl": log_normal(3.2, power(0.75), COMEDICATION),
            "vc": log_normal(18.0, power(1.0)),
            "q": {"typical": 4.5},
            "vp": log_normal(31.0, power(1.0)),
        },
        "omega": {
            "names": ["cl", "vc", "vp"],
            "matrix": [[0.09, 0.03, 0.01], [0.03, 0.0625, 0.015], [0.01, 0.015, 0.16]],
        },
        "residual": {
            "form": "combined variances",
            "proportional_sd": 0.12,
            "additive_sd": 0.4,
        },
    }


def three_visits(number: int) -> Design:
    """Three occasions of two infusions; levels within and after each."""
    records: Design = []
    for occasion in (1, 2, 3):
        start = 72.0 * (occasion - 1)
        more = {"OCC": float(occasion)}
        records.append(dose(start, 500.0 + 100.0 * number, rate=250.0, **more))
        records += [level(start + t, **more) for t in (1.0, 2.5, 8.0)]
        records.append(dose(start + 12.0, 400.0, rate=800.0, **more))
        records += [level(start + t, **more) for t in (13.0, 24.0, 47.5 + number)]
    return records


def with_resets(number: int, design: Design) -> Design:
    """Persons 4 to 6 lose what they had: by EVID 3, by EVID 4, by EVID 4 with the clock at 0."""
    records = [dict(r) for r in design]
    if number == 4:
        # In the middle of an infusion, which must stop.
        cut = next(i for i, r in enumerate(records) if r["TIME"] == 72.0)
        records.insert(cut + 2, row(73.25, 3, occ=2))
        records.insert(cut + 3, row(73.5, 2, occ=2))
    elif number in (5, 6):
        cut = next(i for i, r in enumerate(records) if r["TIME"] == 144.0)
        records[cut]["EVID"] = 4.0
        if number == 6:
            for record in records[cut:]:
                record["TIME"] -= 144.0
    return records


def weight_at_every_record(number: int) -> Any:
    """A weight that changes at every record, levels included."""
    return lambda i, _: round(62.0 + 5.0 * number + 1.7 * i - 0.06 * i * i, 2)


def comedication_by_time(number: int) -> Any:
    """On from the second visit in half the people, in the first visit in the others."""
    return lambda i, _: float((i >= 9) if number % 2 else (2 <= i <= 5))


def steps_at_doses(design: Design, values: list[float]) -> Any:
    """A covariate that changes at dose records only, in turn through ``values``."""
    seen: list[float] = []
    k = -1
    for record in design:
        k += int(record["EVID"]) == 1
        seen.append(values[max(k, 0) % len(values)])
    return lambda i, _: seen[i]


def occasions() -> Case:
    """(a) what a NONMEM run of hospital data has, all at once."""
    model = two_compartments("nocb")
    model["omega_iov"] = {"names": ["cl"], "matrix": [[0.04]]}
    designs = [
        filled(
            with_resets(n, three_visits(n)),
            {"WT": weight_at_every_record(n), "COMED": comedication_by_time(n)},
        )
        for n in range(1, 7)
    ]
    what = (
        "two compartments, infusion, block Omega, inter-occasion variability of clearance over "
        "three occasions, weight and a category changing at any record (NOCB), combined error "
        "(variances), EVID 3 inside an infusion, EVID 4, EVID 4 with the clock set back to 0"
    )
    notes = [
        "the occasion of a record, like its covariates, holds over the interval that ends at it",
        "EVID 3 and 4 empty all compartments, stop infusions that run and cancel doses to come",
    ]
    return Case("two-cpt-iov-covariates-resets", what, model, designs, notes)


def carried_forward() -> Case:
    """(i) the same model without occasions, covariates carried forward."""
    designs = []
    for n in range(1, 5):
        design = [{k: v for k, v in r.items() if k != "OCC"} for r in three_visits(n)]
        columns = {
            "WT": steps_at_doses(design, [58.0 + 6.0 * n, 61.5 + 6.0 * n, 49.0 + 6.0 * n]),
            "COMED": steps_at_doses(design, [0.0, 0.0, 1.0, 1.0]),
        }
        designs.append(filled(design, columns))
    what = "the same without occasions and resets, covariates carried forward (LOCF)"
    notes = [
        "covariates change at dose records only, so that the volume of a level's own record is "
        "that of the interval before it; read with NOCB the etas differ",
        "predictions at dose records divide by the volume of the dose's record",
    ]
    return Case("two-cpt-covariates-locf", what, two_compartments("locf"), designs, notes)


def saturable(compartments: int) -> Model:
    """Linear and Michaelis-Menten elimination side by side, combined error (SDs add)."""
    return {
        "compartments": compartments,
        "elimination": "linear and michaelis-menten",
        "absorption": "none",
        "carry": "nocb",
        "units": PER_DAY,
        "parameters": {
            "cl": log_normal(0.15),
            "vc": log_normal(3.3),
            "q": {"typical": 0.5},
            "vp": {"typical": 2.7},
            "vmax": log_normal(6.0),
            "km": {"typical": 2.5},
        },
        "omega": {
            "names": ["cl", "vc", "vmax"],
            "matrix": [[0.09, 0.02, 0.0], [0.02, 0.04, 0.0], [0.0, 0.0, 0.12]],
        },
        "residual": {"form": "combined sds", "proportional_sd": 0.1, "additive_sd": 0.3},
    }


def parallel_elimination() -> Case:
    """(b) an antibody every four weeks, with a wash-out far below Km."""
    designs = []
    for n in range(1, 5):
        records = [dose(28.0 * k, 300.0, rate=7200.0) for k in range(3)]
        records += [level(t) for t in (0.5, 13.0 + n, 27.9, 55.8, 61.0, 83.5, 98.0 + 3.0 * n)]
        if n == 4:
            # A delayed dose and one over a whole day.
            records.append(dose(120.0, 300.0, rate=300.0))
            records += [level(t) for t in (120.6, 150.0)]
        designs.append(sorted(records, key=lambda r: r["TIME"]))
    what = (
        "two compartments, infusion, linear and Michaelis-Menten elimination side by side, "
        "combined error (SDs add), levels down to far below Km"
    )
    return Case("two-cpt-parallel-elimination", what, saturable(2), designs)


def normal_effects() -> Case:
    """(f) additive effects, additive error, linear and exponential covariates, a sum."""
    normal = {"variability": "normal"}
    model: Model = {
        "compartments": 1,
        "elimination": "linear",
        "absorption": "none",
        "carry": "nocb",
        "units": PER_HOUR,
        "parameters": {
            "cl": {
                "typical": 2.6,
                "effects": [
                    {"form": "linear", "covariate": "CRCL", "slope": 0.009, "reference": 80.0},
                    {"form": "plus", "covariate": "CLDIAL"},
                ],
            }
            | normal,
            "vc": {
                "typical": 24.0,
                "effects": [
                    {"form": "exponential", "covariate": "AGE", "slope": -0.004, "reference": 50.0}
                ],
            }
            | normal,
        },
        "omega": {"names": ["cl", "vc"], "matrix": [[0.25, 0.4], [0.4, 9.0]]},
        "residual": {"form": "additive", "additive_sd": 1.1},
    }
    designs = []
    for n in range(1, 6):
        records = [dose(0.0, 600.0, rate=600.0, addl=3, ii=12.0)]
        records += [level(t) for t in (1.5, 6.0, 11.0, 25.5 + n, 47.0)][: 1 + n]
        designs.append(
            filled(
                records,
                {
                    "CRCL": lambda i, _, n=n: 45.0 + 17.0 * n + 3.0 * i,
                    "CLDIAL": lambda i, _, n=n: 0.8 if n == 2 and i >= 2 else 0.0,
                    "AGE": lambda _i, _r, n=n: 20.0 + 12.0 * n,
                },
            )
        )
    what = (
        "one compartment, infusion by ADDL/II, normal (not log-normal) correlated effects, "
        "additive error; linear, exponential and added covariates"
    )
    notes = ["etas are in the parameters' own units: L/h and L"]
    return Case("one-cpt-normal-effects", what, model, designs, notes)


def same_time() -> Case:
    """(g) a level before and after a bolus of the same time; rows that only ask."""
    model: Model = {
        "compartments": 1,
        "elimination": "linear",
        "absorption": "none",
        "carry": "nocb",
        "units": PER_HOUR,
        "parameters": {"cl": log_normal(1.8), "vc": log_normal(12.0)},
        "omega": {"names": ["cl", "vc"], "matrix": [[0.1, 0.0], [0.0, 0.08]]},
        "residual": {"form": "proportional", "proportional_sd": 0.15},
    }
    before: list[Record] = [dose(0.0, 150.0), level(3.0), level(8.0), dose(8.0, 150.0)]
    after: list[Record] = [dose(0.0, 150.0), level(3.0), dose(8.0, 150.0), level(8.0)]
    both = [dose(0.0, 150.0), level(0.0), level(8.0), dose(8.0, 100.0), level(8.0), level(15.0)]
    asks = [
        dose(0.0, 150.0),
        row(2.0, 2),
        level(5.0),
        level(6.5, mdv=1),
        dose(12.0, 75.0, rate=25.0),
        level(12.0),
        level(15.0),
        level(19.0),
    ]
    designs = [[*before, level(20.0)], [*after, level(20.0)], both, asks]
    what = (
        "one compartment, bolus; a level recorded before and after a dose of the same time, "
        "EVID 2 and MDV 1 rows that only ask for a prediction, the end of an infusion at a level"
    )
    return Case("one-cpt-bolus-same-time", what, model, designs)


def limits() -> Case:
    """(h) levels below and above the assay's limits."""
    model = two_compartments("nocb")
    for spec in model["parameters"].values():
        spec["effects"] = []
    model["parameters"]["cl"]["typical"] = 5.0
    designs = []
    for n in range(1, 6):
        records = [dose(0.0, 400.0 + 150.0 * n, rate=800.0), dose(24.0, 500.0, rate=1000.0)]
        records += [level(t) for t in (0.75, 4.0, 12.0, 23.5, 24.6, 36.0, 60.0, 84.0)]
        designs.append(sorted(records, key=lambda r: r["TIME"]))
    what = "two compartments, infusion, block Omega, several levels below 2 and above 20 mg/L (M3)"
    notes = [
        "CENS 1: below the limit in DV, -2 ln Phi((limit - f) / sd); CENS -1: above it, "
        "-2 ln Phi((f - limit) / sd); both with interaction and without constants",
        "a person with a censored level has no FOCEI objective or ETC: null",
    ]
    return Case("two-cpt-limits-m3", what, model, designs, notes, censoring=(2.0, 20.0))


def shared_effects() -> Case:
    """(k) one effect on two volumes, a block of inter-occasion effects."""
    model = two_compartments("nocb")
    for spec in model["parameters"].values():
        spec["effects"] = []
    model["parameters"]["vc"]["effect"] = model["parameters"]["vp"]["effect"] = "volume"
    model["omega"] = {"names": ["cl", "volume"], "matrix": [[0.09, 0.02], [0.02, 0.05]]}
    model["omega_iov"] = {"names": ["cl", "volume"], "matrix": [[0.04, 0.01], [0.01, 0.02]]}
    designs = [three_visits(n)[: 7 + 7 * (n % 3)] for n in range(1, 5)]
    what = (
        "two compartments, infusion, one random effect shared by both volumes, a block of "
        "inter-occasion effects on clearance and volume, one to three occasions"
    )
    return Case("two-cpt-shared-effect-iov-block", what, model, designs)


def infusion_cases() -> list[Case]:
    """All of them, in the order of their seeds."""
    return [
        occasions(),
        carried_forward(),
        parallel_elimination(),
        normal_effects(),
        same_time(),
        limits(),
        shared_effects(),
    ]
