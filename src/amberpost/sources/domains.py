"""The mail domains of this company: kept in lower case as A-labels, shown in Unicode.

They tell the direction of mail, warn and count; they never decide whether mail is kept.
"""

import re

from django.utils.translation import gettext as _

from amberpost.errors import UserError
from amberpost.message.headers import normalise_address
from amberpost.sources.models import OwnDomain

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?=.{{4,253}}$){_LABEL}(?:\.{_LABEL})+")


def valid_domain(text: str) -> str:
    """The normalised form of a domain a person typed, also as @firma.example; raises UserError."""
    typed = text.strip().removeprefix("@")
    name = normalise_address(f"x@{typed}").rpartition("@")[2]
    if "@" in typed or not _DOMAIN.fullmatch(name) or name.rpartition(".")[2].isdigit():
        raise UserError(_("This is not a mail domain, such as example.com"), subject=text.strip()[:80])
    return name


def shown_domain(name: str) -> str:
    """A domain as people write it; what is no valid A-label stays as it is."""
    return ".".join(map(_shown_label, name.split(".")))


def add_domain(text: str) -> tuple[OwnDomain, bool]:
    """The domain, and whether it is new."""
    return OwnDomain.objects.get_or_create(name=valid_domain(text))


def own_domains() -> frozenset[str]:
    """All of them, as A-labels."""
    return frozenset(OwnDomain.objects.values_list("name", flat=True))


def is_own(address: str) -> bool:
    """True for an address in one of our domains."""
    return normalise_address(address).rpartition("@")[2] in own_domains()


def _shown_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
    return text if text.isprintable() and normalise_address(f"x@{text}") == f"x@{label}" else label
