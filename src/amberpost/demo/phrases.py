"""All text building blocks by language."""

from dataclasses import dataclass

from amberpost.demo import phrases_de as de
from amberpost.demo import phrases_en as en
from amberpost.demo.topic import Topic, lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    office: tuple[Topic, ...]  # with customers and suppliers
    internal: tuple[Topic, ...]
    news: Topic
    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    asides: tuple[str, ...]


PHRASES: dict[str, Phrases] = {
    "de": Phrases(
        office=(de.OFFER, de.INVOICE, de.ORDER, de.SUPPORT, de.PROJECT),
        internal=(de.MEETING, de.STAFF, de.PROJECT),
        news=de.NEWS,
        greetings=de.GREETINGS,
        closings=de.CLOSINGS,
        asides=de.ASIDES,
    ),
    "en": Phrases(
        office=(en.OFFER, en.INVOICE, en.ORDER, en.SUPPORT, en.PROJECT),
        internal=(en.MEETING, en.STAFF, en.PROJECT),
        news=en.NEWS,
        greetings=en.GREETINGS,
        closings=en.CLOSINGS,
        asides=en.ASIDES,
    ),
}
DISCUSSION = en.LIST

PRODUCTS = lines(
    """
    Tischkreissäge TK-400
    Ständerbohrmaschine SB-22
    Bandschleifer BS-75
    Akkuschrauber AS-18
    Hobelbank Linde 7
    Absauganlage AB-300
    Drehbank D-180
    Kappsäge KS-254
    Fräsmotor FM-1000
    Schraubzwinge SZ-60
    Winkelschleifer WS-125
    Dübelfräse DF-10
    """
)
CITIES = (
    "Augsburg",
    "Bremen",
    "Gießen",
    "Köln",
    "Leeds",
    "Linz",
    "Lübeck",
    "Rotterdam",
    "Würzburg",
    "Zürich",
)
PROJECTS = ("Ahorn", "Birke", "Eiche", "Ginkgo", "Kastanie", "Lärche", "Ulme", "Walnuss")
