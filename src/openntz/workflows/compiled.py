"""Solvers made ready before work is shared out, so that no two workers compile the same."""

from __future__ import annotations

from openntz.mechanism.compartments import Shape
from openntz.mechanism.warm_up import shapes_of, warm_up
from openntz.models.card import Card


def _shapes(card: Card) -> tuple[Shape, ...]:
    structure = card.structure
    return shapes_of(structure.compartments, structure.elimination, structure.absorption)


def ready_to_estimate(card: Card) -> None:
    """Compile or load what forecasts and estimates under a card need."""
    warm_up(_shapes(card))


def ready_to_simulate(card: Card) -> None:
    """As ``ready_to_estimate``, without derivatives."""
    warm_up([shape for shape in _shapes(card) if not shape.tangents])
