"""Course tables out of OMOP tables, each by one query that streams.

Every text that is written comes from the mapping file or passes a pattern, so nothing of the
data can be more than a number, a date or a plain unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from openntz.errors import InputError
from openntz.evidence.registry import registry
from openntz.records.omop.concepts import ConceptMap
from openntz.records.omop.pregnancies import COLUMNS, SOURCES, PregnancyLimits, pregnancies
from openntz.records.omop.source import OmopFolder
from openntz.records.problems import Problem

# Date and time where there is one; midnight means that the time is not known.
_WHEN: Final = (
    "strftime(coalesce(TRY_CAST({0}_datetime AS TIMESTAMP), TRY_CAST({0}_date AS TIMESTAMP)),"
    " '%Y-%m-%dT%H:%M')"
)
_PERSON: Final = "TRY_CAST(person_id AS BIGINT)"
_NUMBER: Final = "TRY_CAST(value_as_number AS DOUBLE)"
# Without a sign a number is itself; with one that nobody named it could be a limit.
_NO_OPERATOR: Final = "coalesce(TRY_CAST(operator_concept_id AS BIGINT), 0) = 0"
_UNIT_PATTERN: Final = "^[A-Za-zµ%0-9][A-Za-z0-9µ%*/^._ ]{0,19}$"
_LOT_PATTERN: Final = "^[A-Za-z0-9][A-Za-z0-9 ._-]{0,29}$"


class Converted(Struct, frozen=True):
    """Rows by table, what was set aside, and what means nothing here with its count."""

    written: Mapping[str, int]
    problems: tuple[Problem, ...]
    unused: tuple[tuple[str, str, int], ...]


def convert_omop(
    source: OmopFolder, concepts: ConceptMap, out: Path, written_as: str = "csv"
) -> Converted:
    """Write the course tables for which there are OMOP tables and concepts.

    Parameters
    ----------
    written_as : {"csv", "parquet"}
        Parquet is for data that only programs read: a fifth of the size.

    Raises
    ------
    InputError
        When a file turns out to be damaged, or a table cannot be written.
    """
    _meanings(source, concepts)
    written: dict[str, int] = {}
    try:
        for name, query in _queries(source, concepts):
            written[name] = source.write(query, out / f"{name}.{written_as}")
        told: list[Problem] = []
        if (concepts.pregnancies or concepts.pregnancy_outcomes) and SOURCES & set(source.tables):
            rows, told = pregnancies(source, PregnancyLimits.of(registry()))
            source.few("found_pregnancies", COLUMNS, rows)
            written["pregnancies"] = source.write(
                "SELECT * FROM found_pregnancies", out / f"pregnancies.{written_as}"
            )
        problems = (*_undated(source), *_contradicting(source, concepts), *told)
        return Converted(written, problems, tuple(_unused(source)))
    except InputError:
        # Some tables without the others would read as 'not recorded'.
        for name in written:
            (out / f"{name}.{written_as}").unlink(missing_ok=True)
        raise


def _meanings(source: OmopFolder, concepts: ConceptMap) -> None:
    """The mapping file as small tables."""
    listed = {
        "m_natalizumab": dict.fromkeys(concepts.natalizumab, "natalizumab"),
        "m_edss": dict.fromkeys(concepts.edss, "edss"),
        "m_relapses": dict.fromkeys(concepts.relapses, "relapse"),
        "m_scanned": dict.fromkeys(concepts.scan_procedures, "scan"),
    }
    named = {
        "m_routes": concepts.routes, "m_settings": concepts.settings, "m_tests": concepts.tests,
        "m_units": concepts.units, "m_answers": concepts.answers,
        "m_operators": concepts.operators, "m_sexes": concepts.sexes, "m_scans": concepts.scans,
        "m_reactions": concepts.reactions, "m_symptoms": concepts.symptoms,
        "m_treatments": concepts.treatments, "m_procedures": concepts.procedures,
        "m_pregnancies": concepts.pregnancies, "m_pregnancy_outcomes": concepts.pregnancy_outcomes,
    }  # fmt: skip
    for name, ids in listed.items():
        source.meaning(name, ids.items())
    for name, meanings in named.items():
        source.meaning(name, ((int(i), what) for i, what in meanings.items()))
    source.words("m_kinds", concepts.kinds.items())


def _queries(source: OmopFolder, concepts: ConceptMap) -> Iterator[tuple[str, str]]:
    """Each course table that the data and the mapping can fill, with its query."""
    there = set(source.tables)
    if "person" in there:
        yield "people", _PEOPLE
    if "drug_exposure" in there:
        yield "doses", _doses(concepts, there)
    if "measurement" in there and concepts.tests:
        yield "measurements", _MEASUREMENTS
    events = there & {"condition_occurrence", "observation"}
    for table, column, meaning in (
        ("relapses", "onset", concepts.relapses),
        ("reactions", "onset", concepts.reactions),
        ("symptoms", "date", concepts.symptoms),
    ):
        if meaning and events:
            yield table, _events(table, column, events)
    scored = there & {"measurement", "observation"}
    if concepts.edss and scored:
        yield "edss", _union(_EDSS, scored)
    scans = [_SCANS.format(d=d) for d in sorted(scored)] if concepts.scans else []
    if concepts.scan_procedures and "procedure_occurrence" in there:
        scans.append(_SCAN_PROCEDURES)
    if scans:
        yield "mri", _MRI.format(found=" UNION ALL ".join(scans))
    taken = []
    if concepts.treatments and "drug_exposure" in there:
        taken.append(_TREATMENTS)
    if concepts.procedures and "procedure_occurrence" in there:
        taken.append(_PROCEDURES)
    if taken:
        yield "treatments", _WITH_KINDS.format(found=" UNION ALL ".join(taken))


_PEOPLE: Final = f"""
SELECT {_PERSON} AS person,
  CASE WHEN TRY_CAST(birth_datetime AS TIMESTAMP) IS NOT NULL
      THEN strftime(TRY_CAST(birth_datetime AS TIMESTAMP), '%Y-%m-%d')
    WHEN day_of_birth IS NOT NULL AND month_of_birth IS NOT NULL
      THEN strftime(TRY_CAST(format('{{}}-{{}}-{{}}', year_of_birth, month_of_birth, day_of_birth)
        AS DATE), '%Y-%m-%d') END AS birth_date,
  m_sexes.what AS sex,
  TRY_CAST(year_of_birth AS INTEGER) AS year_of_birth
