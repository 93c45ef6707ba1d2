"""The fictional company whose mail fills the demo, and those it writes to. All domains are reserved names."""

from dataclasses import dataclass

DOMAIN = "lindenhof.example"
JOURNAL_ADDRESS = "journal@archive.example"
TENANT = "lindenhof.onmicrosoft.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone with a mailbox. `display` is how mail programs of that place write the name."""

    first: str
    last: str
    address: str
    language: str = "de"
    title: str = ""
    company: str = "Lindenhof Werkzeuge GmbH"
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def display(self) -> str:
        return f"{self.last}, {self.first}" if self.is_ours else self.name

    @property
    def is_ours(self) -> bool:
        return self.address.endswith("@" + DOMAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """A group address of the company; Exchange expands it to its members."""

    name: str
    address: str
    members: tuple[Person, ...]


def _ours(first: str, last: str, title: str, local: str, language: str = "de", *aliases: str) -> Person:
    return Person(
        first=first,
        last=last,
        title=title,
        address=f"{local}@{DOMAIN}",
        language=language,
        aliases=tuple(f"{alias}@{DOMAIN}" for alias in aliases),
    )


ANNA = _ours("Anna", "Berg", "Geschäftsführerin", "anna.berg", "de", "a.berg", "geschaeftsleitung")
MARTIN = _ours("Martin", "Kölbl", "Leiter Vertrieb", "martin.koelbl", "de", "m.koelbl")
SOPHIE = _ours("Sophie", "Jäger", "Vertrieb Innendienst", "sophie.jaeger")
DAVID = _ours("David", "Whitfield", "Export Manager", "david.whitfield", "en", "export")
EVA = _ours("Eva", "Lindqvist", "Einkauf", "eva.lindqvist", "de", "einkauf")
JONAS = _ours("Jonas", "Brandt", "Technischer Kundendienst", "jonas.brandt")
MIRIAM = _ours("Miriam", "Osei", "Customer Support", "miriam.osei", "en")
KARL = _ours("Karl", "Strauß", "Buchhaltung", "karl.strauss", "de", "buchhaltung")
LENA = _ours("Lena", "Hoffmann", "Personal", "lena.hoffmann", "de", "personal")
TOBIAS = _ours("Tobias", "Yılmaz", "IT", "tobias.yilmaz", "de", "it")
RUTH = _ours("Ruth", "Ansorge", "Assistenz der Geschäftsführung", "ruth.ansorge", "de", "vorzimmer")

PEOPLE: tuple[Person, ...] = (
    ANNA,
    MARTIN,
    SOPHIE,
    DAVID,
    EVA,
    JONAS,
    MIRIAM,
    KARL,
    LENA,
    TOBIAS,
    RUTH,
)

LISTS: tuple[MailingList, ...] = (
    MailingList(name="Team", address=f"team@{DOMAIN}", members=PEOPLE),
    MailingList(name="Vertrieb", address=f"vertrieb@{DOMAIN}", members=(MARTIN, SOPHIE, DAVID)),
    MailingList(name="Support", address=f"support@{DOMAIN}", members=(JONAS, MIRIAM)),
    MailingList(name="Info", address=f"info@{DOMAIN}", members=(SOPHIE, RUTH)),
)


def _other(
    first: str, last: str, address: str, company: str, language: str = "de", title: str = ""
) -> Person:
    return Person(first=first, last=last, address=address, company=company, language=language, title=title)


CUSTOMERS: tuple[Person, ...] = (
    _other("Ingrid", "Maier", "maier@holzbau-maier.example", "Holzbau Maier", title="Inhaberin"),
    _other("Rainer", "Schütz", "r.schuetz@stadtwerke-auental.example", "Stadtwerke Auental", title="Technik"),
    _other("Emily", "Carter", "emily.carter@northfield.example", "Northfield Tools Ltd", "en", "Purchasing"),
    _other("Oliver", "Grant", "oliver@grant-joinery.example", "Grant Joinery", "en", "Owner"),
    _other("Claudia", "Reiß", "reiss@schreinerei-reiss.example", "Schreinerei Reiß", title="Meisterin"),
    _other("Pieter", "de Vries", "p.devries@devries-bouw.example", "De Vries Bouw", "en", "Project Manager"),
    _other(
        "Hannah", "Moore", "hmoore@moorefield-college.example", "Moorefield College", "en", "Workshop Lead"
    ),
    _other("Stefan", "Kühn", "kuehn@kuehn-metall.example", "Kühn Metallbau", title="Einkauf"),
    _other("Paula", "Sommer", "paula.sommer@baumarkt-sued.example", "Baumarkt Süd", title="Sortiment"),
)

SUPPLIERS: tuple[Person, ...] = (
    _other("Günter", "Falk", "falk@stahl-falk.example", "Stahl Falk KG", title="Verkauf"),
    _other("Sarah", "Nolan", "sarah.nolan@brightpack.example", "BrightPack Ltd", "en", "Account Manager"),
    _other("Irina", "Petersen", "petersen@spedition-nord.example", "Spedition Nord", title="Disposition"),
    _other("Marco", "Bianchi", "m.bianchi@bianchi-motori.example", "Bianchi Motori", "en", "Sales"),
    _other("Beate", "Thoma", "thoma@kanzlei-thoma.example", "Kanzlei Thoma", title="Steuerberaterin"),
)

OTHERS: tuple[Person, ...] = CUSTOMERS + SUPPLIERS

NEWSLETTERS: tuple[Person, ...] = (
    _other("Werkstatt", "Brief", "brief@werkstatt-brief.example", "Werkstatt-Brief"),
    _other("Toolmakers", "Weekly", "news@toolmakers-weekly.example", "Toolmakers Weekly", "en"),
    _other("Messe", "Aktuell", "messe@fachmesse.example", "Fachmesse Holz und Metall"),
)

DEVELOPERS: tuple[Person, ...] = (
    _other("Nina", "Aalto", "nina@aalto.example", "", "en"),
    _other("Raj", "Mehta", "raj.mehta@kernelworks.example", "", "en"),
    _other("Joan", "Pike", "joan@pike.example", "", "en"),
    _other("Tomáš", "Novák", "tomas.novak@praha-net.example", "", "en"),
)
