"""Amounts through a person's records, the way NONMEM's PREDPP walks them; slow and plain.

Linear systems are advanced by matrix exponentials, saturable ones by scipy's DOP853 at rtol
1e-12, always stopped at every arrival of a dose and every end of an infusion. Times, doses and
parameters may be complex: an imaginary part of 1e-20 carries one derivative (complex step), so
order is decided by real parts and lengths of time stay analytic.

Conventions (NONMEM users' guide VI): the parameters of a record hold over the interval that
ends at it (NOCB; ``carry = "locf"`` instead uses those of the record before); bioavailability,
lag and modelled duration are those of the dose's own record, additional doses inherit them;
EVID 3 and 4 empty the compartments, stop infusions and cancel doses to come; a steady-state
dose (SS = 1) replaces the state by that of the same dose given for ever every II, the state
with a lag being II - lag after the last arrival; a steady-state infusion without amount ends at
its record. A prediction belongs to the state after its record.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

Complexes = NDArray[np.complex128]
Parameters = dict[str, complex]
DEPOT, CENTRAL, STATES = 0, 1, 4
RTOL = 1e-12


class NoSteadyStateError(ArithmeticError):
    """Input at least as fast as elimination can be."""


@dataclass
class Dose:
    """An amount entering ``state``; ``length`` 0 is at once."""

    amount: complex
    length: complex
    state: int


@dataclass
class System:
    """The amounts now, infusions running as (end, rate, state) and doses to come."""

    now: complex = 0.0
    amounts: Complexes = field(default_factory=lambda: np.zeros(STATES, complex))
    running: list[tuple[complex, complex, int]] = field(default_factory=list)
    coming: list[tuple[complex, Dose]] = field(default_factory=list)


def rates_matrix(p: Parameters) -> Complexes:
    """The linear part: depot, central, first and second peripheral compartment."""
    k10, k12, k21 = p["cl"] / p["vc"], p["q"] / p["vc"], p["q"] / p["vp"]
    k13, k31, ka = p["q2"] / p["vc"], p["q2"] / p["vp2"], p["ka"]
    return np.array(
        [
            [-ka, 0.0, 0.0, 0.0],
            [ka, -(k10 + k12 + k13), k21, k31],
            [0.0, k12, -k21, 0.0],
            [0.0, k13, 0.0, -k31],
        ],
        complex,
    )


def flow(p: Parameters, amounts: Complexes, rate: Complexes, length: complex) -> Complexes:
    """The amounts after ``length`` with constant inflow ``rate``; no event inside."""
    if length == 0.0:
        return amounts
    matrix = rates_matrix(p)
    if p["vmax"] == 0.0:
        whole = np.zeros((STATES + 1, STATES + 1), complex)
        whole[:STATES, :STATES] = matrix
        whole[:STATES, STATES] = rate
        return (expm(whole * length) @ np.append(amounts, 1.0))[:STATES]

    def change(_: float, y: Complexes) -> Complexes:
        slope = matrix @ y + rate
        level = y[CENTRAL] / p["vc"]
        slope[CENTRAL] -= p["vmax"] * level / (p["km"] + level)
        return slope * length

    largest = max(float(np.max(np.abs(amounts))), float(np.max(np.abs(rate * length))), 1e-30)
    solved = solve_ivp(
        change, (0.0, 1.0), amounts, method="DOP853", rtol=RTOL, atol=1e-14 * largest
    )
    assert solved.success, solved.message
    return solved.y[:, -1]


def arrive(system: System, dose: Dose) -> None:
    """Let a dose enter now."""
    if dose.length == 0.0:
        system.amounts = system.amounts.copy()
        system.amounts[dose.state] += dose.amount
    else:
        rate = dose.amount / dose.length
        system.running.append((system.now + dose.length, rate, dose.state))


def advance(system: System, p: Parameters, until: complex) -> None:
    """Move to ``until``, doses of that very moment included."""
    while True:
        due = [t for t, _ in system.coming] + [end for end, _, _ in system.running]
        due = [t for t in due if t.real <= until.real]
        stop = min(due, key=lambda t: t.real) if due else until
        rate = np.zeros(STATES, complex)
        for _, inflow, state in system.running:
            rate[state] += inflow
        system.amounts = flow(p, system.amounts, rate, stop - system.now)
        system.now = stop
        system.running = [r for r in system.running if r[0].real > stop.real]
        arriving = [d for t, d in system.coming if t.real <= stop.real]
        system.coming = [(t, d) for t, d in system.coming if t.real > stop.real]
        for dose in arriving:
            arrive(system, dose)
        if not due:
            return


def period(p: Parameters, dose: Dose, every: float, amounts: Complexes) -> Complexes:
    """One interval of the for-ever regimen, from just before one arrival to before the next."""
    turns = int(dose.length.real // every) if dose.length != 0.0 else 0
    system = System(0.0 + 0.0j, amounts.copy())
    if dose.length != 0.0:
        rate = dose.amount / dose.length
        # Infusions longer than the interval overlap: those begun `turns` intervals ago or less.
        system.running = [(dose.length - k * every, rate, dose.state) for k in range(turns + 1)]
    else:
        arrive(system, dose)
    advance(system, p, every + 0.0j)
    return system.amounts


def steady_before(p: Parameters, dose: Dose, every: float) -> Complexes:
    """Amounts just before an arrival, by Newton on the map of one interval.

    The Jacobian is that of the real part, which is enough: for an imaginary part of 1e-20 one
    Newton step is the implicit function theorem.
    """
    amounts = np.zeros(STATES, complex)
    for _ in range(4):
        amounts = period(p, dose, every, amounts)
    real = {k: complex(np.real(v)) for k, v in p.items()}
    real_dose = Dose(complex(np.real(dose.amount)), complex(np.real(dose.length)), dose.state)
    # A compartment the structure does without never empties: it stays out of the equations.
    present = [DEPOT, CENTRAL] + [2] * bool(p["q"]) + [3] * bool(p["q2"])
    taken = dose.amount.real / every
    if p["cl"] == 0.0 and p["vmax"] != 0.0 and taken >= p["vmax"].real:
        raise NoSteadyStateError(f"{taken} a unit of time in, at most {p['vmax'].real} out")
    step = 1e-20
    close = False
    for _ in range(60):
        here = amounts.real.astype(complex)
        columns = [
            period(real, real_dose, every, here + 1j * step * np.eye(STATES)[k]).imag / step
            for k in present
        ]
        jacobian = np.array(columns).T[present]
        missing = period(p, dose, every, amounts) - amounts
        move = np.linalg.solve(np.eye(len(present)) - jacobian, missing[present])
        amounts = amounts.copy()
        amounts[present] += move
        if close:
            return amounts
        # Newton squares the error: one more step reaches the integrator's own.
        close = bool(np.max(np.abs(move.real)) <= 1e-7 * np.max(np.abs(amounts.real)))
    raise NoSteadyStateError("no convergence")


def steady_state(system: System, p: Parameters, dose: Dose, every: float, lag: complex) -> None:
    """Put the system where the for-ever regimen has brought it at the dose record."""
    t = system.now
    system.running, system.coming = [], []
    if every == 0.0:
        # dose.amount is the rate here: a steady infusion that ends at its record.
        inflow = np.zeros(STATES, complex)
        inflow[dose.state] = dose.amount
        system.amounts = _balance(p, inflow)
        return
    before = System(0.0 + 0.0j, steady_before(p, dose, every))
    if lag.real > 0.0:
        assert lag.real < every, "a lag of a whole interval"
        if dose.length != 0.0:
            rate = dose.amount / dose.length
            turns = int(dose.length.real // every)
            ends = [dose.length - k * every for k in range(turns + 1)]
            before.running = [(end, rate, dose.state) for end in ends]
        else:
            arrive(before, dose)
        advance(before, p, every - lag)
        shift = t - (every - lag)
        system.running = [(end + shift, r, s) for end, r, s in before.running]
    elif dose.length != 0.0:
        rate = dose.amount / dose.length
        turns = int(dose.length.real // every)
        system.running = [
            (t + dose.length - k * every, rate, dose.state) for k in range(1, turns + 1)
        ]
    system.amounts = before.amounts


def _balance(p: Parameters, inflow: Complexes) -> Complexes:
    """Amounts at which outflow equals a constant inflow (into the central compartment)."""
    rate, cl, vmax, km = inflow[CENTRAL], p["cl"], p["vmax"], p["km"]
    if vmax == 0.0:
        level = rate / cl
    elif cl == 0.0:
        level = rate * km / (vmax - rate)
    else:
        b = cl * km + vmax - rate
        level = (-b + np.sqrt(b * b + 4.0 * cl * rate * km)) / (2.0 * cl)
    return level * np.array([0.0, p["vc"], p["vp"], p["vp2"]], complex)


def dose_of(record: dict[str, float], p: Parameters, absorption: str) -> tuple[Dose, complex]:
    """The dose of a record and its lag; only extravascular doses have lag and F."""
    depot = absorption == "first-order"
    amount, rate = record["AMT"] + 0.0j, record.get("RATE", 0.0)
    if rate == -2.0:
        return Dose(amount * p["f"], p["duration"] + 0.0j, CENTRAL), p["lag"] + 0.0j
    if depot and int(record["CMT"]) == 1:
        return Dose(amount * p["f"], 0.0j, DEPOT), p["lag"] + 0.0j
    if amount == 0.0:
        return Dose(rate + 0.0j, 0.0j, CENTRAL), 0.0j
    return Dose(amount, amount / rate if rate else 0.0j, CENTRAL), 0.0j


def concentrations(
    records: list[dict[str, float]], parameters: list[Parameters], absorption: str, carry: str
) -> Complexes:
    """Concentration after every record, amount / volume of that record's parameters."""
    system = System(records[0]["TIME"] + 0.0j)
    levels = np.zeros(len(records), complex)
    for i, (record, own) in enumerate(zip(records, parameters, strict=True)):
        t, evid = record["TIME"] + 0.0j, int(record["EVID"])
        if evid in (3, 4):
            system = System(t)
        else:
            advance(system, own if carry == "nocb" else parameters[max(i - 1, 0)], t)
        if evid in (1, 4):
            dose, lag = dose_of(record, own, absorption)
            every = record.get("II", 0.0)
            if record.get("SS", 0.0) == 1.0:
                steady_state(system, own, dose, every, lag)
            doses = 1 + int(record.get("ADDL", 0.0))
            if record.get("SS", 0.0) == 1.0 and every == 0.0:
                doses = 0
            for k in range(doses):
                arrival = t + k * every + lag
                if arrival.real == t.real:
                    arrive(system, dose)
                else:
                    system.coming.append((arrival, dose))
        levels[i] = system.amounts[CENTRAL] / own["vc"]
    return levels
