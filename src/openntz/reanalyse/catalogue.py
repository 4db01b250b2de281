"""All analyses in the order a report shows them."""

from __future__ import annotations

from typing import Final

from openntz.reanalyse.immunogenicity import IMMUNOGENICITY
from openntz.reanalyse.lymphocytosis import LYMPHOCYTOSIS
from openntz.reanalyse.reactions import REACTIONS
from openntz.reanalyse.result import Analysis
from openntz.reanalyse.troughs import TROUGHS

ANALYSES: Final[tuple[Analysis, ...]] = (LYMPHOCYTOSIS, IMMUNOGENICITY, TROUGHS, REACTIONS)
BY_NAME: Final = {analysis.name: analysis for analysis in ANALYSES}
