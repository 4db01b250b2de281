"""Hand-made people with the findings the sources ask for."""

from tests.monitor.people import blood, dosing, entry, leaving, watch

PEOPLE = (
    *entry.PEOPLE,
    *dosing.PEOPLE,
    *blood.PEOPLE,
    *watch.PEOPLE,
    *leaving.PEOPLE,
)
