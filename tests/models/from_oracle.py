"""The oracle's plain models, written as cards.

``python -m tests.models.from_oracle`` writes the cards of the derived cases again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.oracle.cases import all_cases

FOLDER = Path(__file__).parents[1] / "reference" / "cards" / "derived"
NAMES = {
    "WT": "weight",
    "AGE": "age",
    "CRCL": "crcl",
    "CLDIAL": "dialysis",
    "COMED": "comedication",
}
UNITS = {"WT": "kg", "AGE": "year", "CRCL": "mL/min", "CLDIAL": "L/h", "COMED": "code"}


def _units(model: dict[str, Any]) -> dict[str, str]:
    time, amount = model["units"]["time"], model["units"]["dose"]
    flow = f"{model['units']['volume']}/{time}"
    volume = model["units"]["volume"]
    return {
        "cl": flow, "q": flow, "q2": flow, "vc": volume, "vp": volume, "vp2": volume,
        "vmax": f"{amount}/{time}", "km": model["units"]["concentration"], "ka": f"1/{time}",
        "duration": time, "lag": time, "f": "1",
    }  # fmt: skip


def _number(value: float, unit: str) -> str:
    return f'{{value = {value!r}, unit = "{unit}"}}'


def _effect(symbol: str, effect: dict[str, Any], unit: str) -> Iterator[str]:
    name, x_unit = NAMES[effect["covariate"]], UNITS[effect["covariate"]]
    form = {"plus": "additive"}.get(effect["form"], effect["form"])
    yield f'\n[[effect]]\nparameter = "{symbol}"\ncovariate = "{name}"\nform = "{form}"'
    match effect["form"]:
        case "power":
            yield f"exponent = {_number(effect['exponent'], '1')}"
        case "linear" | "exponential":
            yield f"slope = {_number(effect['slope'], f'1/({x_unit})')}"
        case "plus":
            yield f"coefficient = {_number(1.0, unit)}"
        case "category":
            factors = (f"{code} = {_number(f, '1')}" for code, f in effect["factors"].items())
            yield f"factors = {{{', '.join(factors)}}}"
        case other:
            raise ValueError(other)
    if "reference" in effect:
        yield f"reference = {_number(effect['reference'], x_unit)}"


def _block(table: str, block: dict[str, Any]) -> Iterator[str]:
    names = ", ".join(f'"{name}"' for name in block["names"])
    yield f'\n[[{table}]]\neffects = [{names}]\nscale = "variance"\nlower = ['
    for i, row in enumerate(block["matrix"]):
        yield f"  {', '.join(repr(x) for x in row[: i + 1])},"
    yield "]"


def _residual(residual: dict[str, Any], concentration: str) -> Iterator[str]:
    yield f'\n[residual]\nform = "{residual["form"]}"'
    parts = {"proportional": "1", "additive": concentration}
    for part, unit in parts.items():
        if f"{part}_sd" in residual:
            log = residual["form"] == "log-additive"
            value = f'{{value = {residual[f"{part}_sd"]!r}, unit = "{"1" if log else unit}"'
            yield f'{"log" if log else part} = {value}, scale = "sd"}}'


def card_text(name: str, model: dict[str, Any]) -> str:
    """A model of the oracle as a card."""
    units, parameters = _units(model), model["parameters"]
    effects = [(s, e) for s, spec in parameters.items() for e in spec.get("effects", ())]
    lines = [
        f"# The model of derived/{name}, written by tests/models/from_oracle.py.",
        f'\nkind = "pharmacokinetics"\nid = "{name.replace("-", "_")}"',
        f'title = "Derived case {name}"\ndrug = "none"\nsource = "derived-case"\nrank = "read"',
        '\n[[sources]]\nid = "derived-case"',
        'citation = "tests/reference/derived, invented numbers"',
        "\n[data]",
        *(f'{key} = "{model["units"][key]}"' for key in ("time", "dose", "concentration")),
        "\n[structure]",
        f"compartments = {model['compartments']}",
        *(f'{key} = "{model[key]}"' for key in ("elimination", "absorption")),
        *(["lag = true"] if "lag" in parameters else []),
        "\n[theta]",
        *(f"{s} = {_number(spec['typical'], units[s])}" for s, spec in parameters.items()),
    ]
    for column in dict.fromkeys(effect["covariate"] for _, effect in effects):
        lines.append(f'\n[covariate.{NAMES[column]}]\ncolumn = "{column}"')
        lines.append(f'unit = "{UNITS[column]}"\ncarry = "{model["carry"]}"')
    for symbol, effect in effects:
        lines += _effect(symbol, effect, units[symbol])
    random: dict[str, list[str]] = {}
    for symbol, spec in parameters.items():
        if "variability" in spec:
            random.setdefault(spec.get("effect", symbol), []).append(symbol)
    for effect_name, symbols in random.items():
        listed = ", ".join(f'"{symbol}"' for symbol in symbols)
        kind = parameters[symbols[0]]["variability"]
        lines.append(f"\n[random.{effect_name}]\nparameters = [{listed}]")
        lines.append(f'distribution = "{kind}"')
    lines += _block("omega_block", model["omega"])
    if "omega_iov" in model:
        lines += _block("iov_block", model["omega_iov"])
    lines += _residual(model["residual"], model["units"]["concentration"])
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the card of every derived case."""
    FOLDER.mkdir(exist_ok=True)
    for case in all_cases():
        (FOLDER / f"{case.name}.toml").write_text(card_text(case.name, case.model), "utf-8")


if __name__ == "__main__":
    main()
