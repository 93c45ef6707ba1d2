"""The words of HTML, compared with a second reader (libxml2), and what is indexed with what is shown."""

import re
from collections import Counter
from pathlib import Path

import lxml.etree
import lxml.html
import pytest

from amberpost.message.body import decode_text, is_html
from amberpost.message.charset import declared_in_html, decode
from amberpost.message.html import safe_html
from amberpost.message.markup import html_text, is_bomb, repaired
from amberpost.message.parse import parse
from tests.corpora import corpus_files

_WORD = re.compile(r"[^\W_]+")
_INVISIBLE = re.compile("[\xad\u200b\u200c\ufeff]")
_HIDDEN = ("script", "style", "title", "template", "iframe", "noembed")
_INLINE = re.findall(r"\w+", "a b i u s span font em strong small big sub sup tt code strike ins del")
_LOST = 5  # words that a part may lose, in the measure of the second reader, whose blanks are not ours

OWN = {
    "letter": "<html><head><title>t</title><style>p{color:red}</style></head><body><p>Sehr geehrte Frau "
    "Müller,</p><p>anbei das Angebot &uuml;ber <b>zw&ouml;lf</b> Ziegel.</p><!-- nicht --><ul><li>eins<li>zwei</ul>",
    "table": "<table><tr><td>Posten</td><td>Preis</td></tr><tr><td>Dach</td><td>12&nbsp;EUR</td></tr></table>",
    "nested": "<div>" * 300 + "tief unten steht ein Satz aus sieben Worten" + "</div>" * 300,
    "unclosed": "<p>eins <b>zwei <i>drei <font color=red>vier <p>fünf <table><tr><td>sechs <td>sieben",
    "form": "<form>Ihre Antwort <textarea>Vorschlag für den Text</textarea><input value=x></form>",
    "office": "<html xmlns:o='urn:x'><!--[if gte mso 9]><xml><o:P>96</o:P></xml><![endif]--><p class=MsoNormal>"
    "Guten Tag<o:p></o:p></p><![if !mso]>auch dies<![endif]>",
    "quote": '<p>Vor <a href="http://a.example/ target="_blank">Wort</a> nach <a href="http://b.example/ '
    'target="_blank">zweites</a> Ende der Zeile</p>',
    "xml": "<xml><w>eins</w><p>zwei drei vier fünf sechs sieben",
    "capitals": "<TITLE>x İ</TITLE>Der Rest der Nachricht steht hier unten<SCRIPT>nein</SCRIPT> und dort",
}


def words(text: str) -> Counter[str]:
    return Counter(word.lower() for word in _WORD.findall(text))


def second_reader(html: str) -> Counter[str]:
    """The words that libxml2 finds, blocks apart, without what nobody sees."""
    # An address in bare brackets is an element to libxml2, and text to us.
    html = re.sub(r"<(?=[^\s<>\"'=/@]{1,64}@[^\s<>\"'=/]{1,255}>)", "&lt;", html)
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        tree = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.ParserError, ValueError):  # nothing in it
        return Counter()
    for element in list(tree.iter()):
        hidden = not isinstance(element.tag, str) or element.tag in _HIDDEN
        if hidden and element.getparent() is not None:
            element.drop_tree()
    for element in tree.iter():
        if element.tag not in _INLINE:
            element.text, element.tail = f" {element.text or ''} ", f" {element.tail or ''}"
    return words(_INVISIBLE.sub("", tree.text_content()))


def html_of(path: Path) -> list[str]:
    """All HTML in a file of the corpora, a mail or a document."""
    data = path.read_bytes()
    if path.suffix.lower() in (".html", ".htm") or data[:500].lstrip()[:9].lower() in (
        b"<!doctype",
        b"<html>",
    ):
        return [decode(data, declared_in_html(data))]
    parsed = parse(data)
    return [decode_text(data, part) for part in parsed.parts if is_html(part)]


