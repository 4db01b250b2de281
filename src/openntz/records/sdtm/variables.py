"""Variables of the domains that are written, with their labels (CDISC SDTM-IG 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from openntz.records.datasets import Variable

LABELS: Final = {
    "DM": "Demographics",
    "MH": "Medical History",
    "EX": "Exposure",
    "CM": "Concomitant/Prior Medications",
    "LB": "Laboratory Test Results",
    "VS": "Vital Signs",
    "IS": "Immunogenicity Specimen Assessments",
    "PC": "Pharmacokinetics Concentrations",
    "QS": "Questionnaires",
    "MO": "Morphology",
    "AE": "Adverse Events",
    "CE": "Clinical Events",
    "DS": "Disposition",
    "RP": "Reproductive System Findings",
}
# Qualifiers without a variable in SDTM; names are this project's.
SUPPLEMENTAL: Final = {
    "MSTYPE": "Kind of Multiple Sclerosis",
    "EXPROD": "Product",
    "EXSET": "Setting",
    "EXPREMED": "Premedication",
    "EXDISCH": "Discharged",
    "EXCALL": "Follow-up Call",
    "EXHOTL": "Hotline Call",
    "LBANSWER": "Answer of the Laboratory",
    "LBTHRESH": "Threshold for Positive",
    "ISANSWER": "Answer of the Laboratory",
    "ISTHRESH": "Threshold for Positive",
    "MOCOM": "Comment",
    "CECOM": "Comment",
    "DSDECID": "Decided on",
    "DSREAS": "Reason",
    "DSINTV": "Planned Interval in Days",
    "DSCONS": "Consented on",
    "DSAUTH": "Authorised on",
}


def _numeric(name: str) -> Literal["text", "integer", "number"]:
    if name == "AGE" or name.endswith(("SEQ", "STDY", "ENDY")) or name[2:] == "DY":
        return "integer"
    return "number" if name.endswith(("STRESN", "DOSE")) else "text"


def _variables(**labels: str) -> tuple[Variable, ...]:
    return tuple(Variable(name, label, _numeric(name)) for name, label in labels.items())


def _head(domain: str) -> Mapping[str, str]:
    return {
        "STUDYID": "Study Identifier",
        "DOMAIN": "Domain Abbreviation",
        "USUBJID": "Unique Subject Identifier",
        f"{domain}SEQ": "Sequence Number",
    }


def _timing(domain: str) -> Mapping[str, str]:
    return {
        f"{domain}STDTC": "Start Date/Time",
        f"{domain}ENDTC": "End Date/Time",
        f"{domain}STDY": "Study Day of Start",
        f"{domain}ENDY": "Study Day of End",
    }


def _finding(domain: str, **more: str) -> tuple[Variable, ...]:
    p = domain
    return _variables(
        **_head(p),
        **{
            f"{p}TESTCD": "Test Short Name",
            f"{p}TEST": "Test Name",
            **more,
            f"{p}ORRES": "Result in Original Units",
            f"{p}ORRESU": "Original Units",
            f"{p}STRESC": "Result in Standard Format (Character)",
            f"{p}STRESN": "Result in Standard Format (Numeric)",
            f"{p}STRESU": "Standard Units",
            f"{p}NAM": "Laboratory Name",
            f"{p}METHOD": "Method of Test",
            f"{p}LLOQ": "Lower Limit of Quantitation",
            f"{p}LOBXFL": "Last Observation Before Exposure Flag",
            f"{p}DTC": "Date/Time of Collection",
            f"{p}DY": "Study Day of Collection",
        },
    )


_DM: Final = {
    "STUDYID": "Study Identifier",
    "DOMAIN": "Domain Abbreviation",
    "USUBJID": "Unique Subject Identifier",
    "SUBJID": "Subject Identifier for the Study",
    "RFSTDTC": "Subject Reference Start Date/Time",
    "RFENDTC": "Subject Reference End Date/Time",
    "RFXSTDTC": "Date/Time of First Study Treatment",
    "RFXENDTC": "Date/Time of Last Study Treatment",
    "BRTHDTC": "Date/Time of Birth",
    "AGE": "Age",
    "AGEU": "Age Units",
    "SEX": "Sex",
    "ARM": "Description of Planned Arm",
    "ACTARM": "Description of Actual Arm",
}

VARIABLES: Final[Mapping[str, tuple[Variable, ...]]] = {
    "DM": _variables(**_DM),
    "MH": _variables(
        **_head("MH"), MHTERM="Reported Term", MHCAT="Category", MHPRESP="Pre-specified",
        MHOCCUR="Occurrence", MHSTDTC="Start Date/Time",
    ),
    "EX": _variables(
        **_head("EX"), EXTRT="Name of Treatment", EXDOSE="Dose", EXDOSU="Dose Units",
        EXDOSFRM="Dose Form", EXDOSFRQ="Dosing Frequency per Interval", EXROUTE="Route",
        EXLOT="Lot Number", **_timing("EX"),
    ),
    "CM": _variables(
        **_head("CM"), CMTRT="Reported Name", CMCAT="Category", **_timing("CM"),
    ),
    "LB": _finding("LB", LBSPEC="Specimen Type"),
    "VS": _finding("VS"),
    "IS": _finding("IS", ISBDAGNT="Binding Agent", ISSPEC="Specimen Type"),
    "PC": _finding("PC", PCSPEC="Specimen Type"),
    "QS": _finding("QS", QSCAT="Category of Question"),
    "MO": _finding("MO", MOLOC="Location"),
    "AE": _variables(
        **_head("AE"), AESPID="Sponsor-Defined Identifier", AETERM="Reported Term",
        AEDECOD="Dictionary-Derived Term", AECAT="Category", AETOXGR="Standard Toxicity Grade",
        AEACNOTH="Other Action Taken", **_timing("AE"),
    ),
    "CE": _variables(
        **_head("CE"), CETERM="Reported Term", CEDECOD="Dictionary-Derived Term",
        CECAT="Category", CESEV="Severity", **_timing("CE"),
    ),
    "DS": _variables(
        **_head("DS"), DSTERM="Reported Term", DSDECOD="Standardized Disposition Term",
        DSCAT="Category", DSSTDTC="Start Date/Time", DSSTDY="Study Day of Start",
    ),
    "RP": _variables(
        **_head("RP"), RPGRPID="Group Identifier", RPTESTCD="Test Short Name", RPTEST="Test Name",
        RPORRES="Result in Original Units", RPDTC="Date/Time of Collection",
    ),
}  # fmt: skip
