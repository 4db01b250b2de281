"""Other ways to the same numbers: scipy with restarts, and closed forms.

Nothing here uses the compiled kernel or its right-hand side.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from openntz.mechanism.pharmacokinetics import PkParameters, Schedule

Floats = NDArray[np.float64]
NAMES = (
    "cl_l_per_day",
    "vc_l",
    "q_l_per_day",
    "vp_l",
    "vmax_mg_per_day",
    "km_mg_per_l",
    "ka_per_day",
    "f",
    "lag_day",
)


def scipy_concentration(
    parameters: PkParameters, lane: int, doses: Schedule, time_day: ArrayLike
) -> Floats:
    """DOP853 at rtol 1e-10, atol 1e-12, restarted at every event and every requested time."""
    day = parameters.segment_day
    times = np.asarray(time_day, float)

    def at(moment: float) -> dict[str, float]:
        segment = int(np.searchsorted(day, moment, side="right")) - 1
        return {name: float(getattr(parameters, name)[lane, segment]) for name in NAMES}

    given = [
        (start, start + length, length, amount, skin, at(start))
        for start, length, amount, skin in zip(
            doses.start_day, doses.duration_day, doses.amount_mg, doses.subcutaneous, strict=True
        )
    ]
    arrivals = [(s + p["lag_day"], 0, a * p["f"]) for s, _, _, a, skin, p in given if skin]
    arrivals += [(s, 1, a) for s, _, n, a, skin, _ in given if not skin and n == 0.0]
    drips = [(s, e, a / n) for s, e, n, a, skin, _ in given if not skin and n > 0.0]
    now = float(doses.start_day.min())
    stops = {*times, *(a[0] for a in arrivals), *day[np.isfinite(day)]}
    stops |= {d[0] for d in drips} | {d[1] for d in drips}
    y = np.zeros(3)
    seen: dict[float, float] = {t: 0.0 for t in times if t <= now}
    for moment, state, amount in arrivals:
        if moment == now:
            y[state] += amount
    for stop in sorted(s for s in stops if s > now):
        p = at(now)
        rate = sum(r for s, e, r in drips if s <= now and stop <= e)

        def change(_: float, a: Floats, p: dict[str, float] = p, rate: float = rate) -> list[float]:
            c = a[1] / p["vc_l"]
            across = p["q_l_per_day"] * (c - a[2] / p["vp_l"])
            absorbed = p["ka_per_day"] * a[0]
            saturable = p["vmax_mg_per_day"] * c / (p["km_mg_per_l"] + c)
            return [
                -absorbed,
                rate + absorbed - p["cl_l_per_day"] * c - saturable - across,
                across,
            ]

        solved = solve_ivp(change, (now, stop), y, method="DOP853", rtol=1e-10, atol=1e-12)
        assert solved.success
        y = solved.y[:, -1]
        seen[stop] = y[1] / p["vc_l"]
        for moment, state, amount in arrivals:
            if moment == stop:
                y[state] += amount
        now = stop
    return np.array([seen[t] for t in times])


def one_compartment_infusion(
    cl: float, v: float, amount: float, length: float, since_start: ArrayLike
) -> Floats:
    """Textbook closed form of one infusion, concentration at days since its start."""
    t = np.asarray(since_start, float)
    k = cl / v
    inside = np.minimum(np.maximum(t, 0.0), length)
    after = np.maximum(t - length, 0.0)
    return amount / length / cl * -np.expm1(-k * inside) * np.exp(-k * after)


def two_compartment_infusion(
    cl: float, vc: float, q: float, vp: float, amount: float, length: float, since_start: ArrayLike
) -> Floats:
    """Closed form of one infusion into two compartments (Gabrielsson and Weiner)."""
    t = np.asarray(since_start, float)
    k10, k12, k21 = cl / vc, q / vc, q / vp
    total = k10 + k12 + k21
    alpha = 0.5 * (total + math.sqrt(total**2 - 4 * k10 * k21))
    beta = k10 * k21 / alpha
    inside = np.minimum(np.maximum(t, 0.0), length)
    after = np.maximum(t - length, 0.0)
    result = np.zeros_like(t)
    for rate, share in (
        (alpha, (alpha - k21) / (alpha - beta)),
        (beta, (k21 - beta) / (alpha - beta)),
    ):
        result += (
            amount / length / vc * share / rate * -np.expm1(-rate * inside) * np.exp(-rate * after)
        )
    return result


def linear_absorption(
    cl: float, vc: float, q: float, vp: float, ka: float, amount: float, since_arrival: ArrayLike
) -> Floats:
    """Matrix exponential of the linear system after ``amount`` enters the depot."""
    system = np.array([[-ka, 0.0, 0.0], [ka, -(cl + q) / vc, q / vp], [0.0, q / vc, -q / vp]])
    return np.array(
        [
            (expm(system * t) @ [amount, 0.0, 0.0])[1] / vc if t > 0.0 else 0.0
            for t in np.asarray(since_arrival, float)
        ]
    )
