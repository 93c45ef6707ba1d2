"""Every text for people is there in German and French, with the same values in it."""

import re
from pathlib import Path

import polib
import pytest
from hatch_build import compile_catalogues

from tests.house.messages import (
    LANGUAGES,
    Message,
    collect,
    french,
    merge,
    messages_of_python,
    messages_of_template,
    missing,
    open_catalogue,
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    assert missing(open_catalogue(language), collect()) == [], "run make messages, then translate"


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_name_the_same_values(language: str) -> None:
    for entry in open_catalogue(language).translated_entries():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            allowed = values(entry.msgid) | values(entry.msgid_plural)
            assert values(text) <= allowed, entry.msgid
            if not entry.msgid_plural:
                assert values(text) == allowed, entry.msgid


def values(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|\{\w*\}", text))


def test_texts_in_code_are_found() -> None:
    code = """
_("one"); gettext_lazy("two"); ngettext("%(n)s cat", "%(n)s cats", n)
translation.pgettext("menu", "Open"); _(name); print("not this"); _("")
"""
    assert set(messages_of_python(code, "x.py")) == {
        Message(msgid="one"),
        Message(msgid="two"),
        Message(msgid="%(n)s cat", plural="%(n)s cats"),
        Message(msgid="Open", context="menu"),
    }


def test_texts_in_templates_are_found() -> None:
    template = """{% load i18n %}{# Translators: no #}
<p title="{% translate 'Find' %}">{% translate "Open" context "menu" %} not this _("nor this")</p>
{% blocktranslate trimmed with name=user.name %}
  Hello {{ name }},
  100% yours
{% endblocktranslate %}
{% blocktranslate count n=hits %}{{ n }} hit{% plural %}{{ n }} hits{% endblocktranslate %}
{{ value|default:_("none") }}
"""
    assert set(messages_of_template(template, "x.html")) == {
        Message(msgid="Find"),
        Message(msgid="Open", context="menu"),
        Message(msgid="Hello %(name)s, 100%% yours"),
        Message(msgid="%(n)s hit", plural="%(n)s hits"),
        Message(msgid="none"),
    }


def test_merging_keeps_translations_and_drops_what_is_gone() -> None:
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="kept", msgstr="behalten"))
    catalogue.append(polib.POEntry(msgid="gone", msgstr="weg"))
    messages = [Message(msgid="kept"), Message(msgid="new %(x)s"), Message(msgid="cat", plural="cats")]
    merge(catalogue, messages)
    assert [(entry.msgid, entry.msgstr) for entry in catalogue] == [
        ("kept", "behalten"),
        ("new %(x)s", ""),
        ("cat", ""),
    ]
    assert catalogue[1].flags == ["python-format"]
    assert missing(catalogue, messages) == [": new %(x)s", ": cat"]
    catalogue[2].msgstr_plural = {0: "Katze", 1: "Katzen"}
    merge(catalogue, messages)
    assert catalogue[2].msgstr_plural == {0: "Katze", 1: "Katzen"}


def test_french_is_set_as_in_print() -> None:
    typed = "L'archive « A » : prête ; voir has: ? https://archive.exemple.fr"
    assert french(typed) == (
        "L’archive «\u00a0A\u00a0»\u00a0: prête\u202f; voir has:\u202f? https://archive.exemple.fr"
    )
    assert french(french(typed)) == french(typed)


def test_catalogues_are_compiled_without_gettext(tmp_path: Path) -> None:
    folder = tmp_path / "src/amberpost/locale/de/LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid="Search", msgstr="Suchen"))
    catalogue.save(str(folder / "django.po"))
    assert compile_catalogues(tmp_path) == [folder / "django.mo"]
    assert polib.mofile(str(folder / "django.mo"))[0].msgstr == "Suchen"
