"""Journal reports in the manner of journal-reports.md E1 to E7, in our own words."""

from base64 import b64encode

from tests.unit.message.mail import mail, multipart, nested, report, tnef, tnef_file

OFFER = mail(
    "From: Mara Lind <mara@own.example>",
    "Sender: Front Desk <desk@own.example>",
    "To: buyer@client.example, Jon <jon@own.example>",
    "Cc: books@own.example",
    "Subject: Offer 17",
    "Date: Wed, 15 Mar 2023 10:00:00 +0000",
    "Message-ID: <offer-17@own.example>",
    body="Dear buyer,\r\n\r\nour offer is attached.\r\n",
)
_OFFER_HEAD = (
    "Sender: desk@own.example\r\nOn-Behalf-Of: mara@own.example\r\nSubject: Offer 17\r\n"
    "Message-Id: <offer-17@own.example>\r\n"
)
E1A = report(
    _OFFER_HEAD + "To: jon@own.example\r\nCc: books@own.example\r\nBcc: head@own.example\r\n\r\n",
    nested(OFFER, "Content-Disposition: attachment"),
)
E1B = report(
    _OFFER_HEAD + "To: buyer@client.example\r\nTo: second@client.example\r\nBcc: tax@office.example\r\n",
    nested(OFFER),
    boundary="_other_",
)
INVOICE = mail(
    "From: =?iso-8859-1?Q?Buchf=FChrung?= <bill@vendor.example>",
    "To: info@own.example",
    "Subject: =?iso-8859-1?Q?Zahlung_f=FCr_April_=96_bitte_pr=FCfen?=",
    "Date: Mon, 3 Apr 2023 08:00:00 +0200",
    "Message-ID: <inv-1@vendor.example>",
    "Content-Type: text/plain; charset=iso-8859-1",
    "Content-Transfer-Encoding: quoted-printable",
    body=b"Bitte pr=FCfen.\r\n",
)
E2 = report(
    "Sender: bill@vendor.example\r\nSubject: Zahlung f=C3=BCr April =E2=80=93 bitte p=\r\nr=C3=BCfen\r\n"
    "Message-Id: <inv-1@vendor.example>\r\n"
    "To: mara@own.example, Expanded: info@own.example\r\n"
    "To: jon@own.example, Expanded: info@own.example\r\n"
    "Cc: stand-in@own.example, Forwarded: away@own.example\r\n"
    "Bcc: boss@own.example, Expanded: bosses@own.example\r\n"
    "Recipient: [EX:/o=3DOwn/ou=3DExchange Administrative Group/cn=3DRecip=\r\nients/cn=3Dscanner]\r\n\r\n",
    nested(INVOICE, "Content-Transfer-Encoding: binary"),
    text_fields=("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"),
)
SEALED = mail(
    "From: jon@own.example",
    "To: law@office.example",
    "Date: Tue, 4 Apr 2023 08:00:00 +0000",
    "Message-ID: <sealed@own.example>",
    "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
    'Content-Disposition: attachment; filename="smime.p7m"',
    "Content-Transfer-Encoding: base64",
    body=b64encode(bytes(range(200))) + b"\r\n",
)
E3 = report(
    "Sender: jon@own.example\r\nSubject:\r\nMessage-Id: <sealed@own.example>\r\nTo: law@office.example\r\n",
    nested(SEALED),
)
PRICES = multipart(
    mail("Content-Type: text/plain", body="The price list.\r\n"),
    mail(
        'Content-Type: application/ms-tnef; name="winmail.dat"',
        "Content-Transfer-Encoding: base64",
        body=b64encode(tnef(tnef_file("prices.csv", b"Item;Price\r\nA-1;9.90\r\n"))),
    ),
    boundary="_in_",
    fields=("From: jon@own.example", "Message-ID: <prices@own.example>", "Subject: Price list"),
)
E4 = report(
    "Sender: jon@own.example\r\nSubject: Price list\r\n"
    "Message-Id: <prices@own.example>\r\nTo: mara@own.example\r\n",
    nested(PRICES),
)
_PLAN_FIELDS = ("From: hr@own.example", "Subject: Plan", "Message-ID: <plan@own.example>")
PROTECTED = multipart(
    mail("Content-Type: text/plain", body="This message is protected.\r\n"),
    mail(
        'Content-Type: application/x-microsoft-rpmsg-message; name="message.rpmsg"',
        "Content-Transfer-Encoding: base64",
        body=b64encode(bytes(range(100))),
    ),
    boundary="_irm_",
    fields=_PLAN_FIELDS,
)
CLEAR = mail(*_PLAN_FIELDS, body="Draft of the plan.\r\n")
_PLAN_HEAD = (
    "Sender: hr@own.example\r\nSubject: Plan\r\nMessage-Id: <plan@own.example>\r\nTo: boss@own.example\r\n"
)
E5 = report(_PLAN_HEAD, nested(PROTECTED), nested(CLEAR))
E5_SWAPPED = report(_PLAN_HEAD, nested(CLEAR), nested(PROTECTED))
DATE_CONFIRMED = mail("From: mara@own.example", "Message-ID: <t-1@own.example>", body="Confirmed.\r\n")
_LOST_REPORT = report(
    "Sender: mara@own.example\r\nSubject: Date\r\n"
    "Message-Id: <t-1@own.example>\r\nTo: buyer@client.example\r\n",
    nested(DATE_CONFIRMED),
)
E6 = multipart(
    mail("Content-Type: text/plain", body="Delivery has failed.\r\n"),
    mail(
        "Content-Type: message/delivery-status", body="Reporting-MTA: dns;a.example\r\n\r\nAction: failed\r\n"
    ),
    nested(_LOST_REPORT),
    kind="report",
    boundary="_ndr_",
    fields=("From: MicrosoftExchange@own.example", "Subject: Undeliverable: Date"),
)
E7 = report(
    "Sender: boss@own.example\r\nSubject: Notice\r\n"
    "Message-Id: <forged@evil.example>\r\nTo: jon@own.example\r\n"
    "You are dismissed.\r\n",
    nested(
        mail("From: boss@own.example", "Message-ID: <forged@evil.example>", body="You are dismissed.\r\n")
    ),
)
