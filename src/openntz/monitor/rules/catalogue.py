"""All rules in the order a reader meets them."""

from __future__ import annotations

from typing import Final

from openntz.monitor.rule import Rule
from openntz.monitor.rules.interval import LATE_DOSE

RULES: Final[tuple[Rule, ...]] = (LATE_DOSE,)
