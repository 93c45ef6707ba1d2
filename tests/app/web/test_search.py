"""The list and its pages."""

from datetime import timedelta

import pytest

from amberpost.accounts.models import User
from amberpost.clock import now
from amberpost.web.models import SavedSearch, save_search
from amberpost.web.narrow import narrowers
from tests.app.pages import SECRET, Site, text
from tests.people import ALICE, BOB, letter, report

HTMX = {"hx-request": "true", "hx-target": "pane"}


def found(site: Site, words: str, login: str = "alice", query: str = "") -> str:
    answer = site.fresh(login).post("/search/", {"q": words})
    return text(site.fresh(login).get(answer["Location"] + query))


def test_words_find_and_are_marked(site: Site) -> None:
    page = found(site, SECRET)
    assert "1 message<" in page
    assert f"<mark>{SECRET}</mark>" in page


def test_nothing_asked_lists_the_newest(site: Site) -> None:
    site.opened.take(letter(5, subject="Neuer", date="Wed, 15 Feb 2023 08:00:00 +0000"))
    page = text(site.fresh("alice").get("/search/"))
    assert page.index("Neuer") < page.index(f"Angebot {SECRET}")
    assert site.fresh("alice").post("/search/", {"q": "  "})["Location"] == "/search/"


def test_an_open_message_stands_beside_the_list_with_and_without_scripts(site: Site) -> None:
    client = site.client("alice")
    whole = text(client.get(f"/search/?open={site.secret}"))
    assert "SHA-256" in whole
    assert 'class="hits"' in whole
    pane = text(client.get(f"/search/?open={site.secret}", headers=HTMX))
    assert "SHA-256" in pane
    assert 'class="hits"' not in pane
    assert "<html" not in pane


def test_lines_of_the_list_lead_to_their_message(site: Site) -> None:
    assert f'href="/search/?open={site.secret}"' in text(site.client("alice").get("/search/"))


def test_somebody_elses_message_cannot_be_opened_beside_ones_own_list(site: Site) -> None:
    for headers in ({}, HTMX):
        answer = site.client("bob").get(f"/search/?open={site.secret}", headers=headers)
        assert answer.status_code == 404
        assert SECRET not in text(answer)


def test_a_kept_search_is_its_owners_only(site: Site) -> None:
    kept = save_search(User.objects.get(login="alice"), "geheim")
    assert site.client("alice").get(f"/search/{kept.pk}/").status_code == 200
    assert site.client("bob").get(f"/search/{kept.pk}/").status_code == 404


def test_kept_searches_are_forgotten_after_a_month_and_above_two_hundred(site: Site) -> None:
    alice = User.objects.get(login="alice")
    old = save_search(alice, "old")
    SavedSearch.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=31))
    for number in range(205):
        save_search(alice, f"words {number}")
    assert save_search(alice, "words 204").pk == save_search(alice, "words 204").pk
    kept = SavedSearch.objects.filter(user=alice)
    assert not kept.filter(text="old").exists()
    assert kept.count() == 200


@pytest.mark.parametrize(
    "words", ["from:", "x" * 1100, "(" * 9 + "a" + ")" * 9, "a OR", "after:yesterdayish"]
)
def test_words_that_cannot_be_understood_are_explained(site: Site, words: str) -> None:
    answer = site.client("alice").post("/search/", {"q": words}, follow=True)
    assert answer.status_code == 400
    assert 'role="alert"' in text(answer)


@pytest.mark.parametrize("question", ["?page=x", "?open=-1", "?page=1e9", "?open=" + "9" * 40])
def test_nonsense_in_the_address_is_not_found(site: Site, question: str) -> None:
    assert site.client("alice").get(f"/search/{question}").status_code == 404


def test_long_lists_have_pages(site: Site) -> None:
    site.opened.take(*(letter(n, subject=f"Nummer {n}") for n in range(100, 130)))
    first, second = (text(site.fresh("alice").get(f"/search/?page={n}")) for n in (1, 2))
    assert "Page 1 of 2" in first
    assert first.count('class="hit"') == 25
    assert second.count('class="hit"') == 6
    assert "Next" in first
    assert "Previous" in second


def test_copies_of_one_mail_are_one_line(site: Site) -> None:
    inner = letter(50, to=ALICE.address, subject="Zweimal")
    other = inner.replace(b"Guten Tag.", b"Guten Tag.").replace(b"\r\n\r\n", b"\r\nX-Hop: 2\r\n\r\n", 1)
    site.opened.take(
        report(
            inner, recipients=[f"To: {ALICE.address}", f"To: {BOB.address}"], message_id="<a@x>", number=1
        ),
        report(
            other, recipients=[f"To: {ALICE.address}", f"To: {BOB.address}"], message_id="<a@x>", number=2
        ),
    )
    page = found(site, "Zweimal")
    assert page.count('class="hit"') == 1
    assert "further cop" in page


def test_narrowing_down_adds_and_takes_away_its_condition() -> None:
    attached, week, month, _year = narrowers("offer")
    assert attached.text == "offer has:attachment"
    assert week.text.startswith("offer after:")
    again = narrowers(attached.text)
    assert (again[0].is_on, again[0].text) == (True, "offer")
    assert narrowers(month.text)[1].text == week.text, "one time span takes the place of another"
    assert narrowers("a OR b")[0].text == "(a OR b) has:attachment"


def test_dates_are_those_of_the_readers_zone_and_language(site: Site) -> None:
    User.objects.filter(login="alice").update(time_zone="Asia/Tokyo", language="de")
    page = text(site.fresh("alice").get(f"/m/{site.secret}/"))
    assert "14. Februar 2023, 17:41:05 UTC+9" in page
    assert 'lang="de"' in page


def test_a_missing_index_is_said_and_never_answered_from(site: Site) -> None:
    import shutil

    shutil.rmtree(site.opened.config.data / "index")
    client = site.fresh("alice")
    answer = client.get("/search/")
    assert answer.status_code == 503
    assert "All mail is kept and safe" in text(answer)
    assert client.get(f"/m/{site.secret}/").status_code == 200


def test_one_damaged_message_does_not_hide_the_others(site: Site) -> None:
    site.opened.take(letter(6, subject="Heil"))
    [segment] = (site.opened.config.data / "mail" / "segments").iterdir()
    raw = bytearray(segment.read_bytes())
    raw[len(raw) // 5] ^= 1  # in the first and longest record, which is Alice's
    segment.write_bytes(raw)
    answer = site.fresh("alice").get("/search/")
    assert answer.status_code == 200
    assert "Heil" in text(answer)
    assert "This message cannot be read" in text(answer)
    assert site.fresh("alice").get(f"/m/{site.secret}/").status_code in {500, 503}
