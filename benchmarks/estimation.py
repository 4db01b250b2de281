"""How long estimates of many people take, and how far off the modes are (problem 2).

    python benchmarks/estimation.py --what map --people 500 --threads 1 --json

``map``: modes of people with 12 doses and troughs on days 28, 84, 168 and 336, three etas,
variance 0.5^2 + (0.15 f)^2. ``posterior``: 1,000 draws of one person with the concentration on
every day of the next eight weeks, with the shipped natalizumab card. ``population``: people
with doses that are days early or late, modes, posteriors and forecasts of all.

Last line: {"seconds": median of the repeats, "ms_per_person":, "worst_eta_error": against modes
searched anew at tight tolerance from a displaced start (map only), "peak_mb":}. Compilation is
not timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from openntz.forecast.cohort import EXACT, Cohort
from openntz.forecast.map_estimate import curvature, find_modes
from openntz.forecast.posterior import sample_cohort
from openntz.forecast.subject import Observations, Subject
from openntz.mechanism.plan import Span
from openntz.mechanism.regimen import Schedule
from openntz.models.card import Card, load_card

SEED = 20261122
DOSES, INTERVAL_DAY, INFUSION_DAY, DOSE_MG = 12, 28.0, 1.0 / 24.0, 300.0
TROUGHS = (1, 3, 6, 12)
AHEAD_DAY = np.arange(1.0, 57.0)
DRAWS = 1000
CARD = Path(__file__).with_name("problem_two.toml")
TIGHT = 1e-9


def _doses(rng: np.random.Generator, jitter_day: float) -> tuple[Schedule, np.ndarray]:
    """Doses and the times of the troughs."""
    start = INTERVAL_DAY * np.arange(DOSES + 1, dtype=np.float64)
    start[1:] += rng.uniform(-jitter_day, jitter_day, DOSES) if jitter_day else 0.0
    given = start[:DOSES]
    length = np.full(DOSES, INFUSION_DAY)
    schedule = Schedule(given, length, np.full(DOSES, DOSE_MG), np.zeros(DOSES, bool))
    return schedule, start[list(TROUGHS)]


def people(card: Card, n: int, jitter_day: float) -> tuple[Subject, ...]:
    """``n`` people drawn from the card, with their measured troughs."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    found = []
    for i in range(n):
        schedule, time_day = _doses(rng, jitter_day)
        weight = float(np.clip(73.0 * np.exp(0.2 * rng.standard_normal()), 40.0, 140.0))
        found.append(
            Subject(
                id=str(i + 1),
                spans=(Span(schedule, np.array([-np.inf]), time_day),),
                covariates={"weight": np.array([weight])},
                occasion=np.zeros(1, np.int64),
                raised=np.zeros(1),
                observations=Observations.levels(np.arange(len(TROUGHS)), np.ones(len(TROUGHS))),
            )
        )
    cohort = Cohort(card, found)
    theta = rng.standard_normal((1, n, cohort.size)) @ np.linalg.cholesky(cohort.covariance).T
    level = cohort.predict(theta, EXACT).concentration.reshape(n, -1)
    noise = card.residual.sd(level) * rng.standard_normal(level.shape)
    measured = np.maximum(level + noise, 0.05)
    columns = np.arange(len(TROUGHS))
    return tuple(
        Subject(
            s.id, s.spans, s.covariates, s.occasion, s.raised, Observations.levels(columns, own)
        )
        for s, own in zip(found, measured, strict=True)
    )


def time_map(n: int, threads: int) -> tuple[float, float]:
    """Seconds for the modes, and their largest error in eta."""
    card = load_card(CARD)
    cohort = Cohort(card, people(card, n, 0.0))
    began = time.perf_counter()
    modes = find_modes(cohort, threads=threads)
    seconds = time.perf_counter() - began
    tight = find_modes(
        cohort, accuracy=EXACT, tolerance=TIGHT, start=modes.theta + 0.1, threads=threads
    )
    assert set(modes.status) == {"ok"}
    return seconds, float(np.abs(modes.theta - tight.theta).max())


def _forecast(card: Card, subject: Subject, theta: np.ndarray, threads: int) -> np.ndarray:
    last = subject.spans[-1].schedule.start_day[-1]
    asked = Cohort(card, [subject.asked(last + AHEAD_DAY)])
    alone = Cohort(card, [subject])
    drawn = sample_cohort(
        asked,
        len(TROUGHS),
        theta,
        curvature(alone, theta),
        DRAWS,
        np.random.default_rng(SEED),
        pareto_k_limit=0.7,
        chain_cohort=alone,
        threads=threads,
    )
    return np.quantile(drawn.concentration, [0.05, 0.5, 0.95], axis=0)


def time_posterior(threads: int) -> tuple[float, float | None]:
    """Seconds for one person's mode, posterior and forecast."""
    card = load_card("van_den_berg_2025")
    own = people(card, 8, 2.0)
    seconds = []
    for subject in own:
        began = time.perf_counter()
        mode = find_modes(Cohort(card, [subject])).theta[0]
        _forecast(card, subject, mode, threads)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), None


def time_population(n: int, threads: int) -> tuple[float, float | None]:
    """Seconds for modes, posteriors and forecasts of ``n`` people with own schedules."""
    card = load_card("van_den_berg_2025")
    own = people(card, n, 3.0)
    began = time.perf_counter()
    modes = find_modes(Cohort(card, own), threads=threads)
    for subject, mode in zip(own, modes.theta, strict=True):
        _forecast(card, subject, mode, threads)
    return time.perf_counter() - began, None


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=["map", "posterior", "population"], default="map")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="only the last line")
    choice = parser.parse_args()

    def run(n: int) -> tuple[float, float | None]:
        if choice.what == "map":
            return time_map(n, choice.threads)
        if choice.what == "posterior":
            return time_posterior(choice.threads)
        return time_population(n, choice.threads)

    run(4)  # compiles, or reads the compiled kernel
    runs = [run(choice.people) for _ in range(choice.repeats)]
    seconds = statistics.median(s for s, _ in runs)
    count = 1 if choice.what == "posterior" else choice.people
    if not choice.json:
        print(f"{choice.what}: {1e3 * seconds / count:.3f} ms a person")
    line = {
        "seconds": seconds,
        "ms_per_person": 1e3 * seconds / count,
        "worst_eta_error": runs[-1][1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
