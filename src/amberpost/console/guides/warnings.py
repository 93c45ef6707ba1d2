"""What is probably wrong with the values somebody gave for Microsoft 365. Warnings only: nothing is refused."""

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _


def microsoft_warnings(values: Mapping[str, str], own: frozenset[str]) -> list[str]:
    """Each in one sentence with what to do."""
    return [*_of_the_journal(values, own), *_of_undeliverable(values, own), *_of_ids(values)]


def _of_the_journal(values: Mapping[str, str], own: frozenset[str]) -> Iterator[str]:
    domain = _domain(values["journal_address"])
    if domain and domain in own:
        text = _(
            "The journal address is in %(domain)s, one of your own mail domains. Exchange Online cannot send "
            "journal reports to a mailbox of its own tenant: use an address elsewhere."
        )
        yield text % {"domain": domain}
    elif domain.endswith(".onmicrosoft.com"):
        yield _(
            "The journal address is in Exchange Online. That works only if it belongs to another tenant than "
            "the one whose mail is journaled."
        )


def _of_undeliverable(values: Mapping[str, str], own: frozenset[str]) -> Iterator[str]:
    address = values["undeliverable_address"].lower()
    if not address and not values["journal_address"]:
        return  # nothing was typed yet
    if not address:
        yield _(
            "No address for undeliverable journal reports is given. Without one a report that cannot be "
            "delivered is lost."
        )
    elif address == values["journal_address"].lower():
        yield _(
            "Undeliverable reports would go to the journal address itself, which is then out of order. Use "
            "another mailbox."
        )
    elif _domain(address) in own:
        yield _(
            "The address for undeliverable reports is in one of your own mail domains. Mail to it is no "
            "longer journaled, so nobody may work with it."
        )


def _of_ids(values: Mapping[str, str]) -> Iterator[str]:
    if values["app_id"] and values["app_id"].lower() == values["object_id"].lower():
        yield _(
            "Application ID and object ID are the same. The object ID is another value: see Enterprise "
            "applications."
        )


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
