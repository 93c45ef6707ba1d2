"""Every mailbox is found, and equal mailboxes compare equal."""

import pytest

from amberpost.message import limits
from amberpost.message.addresses import normalise_address, parse_mailboxes
from amberpost.message.types import Defect


def boxes(text: str) -> list[tuple[str, str]]:
    return [(box.name, box.address) for box in parse_mailboxes(text, set())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("A@B.Example", [("", "a@b.example")]),
        ("<a@b.example>", [("", "a@b.example")]),
        ("Kim Lee <a@b.example>", [("Kim Lee", "a@b.example")]),
        ('"Lee, Kim" <a@b.example>, c@d.example', [("Lee, Kim", "a@b.example"), ("", "c@d.example")]),
        ('"Lee \\"K\\" Kim" <a@b.example>', [('Lee "K" Kim', "a@b.example")]),
        ("a@b.example (Kim Lee)", [("Kim Lee", "a@b.example")]),
        ("a@b.example (Kim (the) Lee)", [("Kim (the) Lee", "a@b.example")]),
        ("Kim (never closed <a@b.example>", [("Kim (never closed", "a@b.example")]),
        ('"a, b"@x.example', [("", '"a, b"@x.example')]),
        ('"plain"@x.example', [("", "plain@x.example")]),
        ("undisclosed-recipients:;", []),
        (
            "Team: a@x.example, Kim <b@x.example>; c@x.example",
            [("", "a@x.example"), ("Kim", "b@x.example"), ("", "c@x.example")],
        ),
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("=?utf-8?Q?M=C3=BCller?= <m@x.example>", [("Müller", "m@x.example")]),
        ("=?utf-8?Q?M=C3=BCller, Jo?= <m@x.example>", [("Müller, Jo", "m@x.example")]),
        ('"=?utf-8?Q?M=C3=BCller?=" <m@x.example>', [("Müller", "m@x.example")]),
        ("müller@bücher.example", [("", "müller@xn--bcher-kva.example")]),
        ("Kim <kim@straße.example>", [("Kim", "kim@xn--strae-oqa.example")]),
        ("a @ b . example", [("", "a@b.example")]),
        ("<@relay.example,@two.example:a@b.example>", [("", "a@b.example")]),
        ("<mailto:a%2bc@b.example?subject=x>", [("", "a+c@b.example")]),
        ("kim@x.example Kim Lee", [("Kim Lee", "kim@x.example")]),
        ("a@x.example <b@y.example>", [("a@x.example", "b@y.example")]),
        ("user@[IPv6:2001::1]", [("", "user@[ipv6:2001::1]")]),
        ("MAILER-DAEMON", [("", "mailer-daemon")]),
        ("Mail Delivery System", [("Mail Delivery System", "")]),
        ("Kim <>", [("Kim", "")]),
        ("<>", []),
        ("\x1b", []),
        ("", []),
        (",,;,", []),
        ('"never closed <a@b.example>, c@d.example', [("never closed", "a@b.example"), ("", "c@d.example")]),
        ("Kim <a@b.example", [("Kim", "a@b.example")]),
        ("a@b.example.", [("", "a@b.example")]),
        ("a\0b@x.example", [("", "ab@x.example")]),
        # A comma is missing.
        ("<a@x.example> <b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("<a@x.example><b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("a@x.example\tb@x.example, c@x.example", [("", f"{c}@x.example") for c in "abc"]),
        ("Kim A <a@x.example> Lee B <b@x.example>", [("Kim A", "a@x.example"), ("Lee B", "b@x.example")]),
        ('"A, K" <a@x.example> "B, L" <b@x.example>', [("A, K", "a@x.example"), ("B, L", "b@x.example")]),
        ("Kim (x) <a@x.example> Lee <b@x.example>", [("Kim", "a@x.example"), ("Lee", "b@x.example")]),
        ("Kim <a@x.example> b@x.example", [("Kim", "a@x.example"), ("", "b@x.example")]),
        ("Kim a@x.example Lee b@x.example", [("Kim", "a@x.example"), ("Lee", "b@x.example")]),
        ("Team: a@x.example b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("<a@x.example> Team: b@x.example;", [("Team", "a@x.example"), ("", "b@x.example")]),
        # Quotes around or inside angle brackets.
        ("<'a@x.example'>", [("", "a@x.example")]),
        ('<"a@x.example">', [("", "a@x.example")]),
        ("Kim <'a@x.example'>, b@x.example", [("Kim", "a@x.example"), ("", "b@x.example")]),
        ("'a@x.example', 'b@x.example'", [("", "a@x.example"), ("", "b@x.example")]),
        ("“a@x.example”", [("", "a@x.example")]),
        ('"<a@x.example>"', [("", "a@x.example")]),
        ('"Kim <a@x.example>"', [("Kim", "a@x.example")]),
        ('"Kim <a@x.example>, Lee <b@x.example>"', [("Kim", "a@x.example"), ("Lee", "b@x.example")]),
        ("Kim <<a@x.example>>", [("Kim", "a@x.example")]),
        (
            "o'neil@x.example, \"O'Neil\" <o'neil@x.example>",
            [("", "o'neil@x.example"), ("O'Neil", "o'neil@x.example")],
        ),
        ("«a@x.example»", [("", "a@x.example")]),
        ("`a@x.example`, ''b@x.example''", [("", "a@x.example"), ("", "b@x.example")]),
        ('"a@x.example, b@x.example"', [("", "a@x.example"), ("", "b@x.example")]),
        ('"a@x.example;b@x.example"', [("", "a@x.example"), ("", "b@x.example")]),
        # Commas of other keyboards, and what was left behind an address.
        ("a@x.example，b@x.example；c@x.example", [("", f"{name}@x.example") for name in "abc"]),
        ("a@x.example:", [("", "a@x.example")]),
        ("Kim <a@x.example]", [("Kim", "a@x.example")]),
        ("<kim. lee@x. example>", [("", "kim.lee@x.example")]),
        # Other brackets and schemes.
        ("Kim [a@x.example]", [("Kim", "a@x.example")]),
        ("[mailto:a@x.example]", [("", "a@x.example")]),
        ("Kim [mailto:a@x.example]", [("Kim", "a@x.example")]),
        ("Kim <a@x.example> [mailto:a@x.example]", [("Kim", "a@x.example")]),
        ("[mailto:a@x.example] [mailto:b@x.example]", [("", "a@x.example"), ("", "b@x.example")]),
        ("[SMTP:a@x.example]", [("", "a@x.example")]),
        ("<SMTP:a@x.example>", [("", "a@x.example")]),
        ("Kim <smtp: a@x.example>", [("Kim", "a@x.example")]),
        ("SMTP:a@x.example", [("", "a@x.example")]),
        ("<RFC822:a@x.example>", [("", "a@x.example")]),
        # Two in one pair of brackets.
        ("<a@x.example, b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("Kim <a@x.example; b@x.example>", [("Kim", "a@x.example"), ("Kim", "b@x.example")]),
        ("<a@x.example b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("<SMTP:a@x.example;SMTP:b@x.example>", [("", "a@x.example"), ("", "b@x.example")]),
        ("<a @ x . example>", [("", "a@x.example")]),
        ("Kim (a@x.example)", [("Kim", "a@x.example")]),
        # What is only said of somebody is nobody's address.
        ('"b@x.example" <a@x.example>', [("b@x.example", "a@x.example")]),
        ("'b@x.example' <a@x.example>", [("'b@x.example'", "a@x.example")]),
        ('"Kim <b@x.example>" <a@x.example>', [("Kim <b@x.example>", "a@x.example")]),
        ('<a@x.example> "b@x.example"', [("b@x.example", "a@x.example")]),
        ("a@x.example (b@x.example)", [("b@x.example", "a@x.example")]),
        ("Kim <a@x.example> (for b@x.example)", [("Kim", "a@x.example")]),
        ("Kim [b@x.example] <a@x.example>", [("Kim [b@x.example]", "a@x.example")]),
        ('"a@b"@x.example', [("", '"a@b"@x.example')]),
        ("<mailto:a@x.example?cc=b@x.example>", [("", "a@x.example")]),
    ],
)
def test_mailboxes_are_read_as_mail_clients_do(text: str, expected: list[tuple[str, str]]) -> None:
    assert boxes(text) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "[EX:/o=Own/ou=Exchange Administrative Group/cn=Kim]",
            "[ex:/o=own/ou=exchange administrative group/cn=kim]",
        ),
        ("IMCEAEX-_o+3DOwn_ou+3DGroup+20One_cn+3DKim@own.example", "[ex:/o=own/ou=group one/cn=kim]"),
        ("IMCEAEX-_o+00+0AOwn@own.example", "[ex:/oown]"),
        (" <Kim@Own.Example> ", "kim@own.example"),
        ('"Kim" <Kim@Own.Example>', "kim@own.example"),
        ("kim@BÜCHER.example", "kim@xn--bcher-kva.example"),
        ("kim@bücher。example", "kim@xn--bcher-kva.example"),
        ("mailto:Kim@Own.Example", "kim@own.example"),
        ("SMTP:Kim@Own.Example", "kim@own.example"),
        ("kim@" + "ü" * 300, "kim@" + "ü" * 300),
        ("Local", "local"),
        ("", ""),
    ],
)
def test_addresses_have_one_form(address: str, expected: str) -> None:
    assert normalise_address(address) == expected
    assert normalise_address(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?Q?a=40b.example?=", [("a@b.example", "")]),
        ("=?utf-8?B?YUBiLmV4YW1wbGU=?=, c@d.example", [("a@b.example", ""), ("", "c@d.example")]),
        ("<=?utf-8?Q?a?=@b.example>", [("", "=?utf-8?q?a?=@b.example")]),
        ("=?utf-8?Q?a=40b.example?= <c@d.example>", [("a@b.example", "c@d.example")]),
    ],
)
def test_an_encoded_word_is_never_an_address(text: str, expected: list[tuple[str, str]]) -> None:
    assert boxes(text) == expected


def test_a_bad_address_is_noted() -> None:
    for text in (
        "nobody",
        "Kim <kim>",
        '"open <a@b.example>',
        "<a@x.example> <b@x.example>",
        "a@x.example b@x.example",
        "<a@x.example> b@x.example",
        "<'a@x.example'>",
        '"Kim <a@x.example>"',
        "[mailto:a@x.example]",
        "<SMTP:a@x.example>",
        "<mailto:a@x.example>",
        "<a@x.example, b@x.example>",
    ):
        defects: set[Defect] = set()
        parse_mailboxes(text, defects)
        assert Defect.BAD_ADDRESS in defects


@pytest.mark.parametrize("separator", [", ", "; "])
def test_too_many_addresses_are_cut_and_noted(separator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES", 3)
    defects: set[Defect] = set()
    assert len(parse_mailboxes(separator.join(["a@b.example"] * 5), defects)) == 3
    assert defects == {Defect.ADDRESS_LIMIT}
