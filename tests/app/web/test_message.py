"""Reading one message."""

import re

from amberpost.audit.models import AuditEvent
from amberpost.web.csp import HEIGHT_SCRIPT
from tests.app.pages import ALICES_MAIL, SECRET, Site, attachment_path, text
from tests.people import ALICE, BOB, letter, report


def test_the_page_says_who_what_when_and_what_the_archive_knows(site: Site) -> None:
    page = text(site.client("alice").get(f"/m/{site.secret}/"))
    for part in (
        f"Angebot {SECRET}",
        "kunde@customer.example",
        "14 February 2023",
        "SHA-256",
        "Ledger entry",
    ):
        assert part in page
    assert re.search(r"[0-9a-f]{64}", page)
    assert "1 picture from elsewhere is not loaded" in page
    assert 'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"' in page
    assert 'referrerpolicy="no-referrer"' in page


def test_the_frame_holds_cleaned_html_with_its_own_pictures(site: Site) -> None:
    frame = text(site.client("alice").get(f"/m/{site.secret}/html"))
    assert SECRET in frame
    assert "data:image/png;base64," in frame
    assert re.findall("<script>(.*?)</script>", frame, re.DOTALL) == [HEIGHT_SCRIPT]
    for bad in ("<script ", "evil", "onclick", "tracker.example", "cid:"):
        assert bad not in frame


def test_every_view_works_as_a_plain_link(site: Site) -> None:
    client = site.client("alice")
    assert "iframe" in text(client.get(f"/m/{site.secret}/?view=html"))
    assert "iframe" not in text(client.get(f"/m/{site.secret}/?view=text"))
    assert "Content-Type" in text(client.get(f"/m/{site.secret}/?view=headers"))
    source = text(client.get(f"/m/{site.secret}/?view=source"))
    assert "&lt;script&gt;evil()&lt;/script&gt;" in source
    assert "<script>evil" not in source


def test_the_original_comes_back_byte_for_byte(site: Site) -> None:
    answer = site.client("alice").get(f"/m/{site.secret}/raw")
    assert answer.content == ALICES_MAIL
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Security-Policy"].endswith("sandbox")


def test_an_attachment_is_saved_and_never_run(site: Site) -> None:
    client = site.client("alice")
    page = text(client.get(f"/m/{site.secret}/"))
    paths = re.findall(rf'/m/{site.secret}/part/([^"?]+)"', page)
    bad = next(p for p in paths if "alert" in text(client.get(f"/m/{site.secret}/part/{p}")))
    for question in ("", "?show"):
        answer = client.get(f"/m/{site.secret}/part/{bad}{question}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert "%C3%A4" in answer["Content-Disposition"]
        assert answer["Content-Security-Policy"].endswith("sandbox")


def test_a_picture_may_be_looked_at(site: Site) -> None:
    site.opened.take(
        letter(
            9,
            subject="Bild",
            fields=[
                "MIME-Version: 1.0",
                'Content-Type: image/png; name="a.png"',
                "Content-Transfer-Encoding: base64",
            ],
            text="iVBORw0KGgoAAAAAAAAAAAAA",
        )
    )
    client, id = site.fresh("alice"), site.message("Bild")
    path = attachment_path(client, id)
    shown = client.get(f"/m/{id}/part/{path}?show")
    assert (shown["Content-Type"], shown["Content-Disposition"][:6]) == ("image/png", "inline")
    assert client.get(f"/m/{id}/part/{path}")["Content-Type"] == "application/octet-stream"


def test_unknown_parts_and_numbers_are_not_found(site: Site) -> None:
    client = site.client("alice")
    for path in ("part/99", "part/..", "part/1.2.3.4", "nothing"):
        assert client.get(f"/m/{site.secret}/{path}").status_code == 404
    for number in ("77", "99999999999999999999999999", "-1", "abc"):
        assert client.get(f"/m/{number}/").status_code == 404


def test_a_bcc_recipient_is_named_to_nobody_else(site: Site) -> None:
    inner = letter(7, to=ALICE.address, subject="Heimlich")
    site.opened.take(report(inner, recipients=[f"To: {ALICE.address}", f"Bcc: {BOB.address}"]))
    id = site.message("Heimlich")
    for path in ("", "?view=headers", "?view=source", "raw", "print"):
        seen = text(site.fresh("alice").get(f"/m/{id}/{path}"))
        assert BOB.address not in seen
        assert "Bob" not in seen
    assert "Heimlich" in text(site.fresh("bob").get(f"/m/{id}/"))


def test_opening_and_downloading_are_recorded(site: Site) -> None:
    client = site.fresh("alice")
    path = attachment_path(client, site.secret)
    client.get(f"/m/{site.secret}/raw")
    client.get(f"/m/{site.secret}/part/{path}")
    actions = set(AuditEvent.objects.filter(actor="alice").values_list("action", flat=True))
    assert {"message:opened", "message:downloaded", "attachment:downloaded"} <= actions


def test_the_print_page_has_people_attachments_text_and_record_and_nothing_that_runs(site: Site) -> None:
    answer = site.client("alice").get(f"/m/{site.secret}/print")
    page = text(answer)
    for part in (
        f"Das {SECRET}",
        "kunde@customer.example",
        f"{SECRET} _ä_.html",
        "SHA-256",
        "Ledger entry",
    ):
        assert part in page
    assert "data:image/png;base64," in page
    for bad in ("<script", "evil", "tracker.example", "cid:", "<form", "<iframe"):
        assert bad not in page
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; sandbox"
    )
    assert "<p>Das" not in text(site.client("alice").get(f"/m/{site.secret}/print?view=text"))


def test_everybody_is_on_paper(site: Site) -> None:
    many = [f"r{n}@customer.example" for n in range(600)]
    inner = letter(8, to=",\r\n ".join((ALICE.address, *many)), subject="Rundbrief")
    site.opened.take(report(inner, recipients=[f"To: {address}" for address in (ALICE.address, *many)]))
    page = text(site.fresh("alice").get(f"/m/{site.message('Rundbrief')}/print"))
    assert [address for address in many if page.count(f"{address}<") + page.count(f"{address} <") < 2] == []


def test_printing_is_recorded_as_an_opening(site: Site) -> None:
    client = site.fresh("alice")
    client.get(f"/m/{site.secret}/print")
    client.get(f"/m/{site.secret}/print")
    assert (
        AuditEvent.objects.filter(actor="alice", action="message:opened", target=str(site.secret)).count()
        == 2
    )


def test_a_refused_reading_is_not_recorded_as_one(site: Site) -> None:
    site.client("bob").get(f"/m/{site.secret}/")
    assert not AuditEvent.objects.filter(actor="bob", action="message:opened").exists()