@pytest.mark.parametrize("name", OWN)
def test_no_word_is_lost_that_a_second_reader_finds(name: str) -> None:
    assert second_reader(OWN[name]) <= words(html_text(OWN[name]))


def test_the_second_reader_would_notice() -> None:
    assert sum((second_reader(OWN["letter"]) - words(html_text(OWN["letter"][:-60]))).values()) > 0


@pytest.mark.shared
def test_no_html_of_the_corpora_loses_five_words() -> None:
    lost = {}
    for path in corpus_files():
        for number, html in enumerate(html_of(path)):
            missing = second_reader(html) - words(html_text(html))
            if sum(missing.values()) >= _LOST:
                lost[f"{path.name} {number}"] = missing.most_common(5)
    assert lost == {}


def shown_words(html: str) -> Counter[str]:
    """What the page shows, read by the second reader, with the texts that stand for pictures."""
    shown = safe_html(html, cid_url=lambda _: None).html
    tree = lxml.html.fragment_fromstring(f"<div>{shown}</div>", create_parent=False)
    alternatives = " ".join(image.get("alt", "") for image in tree.iter("img"))
    return second_reader(f"<div>{shown}</div>") + words(alternatives)


@pytest.mark.parametrize("name", OWN)
def test_what_is_indexed_is_what_is_shown(name: str) -> None:
    assert shown_words(OWN[name]) == words(html_text(OWN[name]))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # What browsers drop is read on where a sender forgot a character.
        ('<p>a <a href="http://x>link</a> rest', "a link rest"),
        ("<p>a <a href='http://x>link</a> rest", "a link rest"),
        ("a <b und c", "a <b und c"),
        ("<title>kein Ende und Text", "kein Ende und Text"),
        # Not an element: an address that should have been escaped.
        ("von Anna <anna@firma.example> an alle", "von Anna <anna@firma.example> an alle"),
        # In the place of what is not there.
        ("<noscript>ohne</noscript> <object>statt</object>", "ohne statt"),
        ("<frameset><frame src=x><noframes><body>Text <b>hier</b></noframes></frameset>", "Text hier"),
        ("<select><option>eins<option>zwei</select>", "eins\nzwei"),
        ("<svg><style>x{}</style><text>Wort</text></svg>", "Wort"),
        ("<plaintext><b>roh", "<b>roh"),
        ("<img alt='Logo Firma' src=x>daneben", "Logo Firma daneben"),
        ("<tr><td>ohne</td><td>Tabelle</td></tr>", "ohne Tabelle"),
        # Hidden in every client.
        ("<template>nein</template><iframe>nein</iframe>ja", "ja"),
    ],
)
def test_broken_or_old_html_keeps_its_words(html: str, text: str) -> None:
    assert html_text(html) == text
    assert shown_words(html) == words(text)


def test_below_five_thousand_levels_a_tree_is_built_and_above_expressions_read() -> None:
    deep = "<div>" * 4_990 + "unten" + "</div>" * 4_990
    too_deep = "<div>" * 5_010 + "unten" + "</div>" * 5_010
    assert not is_bomb(deep)
    assert is_bomb(too_deep)
    assert repaired(too_deep) is None
    assert html_text(deep) == html_text(too_deep) == "unten"


def test_unclosed_paragraphs_and_cells_are_no_levels() -> None:
    assert not is_bomb("<p>x<br><table>" + "<tr><td>y" * 20_000)


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 200_000,
        "".join(f"<p><b a={number}>" for number in range(4_000)),
        "<p " + " ".join(f"a{number}=1" for number in range(200_000)) + ">",
        "<p " + " ".join(f"a{number}<=1" for number in range(200_000)) + ">",
        "<p " + " ".join(f'a{number}=">"' for number in range(200_000)) + ">",
        "<b>" * 4_000 + "</i>" * 100_000,
        "<" * 600_000,
    ],
)
def test_what_a_tree_builder_cannot_bear_is_read_by_expressions(bomb: str) -> None:
    assert is_bomb(bomb)
    assert "Schlusswort" in html_text(bomb + "> Schlusswort")
