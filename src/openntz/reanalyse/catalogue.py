"""All analyses in the order a report shows them."""

from __future__ import annotations

from typing import Final

from openntz.reanalyse.activity import ACTIVITY
from openntz.reanalyse.immunogenicity import IMMUNOGENICITY
from openntz.reanalyse.intervals import EXTENDED_INTERVAL
from openntz.reanalyse.lymphocytosis import LYMPHOCYTOSIS
from openntz.reanalyse.reactions import REACTIONS
from openntz.reanalyse.result import Analysis
from openntz.reanalyse.stopping import STOPPING
from openntz.reanalyse.troughs import TROUGHS
from openntz.reanalyse.wearing_off import WEARING_OFF

ANALYSES: Final[tuple[Analysis, ...]] = (
    LYMPHOCYTOSIS,
    IMMUNOGENICITY,
    TROUGHS,
    REACTIONS,
    ACTIVITY,
    WEARING_OFF,
    EXTENDED_INTERVAL,
    STOPPING,
)
BY_NAME: Final = {analysis.name: analysis for analysis in ANALYSES}
