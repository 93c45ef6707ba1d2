"""Collect what is to be translated, and merge it into the catalogues without losing a translation.

`make messages` runs it. Needs no GNU gettext: Python files are read with ast, templates with Django's own
template reader, catalogues with polib.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from tests.house.tree import PACKAGE, ROOT, python_files

LANGUAGES = ("de", "fr")
LOCALE = PACKAGE / "locale"
_ARGUMENTS = {  # function -> what its leading arguments are
    "_": "i",
    "gettext": "i",
    "gettext_lazy": "i",
    "gettext_noop": "i",
    "ngettext": "ip",
    "ngettext_lazy": "ip",
    "pgettext": "ci",
    "pgettext_lazy": "ci",
    "npgettext": "cip",
    "npgettext_lazy": "cip",
}
_NAMES = {"i": "msgid", "p": "plural", "c": "context"}
_HEADER = {
    "Project-Id-Version": "Amberpost",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
_PLURALS = {"de": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}
_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({_STRING}(?:\s*,\s*{_STRING})*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A text to translate; `where` is the first place that uses it."""

    msgid: str
    plural: str = ""
    context: str = ""
    where: str = field(default="", compare=False)


def collect() -> list[Message]:
    """All texts of code and templates, each once, in a stable order."""
    found = list(_of_python(python_files()))
    found += _of_templates(sorted(PACKAGE.rglob("*.html")))
    by_key: dict[tuple[str, str], Message] = {}
    for message in found:
        known = by_key.get((message.context, message.msgid))
        if known is None or (message.plural and not known.plural):
            by_key[message.context, message.msgid] = message
    return sorted(by_key.values(), key=lambda message: (message.where, message.msgid))


def messages_of_python(text: str, where: str) -> Iterator[Message]:
    """Only literal texts can be translated; anything else is left to the linter (INT)."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            literals = [
                item.value
                for item in node.args
                if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            yield from _message(name, literals, where)


def messages_of_template(text: str, where: str) -> Iterator[Message]:
    """Of {% translate %}, {% blocktranslate %} and _("...")."""
    for line in templatize(text).splitlines():
        for match in _CALL.finditer(line) if not line.lstrip().startswith("#") else ():
            literals = [ast.literal_eval(item) for item in re.findall(_STRING, match[2])]
            yield from _message(match[1], literals, where)


def merge(catalogue: polib.POFile, messages: Iterable[Message]) -> None:
    """Add what is new, drop what nobody says any more, keep what is translated."""
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue}
    del catalogue[:]
    for message in messages:
        entry = known.get((message.context, message.msgid)) or polib.POEntry(
            msgid=message.msgid, msgctxt=message.context or None
        )
        if message.plural:
            before = entry.msgstr_plural or {0: entry.msgstr, 1: ""}
            entry.msgid_plural, entry.msgstr, entry.msgstr_plural = message.plural, "", before
        entry.obsolete = False
        entry.occurrences = [(message.where, "")]
        has_values = "%(" in message.msgid + message.plural
        entry.flags = [flag for flag in entry.flags if flag != "python-format"]
        entry.flags += ["python-format"] if has_values else []
        catalogue.append(entry)


def catalogue_path(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def open_catalogue(language: str) -> polib.POFile:
    path = catalogue_path(language)
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {**_HEADER, "Language": language, "Plural-Forms": _PLURALS[language]}
    return catalogue


def missing(catalogue: polib.POFile, messages: Iterable[Message]) -> list[str]:
    """The texts that this catalogue has no finished translation for."""
    done = {
        (entry.msgctxt or "", entry.msgid, entry.msgid_plural)
        for entry in catalogue
        if entry.translated() and not entry.obsolete
    }
    return [
        f"{item.where}: {item.msgid}"
        for item in messages
        if (item.context, item.msgid, item.plural) not in done
    ]


def french(text: str) -> str:
    """The apostrophe and the unbreakable spaces of French print, which nobody has on their keys."""
    text = re.sub(r"(?<=\S)[ \u00a0\u202f]*([;!?])(?=\s|$)", "\u202f\\1", text.replace("'", "’"))
    text = re.sub(r"[ \u00a0\u202f]+:(?=\s|$)", "\u00a0:", text)
    return re.sub(r"[ \u00a0\u202f]*»", "\u00a0»", re.sub(r"«[ \u00a0\u202f]*", "«\u00a0", text))


def main() -> None:
    """Merge into each language and say what is left to do."""
    messages = collect()
    for language in LANGUAGES:
        catalogue = open_catalogue(language)
        merge(catalogue, messages)
        if language == "fr":
            for entry in catalogue:
                entry.msgstr = french(entry.msgstr)
                entry.msgstr_plural = {number: french(text) for number, text in entry.msgstr_plural.items()}
        catalogue_path(language).parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(catalogue_path(language)))
        print(f"{language}: {len(messages)} texts, {len(missing(catalogue, messages))} to translate")


def _of_python(paths: Iterable[Path]) -> Iterator[Message]:
    for path in paths:
        yield from messages_of_python(path.read_text(), str(path.relative_to(ROOT)))


def _of_templates(paths: Iterable[Path]) -> Iterator[Message]:
    for path in paths:
        yield from messages_of_template(path.read_text(), str(path.relative_to(ROOT)))


def _message(name: str, literals: list[str], where: str) -> Iterator[Message]:
    kinds = _ARGUMENTS.get(name, "")
    if kinds and len(literals) >= len(kinds) and all(literals[: len(kinds)]):
        yield Message(
            where=where, **{_NAMES[kind]: text for kind, text in zip(kinds, literals, strict=False)}
        )


if __name__ == "__main__":
    main()
