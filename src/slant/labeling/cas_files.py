"""Labels as UIMA CAS JSON, for INCEpTION and other UIMA tools: a ZIP with a type system and one CAS per unit and coder.

dkpro-cassis reads and writes them; it counts UTF-16 units in the files, as UIMA does, and code points here.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.atomic_files import atomic_path
from slant.errors import Rejected, UsageError, require
from slant.labeling.project import Given, Project, from_tags, to_mark, to_tags
from slant.labeling.questions import Answer, Coded, Item, WrongAnswer
from slant.labeling.tool_files import item_of, status_of

_SPAN, _LABEL, _UNIT = "slant.LoadedLanguage", "slant.Label", "slant.Unit"
MOST_BYTES = 16 << 20  # of one document in the ZIP, unpacked
_FEATURES = {
    _SPAN: ("technique", "voice"),
    _LABEL: ("value",),
    _UNIT: ("unit_id", "coder", "status", "note", "title", "before", "parent"),
}


class _Cas:
    def write(self, project: Project, path: Path) -> None:
        require("label", "cassis", what="UIMA CAS")
        types = _type_system()
        with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("TypeSystem.xml", types.to_xml())
            for place, (unit_id, answers) in enumerate(project.answers().items(), 1):
                item = project.by_id[unit_id]
                for number, coded in enumerate(answers or [Coded(unit_id, "", "", Answer())]):
                    archive.writestr(f"{place:05d}-{number}.json", _to_cas(types, item, coded).to_json())

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]:
        require("label", "cassis", what="UIMA CAS")
        try:
            archive = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise UsageError(f"--import cas {path}: expected a ZIP of CAS JSON files ({error}).") from None
        with archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".json")):
                where = f"{path}/{name}"
                if archive.getinfo(name).file_size > MOST_BYTES:
                    yield Rejected(where, "too_large", f"over {MOST_BYTES >> 20} MB")
                    continue
                try:
                    if given := _from_cas(project, where, archive.read(name)):
                        yield given
                except WrongAnswer as error:
                    yield Rejected(where, "label", str(error))
                except Exception as error:  # cassis has no common class for its errors
                    yield Rejected(where, "bad_cas", f"not a CAS in JSON as expected: {error!r}")


def _type_system() -> Any:
    from cassis import TypeSystem

    types = TypeSystem()
    for name, features in _FEATURES.items():
        made = types.create_type(name=name, supertypeName="uima.tcas.Annotation")
        for feature in features:
            types.create_feature(domainType=made, name=feature, rangeType="uima.cas.String")
    return types


def _to_cas(types: Any, item: Item, coded: Coded) -> Any:
    from cassis import Cas

    cas = Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = item.text, "text/plain"
    span, label, unit = (types.get_type(name) for name in _FEATURES)
    whole = {"begin": 0, "end": len(item.text)}
    facts = {"title": item.title, "before": item.before, "parent": item.parent, "note": coded.answer.note}
    cas.add(unit(**whole, unit_id=item.unit_id, coder=coded.coder, status=coded.status, **facts))
    for mark in coded.answer.loaded or ():
        cas.add(span(begin=mark.start, end=mark.end, technique=mark.label, voice=mark.voice))
    for number, tag in enumerate(to_tags(coded.answer)):
        cas.add(label(**whole, value=f"{number} {tag}"))  # a CAS keeps no order of its own
    return cas


def _from_cas(project: Project, where: str, data: bytes) -> Given | None:
    from cassis import load_cas_from_json

    cas = load_cas_from_json(io.BytesIO(data))
    units = list(cas.select(_UNIT))
    if len(units) != 1:
        raise WrongAnswer(f"expected one annotation {_UNIT}, found {len(units)}")
    item = item_of(project, units[0].unit_id)
    if (
        not units[0].coder
        and not units[0].status
        and not list(cas.select(_LABEL))
        and not list(cas.select(_SPAN))
    ):
        return None  # not labeled
    numbered = sorted(
        (int(n), tag) for n, _, tag in (each.value.partition(" ") for each in cas.select(_LABEL))
    )
    marks = [to_mark(item, each.begin, each.end, each.technique, each.voice) for each in cas.select(_SPAN)]
    answer = from_tags([tag for _, tag in numbered], marks, units[0].note or "")
    return Given(
        where, item.unit_id, units[0].coder or "", status_of(units[0].status), answer, cas.sofa_string
    )


CAS = _Cas()
