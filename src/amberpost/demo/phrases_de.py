"""German text building blocks, one to a line."""

from amberpost.demo.topic import lines, topic

OFFER = topic(
    """
    Angebot {year}-{number} über {product}
    Ihre Anfrage zu {product}
    Angebot für {count} Stück {product}
    Überarbeitetes Angebot {number}
    Preisauskunft {product}
    """,
    """
    vielen Dank für Ihre Anfrage vom {date}.
    Gern bieten wir Ihnen {count} Stück {product} zum Preis von {amount} Euro je Stück an.
    Die Lieferzeit beträgt derzeit {days} Werktage ab Auftragseingang.
    Alle Preise verstehen sich netto zuzüglich der gesetzlichen Umsatzsteuer, frei Haus {city}.
    An dieses Angebot halten wir uns bis zum {date} gebunden.
    Ab einer Menge von {count} Stück gewähren wir einen Nachlass von {percent} Prozent.
    Das Zubehör haben wir als eigene Position aufgeführt, damit Sie vergleichen können.
    Auf Wunsch führen wir Ihnen die Maschine gern in {city} vor.
    Die Gewährleistung umfasst {days} Monate, Verschleißteile ausgenommen.
    Sollten Sie größere Stückzahlen benötigen, rechnen wir das Angebot gern neu.
    Den Rahmenvertrag von {year} haben wir bei den Konditionen berücksichtigt.
    Für Rückfragen erreichen Sie mich unter der Durchwahl {extension}.
    Die technischen Daten finden Sie in der angehängten Übersicht.
    """,
    "Angebot_{number}.pdf Preisliste_{year}.csv Datenblatt_{product}.pdf Konditionen.docx",
)

INVOICE = topic(
    """
    Rechnung {number}
    Zahlungserinnerung zu Rechnung {number}
    Rückfrage zur Rechnung {number} – Fälligkeit {date}
    Gutschrift {number}
    Abweichung bei Rechnung {number}
    """,
    """
    anbei erhalten Sie unsere Rechnung {number} über {amount} Euro.
    Bitte überweisen Sie den Betrag bis zum {date} ohne Abzug.
    Bei Zahlung innerhalb von {days} Tagen gewähren wir {percent} Prozent Skonto.
    Leider konnten wir zu dieser Rechnung noch keinen Zahlungseingang feststellen.
    Sollte sich Ihre Zahlung mit diesem Schreiben überschneiden, betrachten Sie es bitte als gegenstandslos.
    Die Position {item} wurde nach unserer Kenntnis nicht geliefert.
    Wir bitten um eine korrigierte Rechnung mit der richtigen Bestellnummer {number}.
    Die Gutschrift über {amount} Euro verrechnen wir mit der nächsten Lieferung.
    Unsere Bankverbindung hat sich nicht geändert.
    Der Lieferschein liegt zur Kontrolle bei.
    Bitte geben Sie bei der Überweisung die Kundennummer {number} an.
    Die Umsatzsteuer wurde mit dem ermäßigten Satz berechnet, das ist nicht richtig.
    Für den Monatsabschluss benötigen wir die Unterlagen bis spätestens {date}.
    """,
    "Rechnung_{number}.pdf Lieferschein_{number}.pdf Kontoauszug_{year}.csv",
)

ORDER = topic(
    """
    Bestellung {number}
    Auftragsbestätigung {number}
    Liefertermin für Auftrag {number}
    Lieferverzug {product}
    Versandanzeige zu Ihrer Bestellung {number}
    """,
    """
    hiermit bestellen wir {count} Stück {product} gemäß Ihrem Angebot {number}.
    Wir bestätigen Ihren Auftrag und liefern voraussichtlich am {date}.
    Die Sendung hat unser Lager in {city} heute verlassen.
    Leider verzögert sich die Lieferung um etwa {days} Tage, weil ein Vorlieferant ausgefallen ist.
    Bitte liefern Sie an die Rampe {item} und melden Sie sich vorher telefonisch an.
    Zwei Paletten waren bei der Ankunft beschädigt, Fotos liegen bei.
    Eine Teillieferung über {count} Stück können wir sofort verladen.
    Die Sendungsnummer lautet {tracking}.
    Wir benötigen die Ware dringend bis zum {date}, sonst steht die Fertigung.
    Verpackung und Paletten nehmen wir kostenlos zurück.
    Der Restposten folgt mit dem nächsten Lkw.
    Bitte bestätigen Sie uns den Termin kurz schriftlich.
    """,
    "Bestellung_{number}.pdf Packliste_{number}.csv Schaden_{number}.png",
)

MEETING = topic(
    """
    Protokoll der Besprechung vom {date}
    Besprechung {product}: Tagesordnung
    Terminvorschlag {date}
    Jour fixe Vertrieb
    Notizen aus dem Gespräch mit {company}
    """,
    """
    hier die Notizen aus unserer Besprechung vom {date}.
    Teilgenommen haben der Vertrieb, der Einkauf und die Technik.
    Der Umsatz mit {product} lag im letzten Quartal {percent} Prozent über Plan.
    Beschlossen wurde, das Lager in {city} bis zum {date} zu räumen.
    Offen ist noch, wer die Vorführung bei {company} übernimmt.
    Herr {last} klärt bis {date}, ob die Prüfstelle den Bericht anerkennt.
    Die nächste Besprechung findet am {date} um {hour} Uhr im großen Raum statt.
    Bitte bringt die Zahlen für {year} mit.
    Punkt {item} der Tagesordnung wurde vertagt.
    Das Budget von {amount} Euro ist freigegeben.
    Frau {last} berichtete über die Reklamationen der letzten {days} Wochen.
    Einwände bitte bis Ende der Woche an mich.
    """,
    "Protokoll_{date}.docx Zahlen_{year}.csv Tagesordnung.txt",
)