FROM person LEFT JOIN m_sexes ON m_sexes.id = TRY_CAST(gender_concept_id AS BIGINT)
WHERE {_PERSON} IS NOT NULL"""


def _doses(concepts: ConceptMap, there: set[str]) -> str:
    start = _WHEN.format("drug_exposure_start")
    end = _WHEN.format("drug_exposure_end")
    factor = "NULL" if concepts.mg_per_quantity is None else repr(concepts.mg_per_quantity)
    quantity = "TRY_CAST(quantity AS DOUBLE)"
    by_weight = "replace(lower(coalesce(dose_unit_source_value, '')), ' ', '') = 'mg/kg'"
    setting = "NULL"
    joined = ""
    if "visit_occurrence" in there:
        setting = "m_settings.what"
        joined = """
LEFT JOIN (SELECT visit_occurrence_id, any_value(visit_concept_id) AS visit_concept_id
  FROM visit_occurrence GROUP BY visit_occurrence_id) USING (visit_occurrence_id)
LEFT JOIN m_settings ON m_settings.id = TRY_CAST(visit_concept_id AS BIGINT)"""
    return f"""
SELECT {_PERSON} AS person, {start} AS start,
  CASE WHEN {end} > {start} AND left({end}, 10) = left({start}, 10) THEN {end} END AS "end",
  CASE WHEN lower(dose_unit_source_value) = 'mg' OR {by_weight} THEN {quantity}
    ELSE {quantity} * {factor} END AS dose_mg,
  CASE WHEN {by_weight} THEN 'mg/kg' END AS dose_unit,
  coalesce(m_routes.what, '{concepts.default_route}') AS route,
  CASE WHEN regexp_matches(lot_number, '{_LOT_PATTERN}') THEN lot_number END AS batch,
  {setting} AS setting
