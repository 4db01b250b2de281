"""The result files of a program, as the pack reads them; docs/reference/conformance.md.

Columns may come in any order and others may stand beside them. IDs are those of the data file;
an empty occasion is an effect between people.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

Effect = tuple[str, str]  # occasion ("" between people), parameter


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def etas(folder: Path) -> Mapping[str, Mapping[Effect, float]]:
    """etas.csv: by ID, by effect."""
    found: dict[str, dict[Effect, float]] = {}
    for row in table(folder / "etas.csv"):
        effect = (row.get("occasion", ""), row["parameter"])
        found.setdefault(row["ID"], {})[effect] = _number(row["eta"])
    return found


def objectives(folder: Path) -> Mapping[str, float]:
    """individuals.csv: by ID."""
    return {r["ID"]: _number(r["objective"]) for r in table(folder / "individuals.csv")}


def covariances(folder: Path) -> Mapping[str, Mapping[tuple[Effect, Effect], float]]:
    """covariance.csv: by ID, by pair of effects."""
    found: dict[str, dict[tuple[Effect, Effect], float]] = {}
    for r in table(folder / "covariance.csv"):
        pair = (r.get("row_occasion", ""), r["row"]), (r.get("column_occasion", ""), r["column"])
        found.setdefault(r["ID"], {})[pair] = _number(r["value"])
    return found


def predictions(folder: Path, column: str) -> Mapping[str, list[float]]:
    """predictions.csv: PRED or IPRED by ID, in the order of the data's rows."""
    found: dict[str, list[float]] = {}
    for row in table(folder / "predictions.csv"):
        found.setdefault(row["ID"], []).append(_number(row[column]))
    return found


def posteriors(folder: Path) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """posterior.csv: mean and SD by ID, by parameter."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for row in table(folder / "posterior.csv"):
        pair = _number(row["mean"]), _number(row["sd"])
        found.setdefault(row["ID"], {})[row["parameter"]] = pair
    return found


def methods(folder: Path) -> Mapping[str, str]:
    """posterior.csv: how the draws of each ID were made; empty where the program does not say."""
    return {r["ID"]: r.get("method", "") for r in table(folder / "posterior.csv")}


def _number(text: str) -> float:
    return float(text) if text.strip() else float("nan")