SUPPORT = topic(
    """
    [Ticket {number}] {product} startet nicht
    Störung an {product}
    [Ticket {number}] Ersatzteil für {product}
    Reklamation {number}
    """,
    """
    unsere {product} bleibt seit heute Morgen nach wenigen Minuten stehen.
    Im Display erscheint die Fehlermeldung E{item}.
    Bitte prüfen Sie, ob die Sicherung im Anschlusskasten ausgelöst hat.
    Die Seriennummer finden Sie auf dem Typenschild neben dem Hauptschalter, sie beginnt mit {tracking}.
    Das Ersatzteil ist vorrätig und geht heute noch an Sie heraus.
    Ein Techniker kann am {date} gegen {hour} Uhr bei Ihnen in {city} sein.
    Nach dem Tausch der Platine läuft die Maschine wieder einwandfrei.
    Das Gerät ist {days} Monate alt und damit noch in der Gewährleistung.
    Wir haben den Fehler an unserem Prüfstand nachstellen können.
    Könnten Sie uns ein Foto des Schaltplans senden?
    Bis zur Reparatur stellen wir Ihnen ein Leihgerät zur Verfügung.
    Das Ticket schließen wir, sobald Sie uns die Funktion bestätigen.
    """,
    "Fehlerprotokoll_{number}.txt Schaltplan_{product}.pdf Foto_{number}.png",
)

STAFF = topic(
    """
    Urlaubsantrag {date}
    Krankmeldung
    Vertraulich: Personalplanung {year}
    Schulung {product}
    Betriebsausflug nach {city}
    """,
    """
    ich möchte vom {date} an {days} Tage Urlaub nehmen.
    Die Vertretung übernimmt wie besprochen Herr {last}.
    Die Bescheinigung reiche ich nach.
    Für die Stelle im Kundendienst haben sich {item} Personen beworben.
    Die Gespräche finden am {date} ab {hour} Uhr statt.
    Das Gehaltsband liegt bei {amount} Euro, bitte vertraulich behandeln.
    Die Schulung dauert zwei Tage und findet in {city} statt.
    Wir treffen uns um {hour} Uhr auf dem Parkplatz.
    Bitte meldet euch bis zum {date} an.
    Die Überstunden aus dem Frühjahr werden ausgezahlt.
    Der neue Kollege beginnt am {date}.
    """,
    "Urlaubsantrag.docx Bewerbung_{number}.pdf Dienstplan_{year}.csv",
)

PROJECT = topic(
    """
    Projekt {project}: Stand der Dinge
    {project}: Freigabe der Zeichnungen
    Prüfbericht {product}
    {project} – nächste Schritte
    """,
    """
    die Zeichnungen für {project} sind fertig und liegen zur Freigabe bereit.
    Der Prototyp hat {days} Stunden im Dauerlauf überstanden.
    Bei {percent} Prozent der Gehäuse ist die Passung zu eng.
    Das Werkzeug kostet nach neuer Rechnung {amount} Euro.
    Die Prüfstelle in {city} verlangt eine zusätzliche Messung der Geräusche.
    Ich schlage vor, die Serie erst nach dem {date} anlaufen zu lassen.
    Lieferant {company} kann die Gussteile günstiger anbieten.
    Das Lastenheft haben wir in Fassung {item} abgelegt.
    Die Lagerung der Welle muss verstärkt werden.
    Bitte gebt mir bis {date} eine Rückmeldung.
    Der Einkauf verhandelt noch über die Zahlungsbedingungen.
    """,
    "Zeichnung_{project}.pdf Messwerte_{number}.csv Lastenheft_{project}.docx",
)

NEWS = topic(
    """
    Neues aus der Werkstatt, Ausgabe {item}
    Messe {city}: Ihre Eintrittskarte
    {percent} % auf {product}
    """,
    """
    in dieser Ausgabe stellen wir Ihnen {product} im Test vor.
    Unsere Leser haben abgestimmt: {product} ist das Werkzeug des Jahres {year}.
    Auf der Messe in {city} zeigen {count} Aussteller ihre Neuheiten.
    So schärfen Sie Ihre Sägeblätter richtig.
    Nur bis zum {date}: {percent} Prozent Nachlass auf das ganze Sortiment.
    Ein Interview mit einer Meisterin aus {city} lesen Sie auf unserer Seite.
    Die neue Norm für Absauganlagen gilt ab {date}.
    """,
)

GREETINGS = (
    "Guten Tag {name},",
    "Hallo {first},",
    "Sehr geehrte Damen und Herren,",
    "Liebe Kolleginnen und Kollegen,",
)

CLOSINGS = ("Mit freundlichen Grüßen", "Viele Grüße", "Beste Grüße aus dem Lindenhof", "Freundliche Grüße")

ASIDES = lines(
    """
    Vielen Dank für die schnelle Rückmeldung.
    Das passt so, wir verfahren wie besprochen.
    Ich habe die Kollegen in Kopie genommen.
    Bitte entschuldigen Sie die späte Antwort.
    Details siehe Anhang.
    Wenn Sie einverstanden sind, genügt eine kurze Nachricht.
    Am {date} bin ich nicht im Haus.
    Können wir dazu morgen um {hour} Uhr telefonieren?
    Das Thema {project} besprechen wir gesondert.
    Bei uns in {city} regnet es seit Tagen, der Hof steht unter Wasser.
    Für die gute Zusammenarbeit bedanken wir uns herzlich.
    Ich freue mich auf Ihre Antwort.
    """
)
