"""Concentration, lymphocytes, lesion activity and hazard as one system of the solver."""

from __future__ import annotations

from typing import Final

from openntz.mechanism.kernels import blood_and_lesions
from openntz.mechanism.solver import System

BLOOD_AND_LESIONS: Final = System(
    name="blood_and_lesions",
    derive=blood_and_lesions.derive,
    states=blood_and_lesions.STATES,
    parameters=blood_and_lesions.PARAMETERS,
    observed=(
        (blood_and_lesions.CENTRAL, blood_and_lesions.INVERSE_VOLUME, -1, -1),
        (blood_and_lesions.LYMPHOCYTES, -1, -1, -1),
        (blood_and_lesions.HAZARD, -1, -1, -1),
    ),
)
