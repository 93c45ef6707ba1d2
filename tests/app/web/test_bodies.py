"""The pages of messages with several texts, events, files within files, and more text than the index takes."""

import re
from base64 import b64encode
from collections.abc import Sequence

import pytest

from amberpost.message import limits
from tests.app.pages import Site, text
from tests.people import letter
from tests.unit.message.test_cards import CARD, INVITATION
from tests.unit.message.test_smime import ENTITY, signed


def take(site: Site, subject: str, fields: Sequence[str], body: str) -> int:
    site.opened.take(letter(subject, subject=subject, fields=["MIME-Version: 1.0", *fields], text=body))
    return site.message(subject)


def mixed(*parts: tuple[str, str]) -> str:
    return "".join(f"--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n" for kind, body in parts) + "--b--\r\n"


MIXED = ["Content-Type: multipart/mixed; boundary=b"]


def search(site: Site, words: str) -> str:
    client = site.fresh("alice")
    return text(client.get(client.post("/search/", {"q": words})["Location"]))


def test_the_frame_shows_all_texts_in_order(site: Site) -> None:
    body = mixed(
        ("text/html", "<p>erster</p><b>offen <i>geblieben"),
        ("application/pdf; name=a.pdf", "%PDF"),
        ("text/html", "<p>zweiter</p>"),
        ("text/plain", "ein <Fuss>"),
    )
    id = take(site, "Mehrere", MIXED, body)
    frame = text(site.client("alice").get(f"/m/{id}/html"))
    assert re.search(r"erster.*zweiter.*ein &lt;Fuss&gt;", frame, re.DOTALL)
    page = text(site.client("alice").get(f"/m/{id}/?view=text"))
    assert re.search(r"erster.*zweiter.*ein &lt;Fuss&gt;", page, re.DOTALL)


def test_an_event_is_a_card_on_the_page_and_words_in_the_list(site: Site) -> None:
    id = take(site, "Termin", ["Content-Type: text/calendar; charset=utf-8; method=REQUEST"], INVITATION)
    page = text(site.client("alice").get(f"/m/{id}/"))
    assert "<h2>Invitation</h2>" in page
    for word in (
        "Baubesprechung, zweiter Termin",
        "Roth, Ruth &lt;ruth.roth@firma.example&gt;",
        "Haus 3; Raum 12",
    ):
        assert word in page
    assert "BEGIN:VEVENT" not in page
    assert "This message has no text" not in page
    for word in ("Baubesprechung", "ruth.roth@firma.example"):
        listed = search(site, word)
        assert f"/m/{id}/" in listed
        assert "VEVENT" not in listed


def test_a_contact_is_a_card_beside_the_text(site: Site) -> None:
    id = take(
        site,
        "Karte",
        MIXED,
        mixed(("text/plain", "anbei"), ("text/x-vcard; name=r.vcf; charset=utf-8", CARD)),
    )
    page = text(site.client("alice").get(f"/m/{id}/?view=text"))
    assert re.search(r"<h2>Contact\s*</h2>", page)
    assert "Dr. Ruth Müller" in page
    assert "anbei" in page
    assert "VCARD" not in page


def test_files_inside_signed_mail_are_listed_and_saved(site: Site) -> None:
    fields = ["Content-Type: application/pkcs7-mime; name=smime.p7m", "Content-Transfer-Encoding: base64"]
    id = take(site, "Signiert", fields, b64encode(signed(ENTITY)).decode())
    client = site.client("alice")
    page = text(client.get(f"/m/{id}/"))
    assert "Unterschrieben im Bernsteinhaus" in page
    link = re.search(rf'"(/m/{id}/part/[^"?]+)"\s+download>(?:(?!</a>).)*vertrag\.pdf', page, re.DOTALL)
    assert link
    assert client.get(link[1]).content == b"%PDF"
    assert client.get(link[1] + "/9").status_code == 404
    assert f"/m/{id}/" in search(site, "filename:vertrag")


def test_who_has_more_text_than_the_index_takes_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDEX_CHARACTERS", 40)
    id = take(site, "Langer", ["Content-Type: text/plain"], "Anfang " + "mitte " * 20 + "Schlusswort")
    assert "more text than the search index takes" in text(site.client("alice").get(f"/m/{id}/"))
    assert "more text than the search index takes" not in text(site.client("alice").get(f"/m/{site.secret}/"))
    found = search(site, "is:truncated")
    assert f"/m/{id}/" in found
    assert f"/m/{site.secret}/" not in found
    told = search(site, "Schlusswort")
    assert f"/m/{id}/" not in told
    assert "1 message has more text than the index takes" in told


def test_nobody_is_told_of_the_long_messages_of_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INDEX_CHARACTERS", 40)
    take(site, "Langer", ["Content-Type: text/plain"], "mitte " * 20)
    client = site.fresh("charlie")
    page = text(client.get(client.post("/search/", {"q": "Schlusswort"})["Location"]))
    assert "more text than the index takes" not in page


def test_a_message_of_more_than_three_megabytes_of_text_is_found_by_its_last_word(site: Site) -> None:
    lines = "\r\n".join(["Ein Satz aus sieben Worten, der bleibt."] * 87_000)
    assert len(lines) > 3_400_000
    id = take(site, "Riese", ["Content-Type: text/plain"], lines + "\r\nSchlussstein")
    assert f"/m/{id}/" in search(site, "Schlussstein")
    assert f"/m/{id}/" not in search(site, "is:truncated")
