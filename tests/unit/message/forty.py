"""Forty messages, and by hand whose mail each of them is under the six header evaluations.

The expectations were written from collecting-mail.md 1.4 and journal-reports.md, not by running the code; none may
be changed to what the code says without a sentence of the reference that says so.
"""

import re
from base64 import b64encode
from dataclasses import dataclass

from tests.unit.message.mail import mail, multipart, nested, report

EXCHANGE = "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@own.example"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A message; in each column the addresses, separated by "; ". "~" marks what is behind a prefix."""

    name: str
    raw: bytes
    journal: str = ""
    header: str = ""
    x_envelope_to: str = ""
    x_original_to: str = ""
    delivered_to: str = ""
    envelope_from: str = ""  # custom:envelope-from

    def expected(self) -> dict[str, set[str]]:
        columns = {
            "journal": self.journal,
            "header": self.header,
            "x-envelope-to": self.x_envelope_to,
            "x-original-to": self.x_original_to,
            "delivered-to": self.delivered_to,
            "custom:envelope-from": self.envelope_from,
        }
        return {
            mode: {word.replace("\\;", ";") for word in re.split(r"(?<!\\); ", text)} - {""}
            for mode, text in columns.items()
        }


_OFFER = mail(
    "From: Mara <mara@own.example>",
    "Sender: desk@own.example",
    "To: buyer@client.example, jon@own.example",
    "Cc: books@own.example",
    "Subject: Offer",
    "Message-ID: <offer@own.example>",
    body="The offer is attached.\r\n",
)
_OFFER_REPORT = (
    "Sender: desk@own.example\r\nOn-Behalf-Of: mara@own.example\r\nSubject: Offer\r\n"
    "Message-Id: <offer@own.example>\r\nTo: Jon@Own.example\r\nCc: books@own.example\r\n"
    "Bcc: head@own.example\r\n\r\n"
)


def _exchange_report(text: str, *parts: bytes, field: str = "X-MS-Journal-Report:") -> bytes:
    """As it lies in the journal mailbox: with the traces of its own way there."""
    return multipart(
        mail("Content-Type: text/plain; charset=us-ascii", body=text),
        *parts,
        boundary="_journal_",
        fields=(
            "Return-Path: <bounces@own.example>",
            "Delivered-To: journal@archive.example",
            "Received: from out.exchange.example ([192.0.2.40]) by mx.archive.example with esmtps"
            " (envelope-from <bounces@own.example>) id 1a; Wed, 15 Mar 2023 10:00:02 +0000",
            f"From: Microsoft Outlook <{EXCHANGE}>",
            "To: <journal@archive.example>",
            "Subject: Offer",
            "Message-ID: <wrapper@journal.example>",
            field,
        ),
    )


_EXCHANGE_ONLINE = _exchange_report(_OFFER_REPORT, nested(_OFFER))
# Inside a non-delivery report there is no trace of a delivery that did not happen.
_UNDELIVERED = report(_OFFER_REPORT, nested(_OFFER))


def _non_delivery(*parts: bytes, boundary: str = "_ndr_") -> bytes:
    return multipart(
        mail("Content-Type: text/plain", body="Your message could not be delivered.\r\n"),
        mail("Content-Type: message/delivery-status", body="Reporting-MTA: dns; mx.own.example\r\n\r\n"),
        *parts,
        kind="report; report-type=delivery-status",
        boundary=boundary,
        fields=(
            f"From: Microsoft Outlook <{EXCHANGE}>",
            "To: undelivered@own.example",
            "Subject: Undeliverable: Offer",
            "Delivered-To: undelivered@own.example",
        ),
    )


FORTY = (
    Case(
        name="01 plain",
        raw=mail("From: Kim <kim@own.example>", "To: lee@other.example", "Subject: Hello"),
        journal="kim@own.example; lee@other.example",
        header="kim@own.example; lee@other.example",
    ),
    Case(
        name="02 blind copies and a delegate in the header",
        raw=mail(
            "From: kim@own.example",
            "Sender: desk@own.example",
            "To: lee@other.example",
            "Cc: ada@own.example",
            "Bcc: mara@own.example, Jon <jon@own.example>",
            "Reply-To: elsewhere@own.example",
        ),
        journal="kim@own.example; desk@own.example; lee@other.example; ada@own.example; mara@own.example; "
        "jon@own.example",
        header="kim@own.example; desk@own.example; lee@other.example; ada@own.example; mara@own.example; "
        "jon@own.example",
    ),
    Case(
        name="03 several X-Envelope-To",
        raw=mail(
            "X-Envelope-To: <mara@own.example>",
            "x-envelope-to: jon@own.example",
            "From: shop@client.example",
            "To: info@own.example",
        ),
        journal="shop@client.example; info@own.example",
        header="shop@client.example; info@own.example",
        x_envelope_to="mara@own.example; jon@own.example",
    ),
    Case(
        name="04 lists with commas",
        raw=mail(
            'X-Envelope-To: mara@own.example, <jon@own.example>,"Lee, Kim" <kim@own.example>',
            "X-Original-To: ada@own.example,mara@own.example",
            "Delivered-To: <ada@own.example>, jon@own.example",
            "From: shop@client.example, shop2@client.example",
            "To: info@own.example",
        ),
        journal="shop@client.example; shop2@client.example; info@own.example",
        header="shop@client.example; shop2@client.example; info@own.example",
        x_envelope_to="mara@own.example; jon@own.example; kim@own.example",
        x_original_to="ada@own.example; mara@own.example",
        delivered_to="ada@own.example; jon@own.example",
    ),
    Case(
        name="05 groups",
        raw=mail(
            "From: kim@own.example",
            "To: undisclosed-recipients:;",
            "Cc: Team: mara@own.example, Jon <jon@own.example>;, ada@own.example",
            "X-Envelope-To: undisclosed-recipients:;",
            "X-Original-To: Team: mara@own.example;",
        ),
        journal="kim@own.example; mara@own.example; jon@own.example; ada@own.example",
        header="kim@own.example; mara@own.example; jon@own.example; ada@own.example",
        x_original_to="mara@own.example",
    ),
    Case(
        name="06 international domains",
        raw=mail(
            "From: Jürgen <jürgen@bücher.example>",
            "To: info@BÜCHER.example, kim@XN--BCHER-KVA.example",
            "X-Original-To: info@Bücher.example",
            "Received: from a by b (envelope-from <jürgen@bücher.example>)",
        ),
        journal="jürgen@xn--bcher-kva.example; info@xn--bcher-kva.example; kim@xn--bcher-kva.example",
        header="jürgen@xn--bcher-kva.example; info@xn--bcher-kva.example; kim@xn--bcher-kva.example",
        x_original_to="info@xn--bcher-kva.example",
        envelope_from="jürgen@xn--bcher-kva.example",
    ),
    Case(
        name="07 upper case",
        raw=mail(
            "DELIVERED-TO: MARA@OWN.EXAMPLE",
            "X-ENVELOPE-TO: MARA@OWN.EXAMPLE",
            "RECEIVED: FROM A BY B (ENVELOPE-FROM <KIM@OWN.EXAMPLE>)",
            "FROM: KIM@OWN.EXAMPLE",
            "TO: Mara@Own.Example, mara@own.example",
        ),
        journal="kim@own.example; mara@own.example",
        header="kim@own.example; mara@own.example",
        x_envelope_to="mara@own.example",
        delivered_to="mara@own.example",
        envelope_from="kim@own.example",
    ),
    Case(
        name="08 folded fields",
        raw=mail(
            "Received: from a.client.example by mx.own.example with esmtp (envelope-from\r\n"
            "          <shop@client.example>); Wed, 15 Mar 2023 10:00:00 +0000",
            "From: shop@client.example",
            "To: Mara\r\n <mara@own.example>,\r\n\tjon@own.example",
            "X-Envelope-To:\r\n <mara@own.example>,\r\n\t<jon@own.example>",
            "Delivered-To:\r\n\tmara@own.example",
        ),
        journal="shop@client.example; mara@own.example; jon@own.example",
        header="shop@client.example; mara@own.example; jon@own.example",
        x_envelope_to="mara@own.example; jon@own.example",
        delivered_to="mara@own.example",
        envelope_from="shop@client.example",
    ),
    Case(
        name="09 encoded display names",
        raw=mail(
            "From: =?utf-8?Q?M=C3=BCller=2C_Jo?= <jo@own.example>",
            "To: =?iso-8859-1?B?Sm9zZQ==?= <mara@own.example>, =?utf-8?Q?head=40own.example?= <kim@own.example>",
            "X-Envelope-To: =?utf-8?Q?head=40own.example,_x?= <mara@own.example>",
        ),
        journal="jo@own.example; mara@own.example; kim@own.example",
        header="jo@own.example; mara@own.example; kim@own.example",
        x_envelope_to="mara@own.example",
    ),
    Case(
        name="10 encoded words where an address must stand",
        raw=mail(
            "From: kim@own.example",
            "To: <=?utf-8?Q?head?=@own.example>",
            "Cc: =?utf-8?Q?head=40own.example?=, =?utf-8?B?aGVhZEBvd24uZXhhbXBsZQ==?=",
            "X-Envelope-To: =?utf-8?Q?head=40own.example?=",
            "X-Original-To: <=?utf-8?Q?head=40own.example?=>",
            "Delivered-To: =?utf-8?B?aGVhZEBvd24uZXhhbXBsZQ==?=",
            "Received: from a by b (envelope-from =?utf-8?Q?head=40own.example?=)",
        ),
        journal="kim@own.example; =?utf-8?q?head?=@own.example",
        header="kim@own.example; =?utf-8?q?head?=@own.example",
    ),
    Case(
        name="11 none of the fields",
        raw=mail("Subject: nobody", "Date: Wed, 15 Mar 2023 10:00:00 +0000", body="mara@own.example\r\n"),
    ),
    Case(
        name="12 Received of Exim",
        raw=mail(
            "Received: from mail.client.example ([192.0.2.7] helo=mail.client.example)\r\n"
            "\tby mx.own.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n"
            "\t(Exim 4.96)\r\n"
            "\t(envelope-from <shop@client.example>)\r\n"
            "\tid 1pRqXy-0001Ab-2C\r\n"
            "\tfor info@own.example;\r\n"
            "\tWed, 15 Mar 2023 10:00:00 +0000",
            "From: News <news@client.example>",
            "To: info@own.example",
        ),
        journal="news@client.example; info@own.example",
        header="news@client.example; info@own.example",
        envelope_from="shop@client.example",
    ),
    Case(
        name="13 Received of sendmail",
        raw=mail(
            "Received: (from kim@localhost)\r\n"
            "\tby host.own.example (8.17.1/8.17.1/Submit) id 32FA0000001234;\r\n"
            "\tWed, 15 Mar 2023 10:00:00 GMT\r\n"
            "\t(envelope-from kim@own.example)",
            "From: Kim <desk@own.example>",
            "To: lee@other.example",
        ),
        journal="desk@own.example; lee@other.example",
        header="desk@own.example; lee@other.example",
        envelope_from="kim@own.example",
    ),
    Case(
        name="14 Received of qmail",
        raw=mail(
            "Received: (qmail 4711 invoked by uid 89); 15 Mar 2023 10:00:01 -0000",
            "Received: from 192.0.2.9 by mx.own.example (envelope-from <shop@client.example>, uid 89)"
            " with qmail-scanner-2.08; 15 Mar 2023 10:00:00 -0000",
            "From: news@client.example",
            "To: info@own.example",
        ),
        journal="news@client.example; info@own.example",
        header="news@client.example; info@own.example",
        envelope_from="shop@client.example",
    ),
    Case(
        name="15 Postfix, which tells the sender in Return-Path only",
        raw=mail(
            "Return-Path: <shop@client.example>",
            "X-Original-To: info@own.example",
            "Delivered-To: archive@mx.own.example",
            "Received: from mail.client.example (mail.client.example [192.0.2.7])\r\n"
            "\tby mx.own.example (Postfix) with ESMTPS id 4PGF2M6nRnz1w\r\n"
            "\tfor <info@own.example>; Wed, 15 Mar 2023 11:00:00 +0100 (CET)",
            "From: news@client.example",
            "To: everybody@client.example",
        ),
        journal="news@client.example; everybody@client.example",
        header="news@client.example; everybody@client.example",
        x_original_to="info@own.example",
        delivered_to="archive@mx.own.example",
    ),
    Case(
        name="16 several hops, and an address with a plus",
        raw=mail(
            "Received: from a by b (envelope-from <kim+bounce=7@own.example>) id 2",
            "Received: from c by a (envelope-from kim@own.example) id 1",
            "X-Envelope-To: kim+list@own.example",
            "From: kim@own.example",
            "To: info+shop@own.example",
        ),
        journal="kim@own.example; info+shop@own.example",
        header="kim@own.example; info+shop@own.example",
        x_envelope_to="kim+list@own.example",
        envelope_from="kim+bounce=7@own.example; kim@own.example",
    ),
    Case(
        name="17 name=address in Return-Path",
        raw=mail(
            "Return-Path: <owner@client.example> (envelope-from=shop@client.example)",
            "From: news@client.example",
            "To: info@own.example",
        ),
        journal="news@client.example; info@own.example",
        header="news@client.example; info@own.example",
        envelope_from="shop@client.example",
    ),
    Case(
        name="18 Received-SPF",
        raw=mail(
            "Received-SPF: Pass (mx.own.example: domain of client.example designates 192.0.2.7 as permitted"
            ' sender)\r\n client-ip=192.0.2.7; envelope-from="shop@client.example"; helo=mail.client.example;',
            "Received-SPF: none (mailfrom) identity=mailfrom; envelope-from=news@client.example; receiver=x",
            "From: news@client.example",
            "To: info@own.example",
        ),
        journal="news@client.example; info@own.example",
        header="news@client.example; info@own.example",
        envelope_from="shop@client.example; news@client.example",
    ),
    Case(
        name="19 a field of the custom name wins over comments",
        raw=mail(
            "Received: from a by b (envelope-from <other@client.example>)",
            "Envelope-From: <kim@own.example>",
            "From: desk@own.example",
            "To: lee@other.example",
        ),
        journal="desk@own.example; lee@other.example",
        header="desk@own.example; lee@other.example",
        envelope_from="kim@own.example",
    ),
    Case(
        name="20 an empty field of the custom name is there, too",
        raw=mail(
            "Received: from a by b (envelope-from <other@client.example>)",
            "Envelope-From: <>",
            "From: desk@own.example",
            "To: lee@other.example",
        ),
        journal="desk@own.example; lee@other.example",
        header="desk@own.example; lee@other.example",
    ),
    Case(
        name="21 report of Exchange Online",
        raw=_EXCHANGE_ONLINE,
        journal="desk@own.example; mara@own.example; jon@own.example; books@own.example; head@own.example",
        header=f"{EXCHANGE}; journal@archive.example",
        delivered_to="journal@archive.example",
        envelope_from="bounces@own.example",
    ),
    Case(
        name="22 report with lists, redirections and a name of Exchange",
        raw=_exchange_report(
            "Sender: bill@vendor.example\r\nSubject: Invoice\r\nMessage-Id: <inv@vendor.example>\r\n"
            "To: mara@own.example, Expanded: info@own.example\r\n"
            "Cc: stand-in@own.example, Forwarded: away@own.example\r\n"
            "Recipient: [EX:/o=Own/cn=Recipients/cn=scanner]\r\n",
            nested(mail("From: bill@vendor.example", "To: info@own.example, nobody@own.example")),
        ),
        journal="bill@vendor.example; mara@own.example; info@own.example; stand-in@own.example; "
        "away@own.example; [ex:/o=own/cn=recipients/cn=scanner]",
        header=f"{EXCHANGE}; journal@archive.example",
        delivered_to="journal@archive.example",
        envelope_from="bounces@own.example",
    ),
    Case(
        name="23 report of Exchange 2003",
        raw=_exchange_report(
            'Sender: "Kim" kim@own.example\r\nMessage-ID: <one@own.example>\r\nRecipients:\r\n'
            '"Lee, Jo" lee@other.example\r\n"Mara" mara@own.example\r\n',
            nested(mail("From: kim@own.example", "To: nobody@own.example")),
            field="Content-Identifer: ExJournalReport",
        ),
        journal="kim@own.example; lee@other.example; mara@own.example",
        header=f"{EXCHANGE}; journal@archive.example",
        delivered_to="journal@archive.example",
        envelope_from="bounces@own.example",
    ),
    Case(
        name="24 report of another system in Exchange's form, as Google Workspace offers it",
        raw=multipart(
            mail(
                "Content-Type: text/plain; charset=UTF-8",
                body="Sender: kim@own.example\nMessage-Id: <two@own.example>\n"
                "Recipient: lee@other.example\nRecipient: mara@own.example\n",
            ),
            nested(mail("From: kim@own.example", "To: lee@other.example")),
            fields=(
                "From: Journaling <noreply@workspace.example>",
                "To: journal@archive.example",
                "X-MS-Journal-Report:",
                "X-Original-To: journal@archive.example",
            ),
        ),
        journal="kim@own.example; lee@other.example; mara@own.example",
        header="noreply@workspace.example; journal@archive.example",
        x_original_to="journal@archive.example",
    ),
    Case(
        name="25 report that came back as undeliverable",
        raw=_non_delivery(nested(_UNDELIVERED)),
        journal="desk@own.example; mara@own.example; jon@own.example; books@own.example; head@own.example",
        header=f"{EXCHANGE}; undelivered@own.example",
        delivered_to="undelivered@own.example",
    ),
    Case(
        name="26 ordinary non-delivery report for a user",
        raw=multipart(
            mail("Content-Type: text/plain", body="No such user.\r\n"),
            nested(mail("From: kim@own.example", "To: gone@client.example", "Cc: ada@own.example")),
            kind="report; report-type=delivery-status",
            fields=(
                "Return-Path: <>",
                "Received: from mail.client.example by mx.own.example (envelope-from <>) id 3",
                "From: Mail Delivery System <mailer-daemon@client.example>",
                "To: kim@own.example",
                "X-Envelope-To: kim@own.example",
            ),
        ),
        journal="mailer-daemon@client.example; kim@own.example",
        header="mailer-daemon@client.example; kim@own.example",
        x_envelope_to="kim@own.example",
    ),
    Case(
        name="27 forged report",
        raw=_exchange_report(
            "Sender: head@own.example\r\nSubject: Notice\r\nMessage-Id: <forged@attacker.example>\r\n"
            "To: mara@own.example\r\nYou are dismissed.\r\n",
            nested(mail("From: head@own.example", "To: mara@own.example")),
        ),
        header=f"{EXCHANGE}; journal@archive.example",
        delivered_to="journal@archive.example",
        envelope_from="bounces@own.example",
    ),
    Case(
        name="28 report that a user forwards as an attachment",
        raw=multipart(
            mail("Content-Type: text/plain", body="Look at this.\r\n"),
            nested(_EXCHANGE_ONLINE),
            fields=("From: kim@own.example", "To: lee@other.example", "Delivered-To: lee@other.example"),
        ),
        journal="kim@own.example; lee@other.example",
        header="kim@own.example; lee@other.example",
        delivered_to="lee@other.example",
    ),
    Case(
        name="29 Resent fields",
        raw=mail(
            "Resent-From: info@own.example",
            "Resent-Sender: desk@own.example",
            "Resent-To: mara@own.example, jon@own.example",
            "Resent-Cc: ada@own.example",
            "Resent-Bcc: head@own.example",
            "From: shop@client.example",
            "To: info@own.example",
        ),
        journal="shop@client.example; info@own.example; desk@own.example; mara@own.example; jon@own.example; "
        "ada@own.example; head@own.example",
        header="shop@client.example; info@own.example; desk@own.example; mara@own.example; jon@own.example; "
        "ada@own.example; head@own.example",
    ),
    Case(
        name="30 empty fields",
        raw=mail(
            "From: kim@own.example",
            "To: , ,",
            "Cc:",
            "Bcc: ;",
            "X-Envelope-To:",
            "X-Original-To: ,",
            "Delivered-To:  ",
            "Received: from a by b (envelope-from )",
        ),
        journal="kim@own.example",
        header="kim@own.example",
    ),
    Case(
        name="31 the null path and words that are no address",
        raw=mail(
            "Return-Path: <>",
            "Received: from a by b (envelope-from <>)",
            "From: <>",
            "Sender: Nobody <>",
            "To: Kim <kim@own.example>, postmaster, Somebody Else",
            "X-Envelope-To: <>",
            "X-Original-To: root",
            "Delivered-To: <mailbox>",
        ),
        journal="kim@own.example",
        header="kim@own.example",
    ),
    Case(
        name="32 quoted local parts with commas",
        raw=mail(
            "From: kim@own.example",
            'To: "berg, anna"@own.example, "jon"@own.example, "Muster, Max" <max@own.example>',
            'X-Envelope-To: <"berg, anna"@own.example>, "x; y"@own.example',
            'Delivered-To: "berg, anna"@own.example',
            'Received: from a by b (envelope-from <"shop, one"@client.example>)',
        ),
        journal='kim@own.example; "berg, anna"@own.example; jon@own.example; max@own.example',
        header='kim@own.example; "berg, anna"@own.example; jon@own.example; max@own.example',
        x_envelope_to='"berg, anna"@own.example; "x\\; y"@own.example',
        delivered_to='"berg, anna"@own.example',
        envelope_from='"shop, one"@client.example',
    ),
    Case(
        name="33 line ends of LF only",
        raw=mail(
            "Received: from a by b\r\n (envelope-from <kim@own.example>)",
            "From: kim@own.example",
            "To: Mara <mara@own.example>,\r\n jon@own.example",
            "X-Envelope-To: mara@own.example,\r\n\tjon@own.example",
            "Delivered-To: mara@own.example",
            body="To: nobody@own.example\r\n",
        ).replace(b"\r\n", b"\n"),
        journal="kim@own.example; mara@own.example; jon@own.example",
        header="kim@own.example; mara@own.example; jon@own.example",
        x_envelope_to="mara@own.example; jon@own.example",
        delivered_to="mara@own.example",
        envelope_from="kim@own.example",
    ),
    Case(
        name="34 eight bits in the header, in an old charset",
        raw=mail(
            "From: Jürgen <jo@own.example>",
            "To: Bücher <info@own.example>, müller@own.example",
            "X-Original-To: müller@own.example",
        )
        .decode()
        .encode("iso-8859-1"),
        journal="jo@own.example; info@own.example; müller@own.example",
        header="jo@own.example; info@own.example; müller@own.example",
        x_original_to="müller@own.example",
    ),
    Case(
        name="35 no header at all",
        raw=b"\r\nFrom: kim@own.example\r\nTo: mara@own.example\r\nX-Envelope-To: mara@own.example\r\n\r\ntext\r\n",
    ),
    Case(
        name="36 prefixes of qmail",
        raw=mail(
            "Delivered-To: mbox-mara@own.example",
            "Delivered-To: alias-own-jon@own.example",
            "From: shop@client.example",
            "To: info@own.example",
        ),
        journal="shop@client.example; info@own.example",
        header="shop@client.example; info@own.example",
        delivered_to="mbox-mara@own.example; ~mara@own.example; alias-own-jon@own.example; "
        "~own-jon@own.example; ~jon@own.example",
    ),
    Case(
        name="37 prefix of Gmail, and a plus that stays",
        raw=mail(
            "Delivered-To: jon+news@own.example",
            "Delivered-To: jane+caf_=kim=own.example@mail.example",
            "From: shop@client.example",
            "To: jon+news@own.example",
        ),
        journal="shop@client.example; jon+news@own.example",
        header="shop@client.example; jon+news@own.example",
        delivered_to="jon+news@own.example; jane+caf_=kim=own.example@mail.example; ~kim@own.example",
    ),
    Case(
        name="38 non-delivery report that returns the header of a report only",
        raw=_non_delivery(
            mail("Content-Type: text/rfc822-headers", body=_UNDELIVERED.partition(b"\r\n\r\n")[0] + b"\r\n")
        ),
        journal=f"{EXCHANGE}; undelivered@own.example",
        header=f"{EXCHANGE}; undelivered@own.example",
        delivered_to="undelivered@own.example",
    ),
    Case(
        name="39 non-delivery report whose report is in base64",
        raw=_non_delivery(nested(b64encode(_UNDELIVERED), "Content-Transfer-Encoding: base64")),
        journal="desk@own.example; mara@own.example; jon@own.example; books@own.example; head@own.example",
        header=f"{EXCHANGE}; undelivered@own.example",
        delivered_to="undelivered@own.example",
    ),
    Case(
        name="40 non-delivery report of a non-delivery report",
        raw=_non_delivery(
            nested(_non_delivery(nested(_UNDELIVERED), boundary="_inner_")), boundary="_outer_"
        ),
        journal="desk@own.example; mara@own.example; jon@own.example; books@own.example; head@own.example",
        header=f"{EXCHANGE}; undelivered@own.example",
        delivered_to="undelivered@own.example",
    ),
)
