"""Simulate the histories of the blockade that the blood sensor weighs, and keep a few hundred.

    python calibration/sensor_histories.py [--people N] [--paths K] [--seed S]

Everybody is dosed every four weeks. People whose blockade nothing disturbs are one path, their
mean; the paths of the others are clustered (k-means on the means of the intervals) and kept as the
clusters' means, with their shares. The seed is neither that of calibration, nor of `openntz
validate`, nor of benchmarks/lymphocyte_sensor.py, so that nothing is tested on the people it was
made from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.cluster.vq import kmeans2

import openntz.forecast
from openntz.forecast.sensor_histories import TABLE, deciding
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.mechanism.virtual.people import draw_people

DAYS = 729
EVERY = 28
# Weeks while antibodies come and go, then intervals of four weeks.
WEEKLY_UNTIL = 168
EDGES = np.append(np.arange(0, WEEKLY_UNTIL, 7), np.arange(WEEKLY_UNTIL, DAYS, EVERY))
# Below this blockade in some interval somebody is disturbed.
DISTURBED_BELOW = 0.98
TOGETHER = 2000


def interval_means(people: int, seed: int) -> np.ndarray:
    """Mean blockade (N, E) between the edges, on the days after the first and up to the second."""
    p, found = shipped_parameters(), []
    regimen = Regimen.of(np.arange(0.0, DAYS, EVERY))
    for first in range(0, people, TOGETHER):
        crowd = draw_people(seed, range(first, min(first + TOGETHER, people)))
        shut = 1.0 - Fates(crowd, p, regimen, np.arange(float(DAYS))).opened
        until = np.cumsum(shut, axis=1)[:, EDGES]
        found.append(np.diff(until, axis=1) / np.diff(EDGES))
    return np.vstack(found)


def main() -> None:
    """Simulate, cluster, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--paths", type=int, default=300)
    parser.add_argument("--seed", type=int, default=71_828)
    choice = parser.parse_args()
    mean = interval_means(choice.people, choice.seed)
    disturbed = mean.min(axis=1) < DISTURBED_BELOW
    centre, member = kmeans2(mean[disturbed], choice.paths, minit="++", rng=choice.seed)
    count = np.bincount(member, minlength=choice.paths)
    kept = count > 0
    paths = np.vstack([mean[~disturbed].mean(axis=0), centre[kept]])
    share = np.append((~disturbed).sum(), count[kept]) / choice.people
    about = f"made with,{deciding(shipped_parameters())},people,{choice.people},seed,{choice.seed}"
    head = ",".join(["share", *map(str, EDGES[1:])])
    rows = [
        ",".join([f"{s:.5f}", *(f"{x:.3f}" for x in row)])
        for s, row in zip(share, np.clip(paths, 0.0, 1.0), strict=True)
    ]
    file = Path(openntz.forecast.__file__).parent / TABLE
    file.write_text("\n".join([about, head, *rows, ""]), encoding="utf-8")
    print(f"{disturbed.sum()} of {choice.people} disturbed; {kept.sum()} paths in {file}")


if __name__ == "__main__":
    main()
