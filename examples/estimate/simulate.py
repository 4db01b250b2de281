"""Makes data.csv of this folder: 24 people drawn from card.toml with a fixed seed.

Run it from anywhere; equal seeds give equal bytes. ``truth.csv`` keeps the drawn effects, so
that estimates can be held against them. Some rows are as real data are: levels below the limit,
a person without a level, a dose without an amount, a level that does not fit.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from openntz.forecast.cohort import EXACT, Cohort
from openntz.models.card import load_card
from openntz.records.nonmem import read_nonmem
from openntz.records.write import write_csv
from openntz.workflows.nonmem_subject import prepare

SEED = 20261122
PEOPLE, DOSES, LIMIT = 24, 6, 1.0
HEADER = ("ID", "TIME", "EVID", "AMT", "RATE", "DV", "CENS", "MDV", "OCC", "WT")
HERE = Path(__file__).parent

Row = list[object]


def records(rng: np.random.Generator, person: int) -> list[Row]:
    """Infusions every four weeks or so, with troughs and one level soon after a dose."""
    weight = round(float(np.exp(rng.normal(np.log(72.0), 0.2))), 1)
    visits = np.round(np.cumsum([0.0, *(28.0 + rng.normal(0.0, 1.5, DOSES - 1))]), 2)
    seen = {*rng.choice(np.arange(1, DOSES), 3, replace=False).tolist()}
    rows: list[Row] = []
    for n, day in enumerate(visits):
        occasion = 1 if n <= DOSES // 2 else 2
        if n in seen:
            rows.append([person, day, 0, 0, 0, 1.0, 0, 0, occasion, weight])
        rows.append([person, day, 1, 300, 7200, ".", 0, 1, occasion, weight])
        if n == 2:
            after = round(float(day + 1.0 + rng.random()), 2)
            rows.append([person, after, 0, 0, 0, 1.0, 0, 0, occasion, weight])
    if person % 4 == 0:
        late = round(float(visits[-1]) + 120.0, 2)
        rows.append([person, late, 0, 0, 0, 1.0, 0, 0, 2, weight])
    return rows


def levels(rng: np.random.Generator, people: list[list[Row]]) -> list[Row]:
    """Fill in levels from drawn effects and residual errors; returns the drawn effects."""
    card = load_card(HERE / "card.toml")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.csv"
        write_csv(path, HEADER, (row for rows in people for row in rows))
        subjects = read_nonmem(path).subjects
    ready = [prepare(rows, card) for rows in subjects]
    cohort = Cohort(card, [p.subject for p in ready])
    theta = rng.multivariate_normal(np.zeros(cohort.size), cohort.covariance, PEOPLE)
    level = cohort.predict(theta[None], EXACT).concentration[0]
    first = 0
    for rows, one in zip(people, ready, strict=True):
        for row, column in zip(rows, one.column, strict=True):
            if row[7] == 0:
                f = level[first + column]
                value = f + float(card.residual.sd(f)) * rng.normal()
                row[5], row[6] = (LIMIT, 1) if value < LIMIT else (round(float(value), 2), 0)
        first += len(one.column)
    names = [
        *((n, "") for n in card.eta_names),
        *((n, o) for o in (1, 2) for n in card.kappa_names),
    ]
    return [
        [i + 1, occasion, name, repr(float(theta[i, k]))]
        for i in range(PEOPLE)
        for k, (name, occasion) in enumerate(names)
    ]


def main() -> None:
    """Write data.csv and truth.csv."""
    rng = np.random.default_rng(SEED)
    people = [records(rng, person + 1) for person in range(PEOPLE)]
    truth = levels(rng, people)
    for row in people[6]:
        row[5], row[6], row[7] = ".", 0, 1
    people[11][0][3] = 0
    odd = next(row for row in people[17] if row[7] == 0)
    odd[5] = round(4.0 * float(str(odd[5])), 2)
    write_csv(HERE / "data.csv", HEADER, (row for rows in people for row in rows))
    write_csv(HERE / "truth.csv", ("ID", "occasion", "parameter", "drawn"), truth)


if __name__ == "__main__":
    main()
