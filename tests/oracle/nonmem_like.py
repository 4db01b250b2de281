"""NONMEM's individual estimate with INTERACTION, written again from its definition.

Independent of the package: numpy and scipy only. -2 log L without the 2 pi constant is

    sum over levels of ln v + (y - f)^2 / v        (f, v at the individual's random effects)
    + eta' inv(Omega) eta

its minimum is the mode; the individual objective adds ln det(Omega) - ln det(ETC), with ETC the
inverse of inv(Omega) + sum of g g' / v + 0.5 dv dv' / v^2 (FOCEI). A censored level contributes
-2 ln Phi (M3) and has no place in FOCEI: with one in the data no objective is given.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_ndtr

from tests.oracle.kinetics import NoSteadyStateError, concentrations
from tests.oracle.parameters import Model, Record, parameters_of, random_layout

Floats = NDArray[np.float64]
STEP = 1e-20
SYNONYMS = {"evid": "EVID", "time": "TIME", "amt": "AMT", "cmt": "CMT", "ii": "II", "addl": "ADDL"}


def read_people(path: Path) -> list[list[Record]]:
    """Records per person in file order; an empty cell or '.' is 0, as in NONMEM."""
    people: dict[str, list[Record]] = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            named = {SYNONYMS.get(k, k.upper()): v for k, v in row.items()}
            record = {k: 0.0 if v in ("", ".") else float(v) for k, v in named.items()}
            people.setdefault(named["ID"], []).append(record)
    return list(people.values())


@dataclass(frozen=True)
class Fit:
    """A person's mode: ``random`` in the order of ``layout`` (name, occasion 0 = eta).

    ``modes`` is 1 when all starts ended in the same minimum, 2 when not.
    """

    layout: list[tuple[str, int]]
    random: Floats
    minus_two_log: float
    etc: Floats
    objective: float | None
    pred: Floats
    ipred: Floats
    modes: int


class Person:
    """One person's records under one model."""

    def __init__(self, model: Model, records: list[Record]) -> None:
        self.model, self.records = model, records
        occasions = list(dict.fromkeys(r["OCC"] for r in records if "OCC" in r))
        self.layout, self.omega = random_layout(model, occasions)
        self.precision = np.linalg.inv(self.omega)
        self.used = [
            i for i, r in enumerate(records) if int(r["EVID"]) == 0 and not r.get("MDV", 0.0)
        ]
        self.log_scale = model["residual"]["form"] == "log-additive"

    def levels(self, random: NDArray[Any]) -> NDArray[np.complex128]:
        """Predicted concentration after every record."""
        parameters = []
        for record in self.records:
            total: dict[str, complex] = {}
            for (name, occasion), value in zip(self.layout, random, strict=True):
                if occasion in (0, int(record.get("OCC", 0.0))):
                    total[name] = total.get(name, 0.0) + value
            parameters.append(parameters_of(self.model, record, total))
        carry = self.model.get("carry", "nocb")
        return concentrations(self.records, parameters, self.model["absorption"], carry)

    def levels_and_gradient(self, random: Floats) -> tuple[Floats, Floats]:
        """f (n,) and df/d(random) (n, r) by complex steps."""
        steps = []
        for k in range(len(random)):
            moved = random.astype(complex)
            moved[k] += 1j * STEP
            steps.append(self.levels(moved))
        return steps[0].real, np.array([s.imag for s in steps]).T / STEP

    def variance(self, f: Floats) -> tuple[Floats, Floats]:
        """Residual variance and its derivative by f (on the scale of the data)."""
        residual = self.model["residual"]
        a, b = residual.get("additive_sd", 0.0), residual.get("proportional_sd", 0.0)
        match residual["form"]:
            case "proportional":
                return (b * f) ** 2, 2.0 * b**2 * f
            case "additive" | "log-additive":
                return np.full_like(f, a**2), np.zeros_like(f)
            case "combined variances":
                return a**2 + (b * f) ** 2, 2.0 * b**2 * f
            case "combined sds":
                return (a + b * f) ** 2, 2.0 * b * (a + b * f)
        raise ValueError(residual["form"])

    def parts(self, random: Floats) -> tuple[float, Floats, Floats | None]:
        """-2 log L, its gradient, and the FOCEI information (None with censored levels)."""
        f, g = self.levels_and_gradient(random)
        value = random @ self.precision @ random
        slope = 2.0 * self.precision @ random
        information: Floats | None = self.precision.copy()
        for i in self.used:
            record, fi, gi = self.records[i], f[i], g[i]
            y = record["DV"]
            if self.log_scale:
                y, fi, gi = np.log(y), np.log(fi), gi / fi
            v, dv = (float(x[0]) for x in self.variance(np.array([fi])))
            side = record.get("CENS", 0.0)
            if side:
                # 1: below the limit in DV, -1: above it.
                z = side * (y - fi) / np.sqrt(v)
                dz = -side / np.sqrt(v) - 0.5 * z * dv / v
                hazard = np.exp(-0.5 * z * z - 0.5 * np.log(2.0 * np.pi) - log_ndtr(z))
                value += -2.0 * log_ndtr(z)
                slope = slope - 2.0 * hazard * dz * gi
                information = None
                continue
            value += np.log(v) + (y - fi) ** 2 / v
            slope = slope + (dv / v - 2.0 * (y - fi) / v - (y - fi) ** 2 * dv / v**2) * gi
            if information is not None:
                information = information + np.outer(gi, gi) * (1.0 / v + 0.5 * (dv / v) ** 2)
        return float(value), slope, information

    def polished(self, random: Floats) -> Floats:
        """Newton on the gradient with differences of the exact gradient as its Jacobian."""
        scale = np.sqrt(np.diag(self.omega))
        for _ in range(8):
            slope = self.parts(random)[1]
            if np.max(np.abs(slope * scale)) < 1e-9:
                break
            columns = []
            for k in range(len(random)):
                h = 1e-5 * scale[k] * np.eye(len(random))[k]
                columns.append((self.parts(random + h)[1] - self.parts(random - h)[1]) / 2e-5)
            # columns hold scale * Hessian rows; solve in units of prior SDs
            hessian = np.array(columns) * scale[np.newaxis, :]
            hessian = 0.5 * (hessian + hessian.T)
            random = random - scale * np.linalg.solve(hessian, scale * slope)
        assert np.max(np.abs(self.parts(random)[1] * scale)) < 1e-6, "mode not reached"
        return random

    def fit(self, starts: int = 1, seed: int = 0) -> Fit:
        """The best mode of several starts: the origin, then draws from half the prior."""
        rng = np.random.default_rng(seed)
        scale = np.sqrt(np.diag(self.omega))

        def scaled(z: Floats) -> tuple[float, Floats]:
            # A wall where no mode is, so that the line search turns back: integration at
            # parameters of e^10 costs minutes.
            wall = 1e6 + float(z @ z), 2.0 * z
            if np.max(np.abs(z)) > 6.0:
                return wall
            try:
                value, slope, _ = self.parts(z * scale)
            except NoSteadyStateError:
                return wall
            return value, slope * scale

        ends: list[tuple[float, Floats]] = []
        for k in range(starts):
            start = np.zeros(len(scale)) if k == 0 else 0.5 * rng.standard_normal(len(scale))
            found = minimize(scaled, start, jac=True, method="BFGS", options={"gtol": 1e-6})
            ends.append((float(found.fun), found.x))
        best = min(ends, key=lambda end: end[0])
        modes = 1 + any(np.max(np.abs(x - best[1])) > 0.01 for _, x in ends)
        random = self.polished(best[1] * scale)
        value, _, information = self.parts(random)
        etc, objective = np.full_like(self.omega, np.nan), None
        if information is not None:
            etc = np.linalg.inv(information)
            objective = value + np.linalg.slogdet(self.omega)[1] - np.linalg.slogdet(etc)[1]
        return Fit(
            self.layout,
            random,
            value,
            etc,
            objective,
            self.levels(np.zeros(len(random))).real,
            self.levels(random).real,
            modes,
        )
