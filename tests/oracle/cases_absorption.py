"""Cases of extravascular doses and of steady state."""

from __future__ import annotations

from tests.oracle.cases_infusion import PER_HOUR, log_normal, saturable
from tests.oracle.designs import Case, Design, dose, level
from tests.oracle.parameters import Model

PER_HOUR_MICROGRAM = {"time": "h", "dose": "ug", "concentration": "ng/mL", "volume": "L"}


def three_compartments() -> Case:
    """(c) everything absorption can have, mixed with doses into the vein."""
    model: Model = {
        "compartments": 3,
        "elimination": "linear",
        "absorption": "first-order",
        "carry": "nocb",
        "units": PER_HOUR,
        "parameters": {
            "cl": log_normal(6.0),
            "vc": log_normal(20.0),
            "q": {"typical": 8.0},
            "vp": {"typical": 35.0},
            "q2": {"typical": 1.5},
            "vp2": {"typical": 90.0},
            "ka": log_normal(0.9),
            "f": log_normal(0.6),
            "lag": log_normal(0.4),
        },
        "omega": {
            "names": ["cl", "vc", "ka", "f", "lag"],
            "matrix": [
                [0.09, 0.02, 0.0, 0.0, 0.0],
                [0.02, 0.06, 0.0, 0.0, 0.0],
                [0.0, 0.0, 0.2, 0.0, 0.0],
                [0.0, 0.0, 0.0, 0.03, 0.0],
                [0.0, 0.0, 0.0, 0.0, 0.1],
            ],
        },
        "residual": {
            "form": "combined variances",
            "proportional_sd": 0.1,
            "additive_sd": 0.05,
        },
    }
    # The first level lies before the first absorption: the prediction is 0.
    oral = [dose(0.0, 400.0, addl=5, ii=12.0), level(0.15), level(0.7), level(1.1), level(3.0)]
    oral += [level(8.0), level(49.3), level(71.0), level(110.0)]
    switch = [dose(0.0, 250.0, cmt=2, rate=125.0), level(1.0), level(2.5), level(7.0)]
    switch += [dose(12.0, 400.0, addl=2, ii=24.0), level(12.9), level(14.0), level(61.0)]
    # A bolus while the depot is still full, and a level while the next dose lags.
    mixed = [dose(0.0, 400.0), level(0.8), dose(1.0, 100.0, cmt=2), level(1.5), level(6.0)]
    mixed += [dose(24.0, 400.0), level(24.15), level(25.5), level(48.0)]
    sparse = [dose(0.0, 400.0, addl=9, ii=8.0), level(79.5), level(100.0)]
    designs: list[Design] = [oral, switch, mixed, sparse]
    what = (
        "three compartments, first-order absorption with variability of ka, F and lag, ADDL/II, "
        "doses into the vein (CMT 2: bolus and infusion) among oral ones (CMT 1)"
    )
    notes = ["F and lag act on doses into CMT 1 only, by the dose's own record; ADDL inherits them"]
    return Case("three-cpt-oral-lag-f", what, model, designs, notes)


def zero_order() -> Case:
    """(d) an absorption of modelled length, levels well on both sides of its end."""
    model: Model = {
        "compartments": 1,
        "elimination": "linear",
        "absorption": "zero-order",
        "carry": "nocb",
        "units": PER_HOUR_MICROGRAM,
        "parameters": {
            "cl": log_normal(9.0),
            "vc": log_normal(60.0),
            "duration": log_normal(2.5),
            "f": {"typical": 0.7},
            "lag": {"typical": 0.3},
        },
        "omega": {
            "names": ["cl", "vc", "duration"],
            "matrix": [[0.08, 0.02, 0.0], [0.02, 0.06, 0.0], [0.0, 0.0, 0.15]],
        },
        "residual": {"form": "log-additive", "additive_sd": 0.2},
    }
    designs: list[Design] = []
    for n in range(1, 6):
        records = [dose(0.0, 500.0 * n, rate=-2.0)]
        records += [level(t) for t in (0.9, 1.6, 5.5, 9.0, 14.0)][: 2 + n % 4]
        records += [dose(24.0, 500.0, rate=-2.0, addl=1, ii=6.0), level(25.6), level(36.9)]
        designs.append(records)
    # A dose into the vein beside the absorbed ones: neither F nor lag apply.
    designs.append(
        [dose(0.0, 800.0, rate=800.0), level(0.5), level(4.0), dose(6.0, 900.0, rate=-2.0)]
        + [level(t) for t in (6.2, 7.6, 12.5)]
    )
    what = (
        "one compartment, zero-order absorption of modelled duration (RATE -2) with variability, "
        "fixed F and lag, log-additive error"
    )
    notes = [
        "DV is the concentration itself; the likelihood is that of ln DV around ln f with "
        "constant variance, without a Jacobian",
        "F and lag act on RATE -2 doses only; the rate of absorption is F x AMT / duration",
    ]
    return Case("one-cpt-zero-order-log-error", what, model, designs, notes)


