"""Sixty hand-made messages for the golden searches: German, English, French, Asian scripts, codes."""

from datetime import UTC, datetime, timedelta

from amberpost.search.document import Document

ANNA = "Anna Berg <anna.berg@firma.example>"
JUERGEN = "Jürgen Müller <juergen.mueller@firma.example>"
BILL = "Bill O'Neil <bill@partner.example>"
CLAIRE = "Claire Lefèvre <claire.lefevre@société.example>"
TANAKA = "田中太郎 <tanaka@kaisha.example>"
SHOP = "Büro-Bedarf GmbH <rechnung@shop.büro.example>"
ROBOT = "no-reply <noreply@alerts.monitor.example>"

_START = datetime(2023, 1, 1, 12, tzinfo=UTC)


def make(number: int, subject: str = "", body: str = "", **more: object) -> Document:
    """A message; the higher the number, the later it was sent (five days apart)."""
    values: dict[str, object] = {
        "message_id": number,
        "archives": (1 + number % 3,),
        "subject": subject,
        "from_": ANNA,
        "to": JUERGEN,
        "body": body,
        "filenames": (),
        "sent_at": _START + timedelta(days=5 * number % 500_000),
    }
    return Document(**(values | more))  # type: ignore[arg-type]


_GERMAN = [
    make(
        1, "Angebot über Dachziegel", "Sehr geehrter Herr Müller, anbei das Angebot für die Straße am Fluß."
    ),
    make(2, "AW: Angebot über Dachziegel", "Vielen Dank! Die Größe paßt nicht.", from_=JUERGEN, to=ANNA),
    make(3, "Urlaub im Mai", "Ich möchte vom 3. bis zum 14. Mai Urlaub nehmen.", to=f"{JUERGEN}, {BILL}"),
    make(4, "Krankmeldung", "Leider bin ich krank. Grüße aus Öhringen"),
    make(5, "Weihnachtsfeier", "Die Feier beginnt um 18:30 Uhr im Gasthof Zum Löwen.", thread="feier"),
    make(
        6, "Re: Weihnachtsfeier", "Ich komme gern, Löwen ist prima.", from_=JUERGEN, to=ANNA, thread="feier"
    ),
    make(7, "Kündigung des Vertrages", "Hiermit kündigen wir den Vertrag Nr. 2023-0117 zum Jahresende."),
    make(8, "Donaudampfschifffahrt", "Die Donau\u00addampf\u00adschiff\u00adfahrt ist schön."),
    make(
        9,
        "Protokoll der Sitzung",
        "Anwesend: Müller, Berg. Entschuldigt: Schmidt.",
        filenames=("Protokoll_2023-02.pdf",),
    ),
    make(10, "Straßenfest", "STRASSE oder Straße? Beides ist erlaubt."),
]
_ENGLISH = [
    make(
        11,
        "Quarterly report",
        "Please find the quarterly report attached.",
        filenames=("Q1-Report.final.xlsx",),
    ),
    make(12, "Re: Quarterly report", "The numbers look good, don't they?", from_=BILL, to=ANNA),
    make(13, "Lunch", "Let's have lunch at the café. It's a naïve idea.", from_=BILL),
    make(14, "Terms and conditions", "Our terms and conditions have changed."),
    make(15, "Server down", "The server mail01.firma.example is down. Error 0x80070005.", from_=ROBOT),
    make(16, "Server up", "The server mail01.firma.example is up again.", from_=ROBOT),
    make(17, "Report about the server", "A report. The quarterly numbers come later.", from_=BILL),
    make(18, "Meeting notes", "See https://wiki.firma.example/x/Meeting_Notes?id=42 for notes.", from_=BILL),
    make(
        19,
        "Invoice 4711",
        "Invoice INV-2023/4711 over 1,234.56 EUR is due.",
        from_=SHOP,
        filenames=("invoice_4711.PDF",),
    ),
    make(20, "Password reset", "Your code is 829113. C:\\Users\\anna\\Desktop\\notes.txt", from_=ROBOT),
]
_FRENCH = [
    make(21, "Réunion de demain", "L'été dernier, nous étions à Besançon.", from_=CLAIRE),
    make(
        22,
        "Facture impayée",
        "La facture n° 77 reste impayée. Cœur et âme.",
        from_=CLAIRE,
        filenames=("facture-77.pdf",),
    ),
    make(23, "RE: Réunion", "D'accord pour la réunion.", from_=JUERGEN, to=CLAIRE),
    make(24, "Garçon de café", "Le garçon apporte le café.", from_=CLAIRE),
    make(25, "E\u0301cole", "Une e\u0301cole (decomposed) est fermée.", from_=CLAIRE),
]
_ASIAN = [
    make(26, "東京都庁へのご案内", "来週、東京都庁でお会いしましょう。", from_=TANAKA),
    make(27, "会議の件", "京都での会議は中止です。", from_=TANAKA),
    make(
        28,
        "请查收附件",
        "请查收附件中的发票。谢谢!",
        from_="王小明 <wang@gongsi.example>",
        filenames=("发票2023.pdf",),
    ),
    make(29, "회의 일정", "서울에서 회의가 있습니다.", from_="김철수 <kim@hoesa.example>"),
    make(30, "テスト", "ﾃｽﾄ メール です ABC１２３", from_=TANAKA),
    make(31, "ประชุม", "การประชุมวันพรุ่งนี้ที่กรุงเทพ"),
]
_SCRIPTS = [
    make(32, "Встреча в Москве", "Ёлка и ещё одна встреча в МОСКВЕ."),
    make(33, "Συνάντηση", "Η συνάντηση στην Αθήνα. Ο δρόμος, ΟΙ ΔΡΟΜΟΣ."),
    make(34, "İstanbul toplantısı", "Toplantı İstanbul'da, ışık açık."),
    make(35, "Łódź i Kraków", "Spotkanie w Łodzi, żółta gęś."),
    make(36, "Tiếng Việt", "Cuộc họp ở Hà Nội đã bị hủy."),
    make(37, "Ærø og Østergård", "Færgen til Ærø, smørrebrød."),
]
_CODES = [
    make(38, "RE/4711 Nachfrage", "Bezug: RE/4711 und AB-12-CD."),
    make(39, "Auftrag 2023-0118", "Auftrag 2023-0118, Kd.-Nr. 0815."),
    make(40, "Ticket #12345", "[JIRA] (PROJ-987) fixed in v2.10.3", from_=ROBOT),
    make(41, "IBAN", "DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX"),
    make(42, "Serial", "S/N: X1Y2Z3_A4 part_no=77.88.99"),
    make(43, "Hash", "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
]
_FACTS = [
    make(44, "Groß", "klein", size_bytes=5_000_000, has_attachment=True),
    make(45, "Mittel", "mittel", size_bytes=600_000),
    make(46, "Archiv", "x", filenames=("Fotos Sommer 2022.zip", "liste.csv")),
    make(47, "Ohne Namen", "inline", has_attachment=True),
    make(48, "Logo", "inline", filenames=("logo.png",), has_attachment=False),
    make(49, "Neujahr", "Mitternacht in Berlin", sent_at=datetime(2023, 12, 31, 23, 30, tzinfo=UTC)),
    make(50, "Silvester", "kurz davor", sent_at=datetime(2023, 12, 31, 22, 30, tzinfo=UTC)),
    make(51, "Schalttag", "29. Februar", sent_at=datetime(2024, 2, 29, 12, tzinfo=UTC)),
    make(52, "Alt", "aus dem vorigen Jahrtausend", sent_at=datetime(1999, 5, 17, 9, tzinfo=UTC)),
]
_ADDRESSES = [
    make(53, "An viele", "Rundschreiben", to=f"{BILL}, {CLAIRE}, {TANAKA}"),
    make(54, "Von Bergmann", "Hallo", from_="Anna Bergmann <a.bergmann@firma.example>"),
    make(55, "Subadresse", "Hallo", from_="<anna.berg+liste@firma.example>"),
    make(56, "Exchange", "Hallo", from_="[EX:/o=firma/ou=exchange/cn=recipients/cn=annab] <>"),
    make(57, "Unterdomain", "Hallo", from_="x@mail.firma.example", to="y@firma.example.org"),
    make(58, "", "", from_="", to=""),
    make(59, "HTML", "Der Preis: 100 < 200 & 300 > 200", to="undisclosed-recipients:;"),
    make(60, "Zitat", "Er sagte: „Das ist alles“ – und ging."),
]

DOCUMENTS = [*_GERMAN, *_ENGLISH, *_FRENCH, *_ASIAN, *_SCRIPTS, *_CODES, *_FACTS, *_ADDRESSES]
