"""The words of this house: what natives do not write is in no text for people, in none of the three languages."""

import re

import polib
import pytest

from tests.house.messages import LANGUAGES, collect, open_catalogue
from tests.house.tree import PACKAGE, ROOT

FORBIDDEN = {
    "en": {
        r"\b(he|him|his|she|her|hers)\b": "people are they",
        r"over again": "resolved",
        r"\bdeeds?\b": "entry in the audit log",
        r"\bmake this\b": "create this",
        r"\bno longer knows him\b|\bany more\b": "no longer",
        r"kept of": "on disk for",
        r"\bmake\b.*\banew\b|\bmakes\b.*\banew\b": "rebuild",
        r"(?<!-)\bmails\b": "e-mails",
        r"\bone a line\b": "one per line",
        r"\bnot well\b|\bthe same again\b|\bso many\b|\bcheck list\b": "wrong, repeat, this many, checklist",
        r"\bis no (own|group|exported)\b|\brightly\b|\bfits\.": "is not a, correctly, matches",
    },
    "de": {
        r"(?<![-\w])Mails?\b(?!-)": "E-Mails",
        r"Mail(adresse|domäne|system|programm|protokoll|archiv)": "E-Mail-…",
        r"[Kk]ennw[oö]rt": "Passwort",
        r"Betreiber\b": "Administrator",
        r"\b[Ee]ntfernte[nrs]? (E-Mail-)?Kont": "Remote-E-Mail-Konten",
        r"freiwillig": "optional",
        r"Clientgeheimnis|Clientschlüssel(?! kopieren)": "Client-Geheimnis",
        r"\b(ab(ge|zu)hol|[Aa]bhol)": "abrufen",
        r"Unversehrtheit": "Integrität",
        r"gescheitert": "fehlgeschlagen",
        r"Handlung\b|Handlungen\b": "Aktion",
        r"Prüfereignis|Prüfprotokoll|Protokollkette": "Protokoll",
        r"Wurzelzertifikat": "Stammzertifikat",
        r"Festplatte|\bPlatte\b": "Datenträger",
        r"\.example\b(?!\.de)|example\.com": "example.de",
        r"(?<!\w)(du|dein|deine|dir|dich)\b": "Sie",
        r"journalisier": "journalier",
    },
    "fr": {
        r"[Ee]xploitant|[Oo]pérateur": "administrateur",
        r"\bcourriers\b|\bcourriels?\b": "e-mails",
        r"\.example\b|example\.com": "exemple.fr",
        r"(?<!\w)(tu|ton|tes|toi)\b": "vous",
        r"'": "’",
        r"(?<!\u202f)[;!?](?=\s|$)": "an unbreakable thin space before",
        r"(?<=\s)(?<!\u00a0):(?=\s|$)": "an unbreakable space before",
        r"«(?!\u00a0)|(?<!\u00a0)»": "unbreakable spaces within",
    },
}
# Labels of portals of others, as they write them
QUOTED = ("Neuer geheimer Clientschlüssel",)
VALUE = r"%\((\w+)\)[sd]"


@pytest.mark.parametrize("language", FORBIDDEN)
def test_no_text_has_a_word_that_natives_do_not_use(language: str) -> None:
    found = [
        f"{text} | say: {instead}"
        for text in texts_in(language)
        for wrong, instead in FORBIDDEN[language].items()
        if re.search(wrong, text, re.IGNORECASE if language == "en" else 0)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_is_filled_and_each_form_names_its_number(language: str) -> None:
    for entry in open_catalogue(language):
        if not entry.msgid_plural:
            continue
        forms = [entry.msgstr_plural[number] for number in sorted(entry.msgstr_plural)]
        assert len(forms) == 2, entry.msgid
        assert all(forms), entry.msgid
        assert set(re.findall(VALUE, entry.msgid_plural)) == set(re.findall(VALUE, forms[1])), entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_values_agree_between_languages_to_the_letter_behind_them(language: str) -> None:
    for entry in open_catalogue(language):
        if not entry.msgid_plural:
            pattern = r"%\(\w+\)[a-z]|\{\w*\}|%%"
            assert sorted(re.findall(pattern, entry.msgid)) == sorted(re.findall(pattern, entry.msgstr)), (
                entry.msgid
            )


def test_no_sentence_of_a_template_is_put_together_from_halves() -> None:
    """Each language has an order of its own. A label before its value ends with a colon, a sentence with a stop."""
    translated = r"\{% translate (?:\"([^\"]*)\"|'([^']*)') %\}"
    value = r"\{\{[^}]*\}\}|\{% (?:when|exactly) [^%]*%\}"
    found = []
    for path in sorted(PACKAGE.rglob("*.html")):
        text = path.read_text()
        for match in re.finditer(rf"{translated} ?(?:{value})|(?:{value}) ?{translated}", text):
            words = next(group for group in match.groups() if group is not None)
            if not words.endswith((":", ".", "?")):
                found.append(f"{path.relative_to(ROOT)}: {match[0]}")
        for match in re.finditer(rf"{translated} {translated}", text):
            if not (match[1] or match[2]).endswith((":", ".", "?")):
                found.append(f"{path.relative_to(ROOT)}: {match[0]}")
    assert found == [], "\n".join(found)


def texts_in(language: str) -> list[str]:
    if language == "en":
        return [text for message in collect() for text in (message.msgid, message.plural) if text]
    texts = [text for entry in open_catalogue(language) for text in all_of(entry)]
    for quoted in QUOTED:
        texts = [text.replace(quoted, "") for text in texts]
    return texts


def all_of(entry: polib.POEntry) -> list[str]:
    return [text for text in (entry.msgstr, *entry.msgstr_plural.values()) if text]
