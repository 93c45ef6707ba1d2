"""The mail domains of this company, as a person types them."""

import re
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from amberpost.errors import UserError
from amberpost.message.headers import normalise_address
from amberpost.sources.models import OwnDomain

_DOMAIN = re.compile(r"(?=.{3,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def valid_domain(text: str) -> str:
    """The normalised form of a mail domain; raises UserError."""
    domain = normalise_address(f"x@{text.strip().removeprefix('@').rstrip('.')}").rpartition("@")[2]
    if not _DOMAIN.fullmatch(domain):
        raise UserError(_("This is not a mail domain"), subject=text[:80])
    return domain


def own_domains() -> frozenset[str]:
    """All of them."""
    return frozenset(OwnDomain.objects.values_list("name", flat=True))


def set_own_domains(names: Iterable[str]) -> None:
    """Make these the own domains."""
    wanted = {valid_domain(name) for name in names}
    with transaction.atomic():
        OwnDomain.objects.exclude(name__in=wanted).delete()
        known = own_domains()
        OwnDomain.objects.bulk_create(OwnDomain(name=name) for name in sorted(wanted - known))
