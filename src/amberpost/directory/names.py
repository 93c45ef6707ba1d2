"""Mail addresses and X.500 names out of directory attributes, in the form in which mail is compared. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from amberpost.message.addresses import normalise_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything mail may be addressed to for one entry, and what could not be read as an address."""

    addresses: tuple[str, ...]  # the primary one first
    x500: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


def read_names(
    proxies: Iterable[str], mails: Iterable[str], *, routing: str = "", legacy_dns: Iterable[str] = ()
) -> Names:
    """The names of one entry out of proxyAddresses, mail, targetAddress and legacyExchangeDN.

    "SMTP:" in capitals marks the primary address; without any SMTP value `mails` take their place.
    """
    primary: list[str] = []
    further: list[str] = []
    x500 = [text for text in legacy_dns if text.strip()]
    for proxy in proxies:
        kind, colon, value = proxy.partition(":")
        match kind.strip().lower() if colon else "smtp":
            case "smtp":
                (primary if kind.strip() == "SMTP" and colon else further).append(value if colon else proxy)
            case "mailto":  # as LDAP directories write a URI (RFC 6068)
                further.append(proxy.strip())
            case "x500":
                x500.append(value)
    if not primary:  # nothing says which comes first: the mail attribute does, if it is one of them
        known = {normalise_address(text) for text in further}
        primary = [text for text in mails if not known or normalise_address(text) in known]
    # targetAddress holds "SMTP:x@y", or an address of another kind, which is not one for mail.
    kind, colon, _ = routing.partition(":")
    is_for_mail = colon and kind.strip().lower() in ("smtp", "mailto")
    written = [*primary, *further, *([routing.strip()] if is_for_mail else [])]
    good = [address for address in map(normalise_address, written) if is_address(address)]
    return Names(
        addresses=tuple(dict.fromkeys(good)),
        x500=tuple(dict.fromkeys(normalise_address(f"[EX:{text.strip()}]") for text in x500)),
        unreadable=tuple(text for text in written if text and not is_address(normalise_address(text))),
    )


def is_address(address: str) -> bool:
    """True for a normalised mail address that a message can be sent to."""
    local, at, domain = address.rpartition("@")
    return bool(at and local and domain) and not any(c.isspace() or c in "<>,;" for c in address)