FROM drug_exposure JOIN m_natalizumab ON m_natalizumab.id = TRY_CAST(drug_concept_id AS BIGINT)
LEFT JOIN m_routes ON m_routes.id = TRY_CAST(route_concept_id AS BIGINT){joined}
WHERE {_PERSON} IS NOT NULL AND {start} IS NOT NULL"""


_MEASUREMENTS: Final = f"""
SELECT {_PERSON} AS person, {_WHEN.format("measurement")} AS taken, m_tests.what AS test,
  coalesce(coalesce(m_operators.what, '') || CAST({_NUMBER} AS VARCHAR), m_answers.what) AS value,
  CASE WHEN {_NUMBER} IS NULL THEN NULL ELSE coalesce(m_units.what, CASE
    WHEN regexp_matches(unit_source_value, '{_UNIT_PATTERN}') THEN unit_source_value END)
  END AS unit
FROM measurement JOIN m_tests ON m_tests.id = TRY_CAST(measurement_concept_id AS BIGINT)
LEFT JOIN m_operators ON m_operators.id = TRY_CAST(operator_concept_id AS BIGINT)
LEFT JOIN m_answers ON m_answers.id = TRY_CAST(value_as_concept_id AS BIGINT)
LEFT JOIN m_units ON m_units.id = TRY_CAST(unit_concept_id AS BIGINT)
WHERE {_PERSON} IS NOT NULL AND {_WHEN.format("measurement")} IS NOT NULL
  AND ({_NUMBER} IS NOT NULL OR m_answers.what IS NOT NULL)
  AND (m_operators.id IS NOT NULL OR {_NO_OPERATOR})"""

# By source table: its concept, and the stem of its dates.
_EVENT: Final = {
    "condition_occurrence": ("condition_concept_id", "condition_start"),
    "observation": ("observation_concept_id", "observation"),
}


def _events(table: str, column: str, there: set[str]) -> str:
    text = {"relapses": "", "reactions": ", m.what AS term", "symptoms": ", m.what AS symptom"}
    parts = []
    for name in sorted(there):
        concept, stem = _EVENT[name]
        when = _WHEN.format(stem)
        parts.append(
            f"SELECT {_PERSON} AS person, {when} AS {column}{text[table]} FROM {name}"
            f" JOIN m_{table} AS m ON m.id = TRY_CAST({concept} AS BIGINT)"
            f" WHERE {_PERSON} IS NOT NULL AND {when} IS NOT NULL"
        )
    return " UNION ALL ".join(parts)


def _union(query: str, names: set[str]) -> str:
    return " UNION ALL ".join(query.format(d=name) for name in sorted(names))


def _found(meaning: str) -> str:
    when = _WHEN.replace("{0}", "{d}")
    return (
        f"FROM {{d}} JOIN {meaning} AS m ON m.id = TRY_CAST({{d}}_concept_id AS BIGINT)"
        f" WHERE {_PERSON} IS NOT NULL AND {_NUMBER} IS NOT NULL AND {when} IS NOT NULL"
    )


_DAY: Final = "left(" + _WHEN.replace("{0}", "{d}") + ", 10)"
_EDSS: Final = f"SELECT {_PERSON} AS person, {_DAY} AS date, {_NUMBER} AS score {_found('m_edss')}"
_SCANS: Final = (
    f"SELECT {_PERSON} AS person, {_DAY} AS date, m.what AS what, {_NUMBER} AS value "
    f"{_found('m_scans')}"
)
_SCAN_PROCEDURES: Final = (
    f"SELECT {_PERSON} AS person, left({_WHEN.format('procedure')}, 10) AS date,"
    " NULL AS what, NULL AS value FROM procedure_occurrence"
    " JOIN m_scanned AS m ON m.id = TRY_CAST(procedure_concept_id AS BIGINT)"
    f" WHERE {_PERSON} IS NOT NULL AND {_WHEN.format('procedure')} IS NOT NULL"
)
_COUNT: Final = "CAST(max(value) FILTER (what = '{0}') AS INTEGER) AS {0}"
# Of two counts of one day the higher one, as a missed lesion is the commoner slip.
_MRI: Final = (
    "SELECT person, date, "
    + ", ".join(
        _COUNT.format(name)
        for name in ("gadolinium_lesions", "new_t2_lesions", "enlarging_t2_lesions")
    )
    + ", max(value) FILTER (what = 'brain_volume_change_percent') AS brain_volume_change_percent"
    " FROM ({found}) GROUP BY person, date ORDER BY person, date"
)
_TREATMENTS: Final = (
    f"SELECT {_PERSON} AS person, m.what AS name,"
    f" left({_WHEN.format('drug_exposure_start')}, 10) AS start,"
    f' left({_WHEN.format("drug_exposure_end")}, 10) AS "end" FROM drug_exposure'
    " JOIN m_treatments AS m ON m.id = TRY_CAST(drug_concept_id AS BIGINT)"
    f" WHERE {_PERSON} IS NOT NULL AND {_WHEN.format('drug_exposure_start')} IS NOT NULL"
)
_PROCEDURES: Final = (
    f"SELECT {_PERSON} AS person, m.what AS name, left({_WHEN.format('procedure')}, 10) AS start,"
    f' left({_WHEN.format("procedure")}, 10) AS "end" FROM procedure_occurrence'
    " JOIN m_procedures AS m ON m.id = TRY_CAST(procedure_concept_id AS BIGINT)"
    f" WHERE {_PERSON} IS NOT NULL AND {_WHEN.format('procedure')} IS NOT NULL"
)


# Treatments with the kind that the mapping gives their name.
_WITH_KINDS: Final = (
    'SELECT person, name, m_kinds.what AS kind, start, "end" FROM ({found})'
    " LEFT JOIN m_kinds ON m_kinds.word = name"
)


_OF_PREGNANCY: Final = ("pregnancies", "pregnancy_outcomes")
# By source table: its concept, the stem of its dates, and the meanings it is looked up in.
_USED: Final = {
    "drug_exposure": ("drug_concept_id", "drug_exposure_start", ("natalizumab", "treatments")),
    "measurement": ("measurement_concept_id", "measurement", ("tests", "edss", "scans")),
    "observation": (
        "observation_concept_id", "observation",
        ("relapses", "reactions", "symptoms", "edss", "scans"),
    ),
    "condition_occurrence": (
        "condition_concept_id", "condition_start", ("relapses", "reactions", "symptoms"),
    ),
    "procedure_occurrence": ("procedure_concept_id", "procedure", ("scanned", "procedures")),
}  # fmt: skip


def _known(name: str, meanings: tuple[str, ...]) -> str:
    # Those of a pregnancy are said by themselves, with their record.
    used = (*meanings, *_OF_PREGNANCY) if name in SOURCES else meanings
    return " UNION ".join(f"SELECT id FROM m_{meaning}" for meaning in used)


def _undated(source: OmopFolder) -> Iterator[Problem]:
    """Records that the mapping knows and that have no person, or no date that is one."""
    for name, (concept, stem, meanings) in _USED.items():
        if name not in source.tables:
            continue
        listed = " UNION ".join(f"SELECT id FROM m_{meaning}" for meaning in meanings)
        known = f"TRY_CAST({concept} AS BIGINT) IN ({listed})"
        for column, bad, reason in (
            ("person_id", f"{_PERSON} IS NULL", "no number of a person."),
            (f"{stem}_date", f"{_WHEN.format(stem)} IS NULL", "no date that can be read."),
        ):
            ((count,),) = source.rows(f"SELECT count(*) FROM {name} WHERE {known} AND {bad}")
            if count:
                yield Problem(
                    name, 0, column, "", f"{count} records with {reason}",
                    "Correct them in the source.", "row", count=count,
                )  # fmt: skip


def _contradicting(source: OmopFolder, concepts: ConceptMap) -> Iterator[Problem]:
    """Counts of one scan that differ; the highest is used."""
    scored = set(source.tables) & {"measurement", "observation"}
    if not concepts.scans or not scored:
        return
    ((count,),) = source.rows(
        f"SELECT count(*) FROM (SELECT 1 FROM ({_union(_SCANS, scored)})"
        " GROUP BY person, date, what HAVING min(value) < max(value))"
    )
    if count:
        yield Problem(
            "measurement", 0, "value_as_number", "",
            f"{count} counts of lesions have two values on one day; the higher is used.",
            "Keep the right one.", "cell", count=count,
        )  # fmt: skip


def _unused(source: OmopFolder) -> Iterator[tuple[str, str, int]]:
    """Records by concept that the mapping does not name, and results without a value."""
    of_episode = (
        f"CASE WHEN TRY_CAST(episode_concept_id AS BIGINT) IN ({_known('episode', ())})"
        " THEN TRY_CAST(episode_concept_id AS BIGINT)"
        " ELSE TRY_CAST(episode_object_concept_id AS BIGINT) END"
    )
    episodes = {"episode": (of_episode, "", ())}
    for name, (concept, _, meanings) in {**_USED, **episodes}.items():
        if name not in source.tables:
            continue
        query = (
            f"SELECT coalesce(CAST(TRY_CAST({concept} AS BIGINT) AS VARCHAR), 'none') AS c,"
            f" count(*) AS n FROM {name} WHERE TRY_CAST({concept} AS BIGINT) IS NULL OR"
            f" TRY_CAST({concept} AS BIGINT) NOT IN ({_known(name, meanings)})"
            " GROUP BY c ORDER BY n DESC, c"
        )
        for code, count in source.rows(query):
            yield name, f"concept {code}, which the mapping does not name", int(count)
    yield from _unnamed(source)
    if "measurement" in source.tables:
        ((empty,),) = source.rows(
            "SELECT count(*) FROM measurement"
            " JOIN m_tests ON m_tests.id = TRY_CAST(measurement_concept_id AS BIGINT)"
            f" WHERE {_NUMBER} IS NULL AND coalesce(TRY_CAST(value_as_concept_id AS BIGINT), -1)"
            " NOT IN (SELECT id FROM m_answers)"
        )
        if empty:
            yield "measurement", "neither a number nor an answer that the mapping names", int(empty)


def _unnamed(source: OmopFolder) -> Iterator[tuple[str, str, int]]:
    """Signs and sexes that the mapping does not name: the results are left, the sex is unknown."""
    tests = " AND TRY_CAST(measurement_concept_id AS BIGINT) IN (SELECT id FROM m_tests)"
    unnamed = "{} {{}}, which the mapping does not name: {}"
    asked = {
        "measurement": (
            "operator_concept_id", "operators", tests, unnamed.format("operator", "not used"),
        ),
        "person": ("gender_concept_id", "sexes", "", unnamed.format("gender", "unknown")),
    }  # fmt: skip
    for name, (column, meaning, where, said) in asked.items():
        if name not in source.tables:
            continue
        value = f"TRY_CAST({column} AS BIGINT)"
        query = (
            f"SELECT {value} AS c, count(*) FROM {name} WHERE coalesce({value}, 0) <> 0"
            f" AND {value} NOT IN (SELECT id FROM m_{meaning}){where} GROUP BY c ORDER BY c"
        )
        for code, count in source.rows(query):
            yield name, said.format(code), int(count)