def oral(elimination: str, *, lag: bool) -> Model:
    """One compartment with absorption, for doses given for ever."""
    saturates = elimination != "linear"
    model: Model = {
        "compartments": 1,
        "elimination": elimination,
        "absorption": "first-order",
        "carry": "nocb",
        "units": PER_HOUR,
        "parameters": {"vc": log_normal(40.0), "ka": log_normal(0.8)},
        "omega": {
            "names": ["vmax" if saturates else "cl", "vc", "ka"],
            "matrix": [[0.04, 0.0, 0.0], [0.0, 0.06, 0.0], [0.0, 0.0, 0.15]],
        },
        "residual": {"form": "proportional", "proportional_sd": 0.12},
    }
    if saturates:
        model["parameters"] |= {"vmax": log_normal(40.0), "km": {"typical": 6.0}}
    else:
        model["parameters"]["cl"] = log_normal(3.5)
    if lag:
        model["parameters"]["lag"] = log_normal(0.7)
        model["omega"]["names"].append("lag")
        matrix = model["omega"]["matrix"]
        for k, line in enumerate(matrix):
            line.append(0.01 if k == 0 else 0.0)
        matrix.append([0.01, 0.0, 0.0, 0.08])
    return model


def steady_oral() -> list[Design]:
    """Known steady state, then a missed dose, more doses, a second steady state."""
    first = [dose(0.0, 200.0, ss=1, ii=12.0), level(1.0), level(4.0), level(11.5), level(30.0)]
    second = [dose(0.0, 150.0, ss=1, ii=8.0, addl=2), level(0.3), level(6.0), level(17.5)]
    second += [level(23.0), dose(36.0, 150.0), level(38.0)]
    third = [dose(0.0, 300.0), level(2.0), dose(20.0, 100.0, ss=1, ii=6.0), level(21.5)]
    third += [level(25.0), level(40.0)]
    return [first, second, third]


def steady_infusions(*, constant: bool) -> list[Design]:
    """Interrupted infusions for ever; a constant one only where it cannot exceed Vmax."""
    first = [dose(0.0, 100.0, rate=50.0, ss=1, ii=12.0), level(1.0), level(3.0), level(11.0)]
    second = [dose(0.0, 240.0, rate=40.0, ss=1, ii=24.0, addl=1), level(5.0), level(20.0)]
    second += [level(28.0), level(47.0)]
    designs = [[*first, level(30.0)], second]
    if constant:
        held = [
            dose(0.0, 0.0, rate=12.0, ss=1),
            level(0.5),
            level(6.0),
            dose(10.0, 50.0, rate=25.0),
        ]
        designs.append([*held, level(11.0), level(20.0)])
    return designs


def antibody_steady_state() -> list[Design]:
    """Four-weekly infusions for ever, then a delay."""
    first = [dose(0.0, 300.0, rate=7200.0, ss=1, ii=28.0), level(0.5), level(14.0), level(27.9)]
    second = [dose(5.0, 300.0, rate=7200.0, ss=1, ii=42.0, addl=1), level(20.0), level(46.0)]
    return [[*first, level(50.0)], [*second, level(60.0), level(88.0)]]


STEADY_NOTES = (
    "SS = 1 replaces the state by the limit of the same dose every II; the record's dose is then "
    "given at its time",
)


def steady_cases() -> list[Case]:
    """(e) and (j): oral and infused, linear and saturable, with and without a lag."""
    infused = oral("linear", lag=False)
    infused["absorption"] = "none"
    infused["compartments"] = 2
    del infused["parameters"]["ka"]
    infused["parameters"] |= {"q": {"typical": 5.0}, "vp": {"typical": 25.0}}
    infused["omega"] = {"names": ["cl", "vc"], "matrix": [[0.08, 0.02], [0.02, 0.06]]}
    note = (
        "AMT 0 with RATE > 0, II 0 and SS 1: a constant infusion since ever that ends at its record"
    )
    lagging = (
        "with a lag the state at the record is that of II - lag after the last arrival; the "
        "record's dose enters after the lag"
    )
    return [
        Case(
            "one-cpt-oral-steady-state",
            "one compartment, first-order absorption, steady state, ADDL after it, a second one",
            oral("linear", lag=False),
            steady_oral(),
            STEADY_NOTES,
        ),
        Case(
            "two-cpt-infusion-steady-state",
            "two compartments, infusions at steady state, a constant one that ends",
            infused,
            steady_infusions(constant=True),
            (*STEADY_NOTES, note),
        ),
        Case(
            "one-cpt-oral-saturable-steady-state",
            "one compartment, first-order absorption, Michaelis-Menten only, steady state",
            oral("michaelis-menten", lag=False),
            steady_oral(),
            STEADY_NOTES,
        ),
        Case(
            "two-cpt-infusion-saturable-steady-state",
            "two compartments, linear and Michaelis-Menten, infusions at steady state",
            saturable(2),
            antibody_steady_state(),
            STEADY_NOTES,
        ),
        Case(
            "one-cpt-oral-lag-steady-state",
            "one compartment, first-order absorption with a lag with variability, steady state",
            oral("linear", lag=True),
            steady_oral(),
            (*STEADY_NOTES, lagging),
        ),
    ]


def absorption_cases() -> list[Case]:
    """All of them, in the order of their seeds."""
    return [three_compartments(), zero_order(), *steady_cases()]
