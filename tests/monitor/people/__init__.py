"""Hand-made people with the findings the sources ask for."""

from tests.monitor.people import blood, dosing, entry

PEOPLE = (*entry.PEOPLE, *dosing.PEOPLE, *blood.PEOPLE)
