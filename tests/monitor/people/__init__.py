"""Hand-made people with the findings the sources ask for."""

from tests.monitor.people import (
    antibodies,
    blood,
    dosing,
    entry,
    family,
    leaving,
    pml,
    reactions,
    watch,
)

PEOPLE = (
    *entry.PEOPLE,
    *dosing.PEOPLE,
    *reactions.PEOPLE,
    *blood.PEOPLE,
    *antibodies.PEOPLE,
    *watch.PEOPLE,
    *pml.PEOPLE,
    *leaving.PEOPLE,
    *family.PEOPLE,
)
