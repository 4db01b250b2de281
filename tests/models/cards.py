"""Cards for the tests: a small sound one, and ways to spoil it."""

from __future__ import annotations

from pathlib import Path

ONE_COMPARTMENT = """
kind = "pharmacokinetics"
id = "small"
title = "One compartment"
drug = "something"
source = "van-den-berg-2025"
gaps = []

[data]
time = "h"
dose = "mg"
concentration = "mg/L"

[structure]
compartments = 1
elimination = "linear"
absorption = "none"
source = "van-den-berg-2025"
rank = "copy"

[theta.cl]
value = 6.0
unit = "mL/h"
source = "van-den-berg-2025"
rank = "copy"

[theta.vc]
value = 5000
unit = "mL"
source = "van-den-berg-2025"
rank = "copy"

[covariate.weight]
unit = "kg"
carry = "nocb"

[[effect]]
parameter = "cl"
covariate = "weight"
form = "power"
exponent = {value = 0.75, unit = "1", rank = "project default"}
reference = {value = 80, unit = "kg", rank = "project default"}

[omega.cl]
value = 30
unit = "%"
scale = "cv"
rank = "project default"

[residual]
form = "combined variances"

[residual.additive]
value = 2
unit = "mg/L"
scale = "sd"
rank = "project default"

[residual.proportional]
value = 0.1
unit = "1"
scale = "sd"
rank = "project default"

[[domain]]
variable = "weight_kg"
low = 50
action = "warn"
text = "{value} kg is below {low}"
rank = "project default"
"""

SATURATION = """
kind = "saturation"
id = "half"
title = "Half at one"
drug = "something"
source = "openntz"
gaps = []

[theta.e0]
value = 0
unit = "%"
rank = "project default"

[theta.emax]
value = 1
unit = "1"
rank = "project default"

[theta.ec50]
value = 1000
unit = "ng/mL"
rank = "project default"

[theta.hill]
value = 2
unit = "1"
rank = "project default"
"""


def written(folder: Path, text: str, name: str = "card.toml") -> Path:
    """A card file with this text."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path
