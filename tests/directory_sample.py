"""A company's directory with the usual trouble, in the shape of Active Directory, and what it must become.

    company = make_company("DC=firma,DC=example", is_samba=False)
    company.entries   LDIF entries for tests.servers.openldap or .samba
    company.truth     by label: what the archive must find

Names with commas, umlauts and other scripts; groups in groups, in circles, in themselves; the primary group;
shared mailboxes with readers; and much that must be left out. All of it is invented.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from amberpost.directory.ldap.escape import dn_value
from tests.servers.ldif import LdifEntry

PASSWORD = "Kenn-wort-17"
_NAMES = (
    "Ahrens, Alice", "Böhm, Bob", "Çelik Hülya", "O'Neill Emre", "Weiß, Jürgen", "Weiss, Jürgen", "García-López Eva",
    "王, Ines", "Новак Ольга", "さくら Fischer", "Łukasz Ördög", 'Kurz "Kalle" Karl', "Plus+Minus = Null",
    "Schräg\\Strich", "#Raute", "Zoë Zäch",
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    kind: str
    addresses: tuple[str, ...]
    is_enabled: bool = True
    login: str = ""
    x500: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()
    delegates: frozenset[str] = frozenset()


@dataclass
class Company:
    suffix: str
    is_samba: bool
    entries: list[LdifEntry] = field(default_factory=list)
    truth: dict[str, Truth] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # cn -> label
    dns: dict[str, str] = field(default_factory=dict)  # label -> dn

    @property
    def domain(self) -> str:
        return self.suffix.lower().replace("dc=", "").replace(",", ".")

    def add(self, label: str, cn: str, place: str, classes: Sequence[str], **values: object) -> LdifEntry:
        entry = LdifEntry(f"CN={dn_value(cn)},{place},{self.suffix}").add("objectClass", *classes)
        entry.add("cn", cn)
        if not self.is_samba:
            number = len(self.entries) + 1000
            entry.add("objectGUID", uuid.uuid5(uuid.NAMESPACE_DNS, label).bytes_le).add(
                "objectSid", _sid(number)
            )
        for name, value in values.items():
            many = value if isinstance(value, list | tuple) else [value]
            entry.add(name, *(one for one in many if one not in (None, "")))
        self.entries.append(entry)
        self.labels[cn], self.dns[label] = label, entry.dn
        return entry

    def account(
        self, label: str, cn: str, *, details: int | None = None, uac: int = 512, **values: object
    ) -> None:
        """A user object; `details` is msExchRecipientTypeDetails."""
        more: dict[str, object] = {"sAMAccountName": label, "userAccountControl": uac, **values}
        if details is not None:
            more["msExchRecipientTypeDetails"] = details
        if self.is_samba:
            more["clearTextPassword"] = PASSWORD.encode("utf-16-le")
        else:
            more |= {"userPassword": PASSWORD, "primaryGroupID": 513}
        classes = ("top", "person", "organizationalPerson", "user")
        self.add(label, cn, "OU=Leute", classes[-1:] if self.is_samba else classes, **more)

    def group(self, label: str, cn: str, members: Sequence[str], *, mail: str = "") -> None:
        entry = self.add(label, cn, "OU=Gruppen", ("group",), sAMAccountName=label, groupType=-2147483640)
        if mail:
            entry.add("mail", mail).add("proxyAddresses", f"SMTP:{mail}")
        entry.add("member", *(self.dns.get(one) or f"CN={one},OU=Gruppen,{self.suffix}" for one in members))


def make_company(suffix: str = "DC=firma,DC=example", *, is_samba: bool = False) -> Company:
    company = Company(suffix, is_samba)
    _people(company)
    _odd_people(company)
    _left_out(company)
    _groups(company)
    _shared(company)
    return company


def _sid(number: int) -> bytes:
    parts = (21, 111, 222, 333, number)
    return b"\x01\x05\0\0\0\0\0\x05" + b"".join(part.to_bytes(4, "little") for part in parts)


def _people(company: Company) -> None:
    """Ordinary people; every third mailbox lies in the cloud."""
    for number, cn in enumerate(_NAMES):
        label, mail = f"p{number}", f"Person.{number}@{company.domain}"
        x500 = f"/o=Firma/ou=Exchange/cn=Recipients/cn={label}"
        company.account(
            label,
            cn,
            details=2147483648 if number % 3 == 0 else 1,
            userPrincipalName=f"{label}@{company.domain}",
            displayName=f"{cn} (Anzeige)",
            mail=mail,
            legacyExchangeDN=x500,
            proxyAddresses=[
                f"smtp:p{number}@alt.example", f"SMTP:{mail}", f"SIP:{mail}", f"X500:{x500}", f"X500:{x500}-alt",
                f"smtp:P{number}@Bücher.example", f"EUM:{number};phone-context=x",
            ],
            targetAddress=f"SMTP:p{number}@cloud.example" if number % 3 == 0 else "",
        )  # fmt: skip
        company.truth[label] = Truth(
            "person",
            (mail.lower(), f"p{number}@alt.example", f"p{number}@xn--bcher-kva.example")
            + ((f"p{number}@cloud.example",) if number % 3 == 0 else ()),
            login=f"{label}@{company.domain}",
            x500=(f"[ex:{x500.lower()}]", f"[ex:{x500.lower()}-alt]"),
        )


def _odd_people(company: Company) -> None:
    def odd(label: str, addresses: tuple[str, ...], *, is_enabled: bool = True, **values: object) -> None:
        company.account(label, f"Sonderfall {label}", **values)  # type: ignore[arg-type]
        company.truth[label] = Truth("person", addresses, is_enabled, login=label)

    odd("linked", ("linked@firma.example",), details=2, uac=514, mail="linked@firma.example")
    odd(
        "leaver", ("leaver@firma.example",), is_enabled=False, details=1, uac=514, mail="leaver@firma.example"
    )
    odd("leaver2", ("leaver2@firma.example",), is_enabled=False, uac=66050, mail="leaver2@firma.example")
    odd("expired", ("expired@firma.example",), is_enabled=False, details=1, mail="expired@firma.example",
        accountExpires=130000000000000000)  # fmt: skip
    odd("forever", ("forever@firma.example",), details=1, mail="forever@firma.example",
        accountExpires=9223372036854775807)  # fmt: skip
    odd("onlymail", ("only.mail@firma.example",), mail="Only.Mail@firma.example")
    odd("noprimary", ("b@firma.example", "a@firma.example"), details=1, mail="b@firma.example",
        proxyAddresses=["smtp:a@firma.example", "smtp:B@firma.example"])  # fmt: skip
    odd("othermail", ("in@firma.example",), details=1, mail="elsewhere@private.example",
        proxyAddresses=["SMTP:in@firma.example"])  # fmt: skip
    odd("broken", ("broken@firma.example",), details=1, mail="broken@firma.example",
        proxyAddresses=["SMTP:broken@firma.example", "smtp:no-at-sign", "smtp:a b@firma.example"])  # fmt: skip


def _left_out(company: Company) -> None:
    company.account("nomail", "Ohne Mail")
    for number, details in enumerate((128, 35184372088832)):
        mail = f"ext{number}@partner.example"
        company.account(
            f"ext{number}", f"Extern {number}", details=details, mail=mail, targetAddress=f"SMTP:{mail}"
        )
    for number, details in enumerate((8192, 16384, 8388608, 536870912, 549755813888, 68719476736)):
        company.account(
            f"sys{number}",
            f"SystemMailbox{{{number}}}",
            details=details,
            uac=514,
            mail=f"sys{number}@firma.example",
        )
    company.account("strange", "Unbekannte Art", details=2**52, mail="strange@firma.example")
    for number in range(2):
        mail = f"kontakt{number}@partner.example"
        company.add(
            f"contact{number}", f"Kontakt {number}", "OU=Kontakte", ("contact",), mail=mail,
            proxyAddresses=[f"SMTP:{mail}"],
        )  # fmt: skip
    classes = (
        ("computer",) if company.is_samba else ("top", "person", "organizationalPerson", "user", "computer")
    )
    company.add(
        "pc1",
        "PC1",
        "OU=Rechner",
        classes,
        sAMAccountName="PC1$",
        userAccountControl=4096,
        mail="pc1@firma.example",
    )


def _groups(company: Company) -> None:
    """Nested, circular, self-contained; one by way of a group without an address; one of everybody."""
    everybody = frozenset(label for label, truth in company.truth.items() if truth.kind == "person")

    def truth(label: str, *members: str) -> None:
        company.truth[label] = Truth("group", (f"{label}@firma.example",), members=frozenset(members))

    company.group("g-plain", "g-plain", ["p0", "p1", "contact0", "leaver"], mail="g-plain@firma.example")
    truth("g-plain", "p0", "p1", "leaver")
    company.group("g-silent", "g-silent", ["p2", "p3"])  # for permissions only
    company.group("g-nested", "g-nested", ["g-plain", "g-silent", "p4"], mail="g-nested@firma.example")
    truth("g-nested", "p0", "p1", "leaver", "p2", "p3", "p4")
    circle = ("g-circle1", "g-circle2", "g-circle3")
    for number, label in enumerate(circle):
        company.group(
            label, label, [circle[(number + 1) % 3], f"p{5 + number}"], mail=f"{label}@firma.example"
        )
        truth(label, "p5", "p6", "p7")
    company.group("g-self", "g-self", ["g-self", "p8", "p4", "p5"], mail="g-self@firma.example")
    truth("g-self", "p8", "p4", "p5")
    company.group("g-empty", "g-empty", [], mail="g-empty@firma.example")
    truth("g-empty")
    if not company.is_samba:
        users = company.add(
            "domain-users", "Domain Users", "CN=Users", ("group",), sAMAccountName="Domain Users"
        )
        users.values["objectSid"] = [_sid(513)]
    company.dns["domain-users"] = f"CN=Domain Users,CN=Users,{company.suffix}"
    company.group("g-all", "g-all", ["domain-users"], mail="g-all@firma.example")
    truth("g-all", *everybody)
    role = company.add(
        "g-role", "Rollengruppe", "OU=Gruppen", ("group",), sAMAccountName="g-role", groupType=8
    )
    role.add("mail", "role@firma.example").add("msExchRecipientTypeDetails", 1073741824)
    dynamic = company.add("dyn", "Alle Dynamisch", "OU=Gruppen", ("msExchDynamicDistributionList",))
    dynamic.add("mail", "dyn@firma.example").add("proxyAddresses", "SMTP:dyn@firma.example")
    company.truth["dyn"] = Truth("dynamic_group", ("dyn@firma.example",))


def _shared(company: Company) -> None:
    kinds = (("shared", 4), ("shared", 34359738368), ("room", 16), ("equipment", 17179869184))
    for number, (kind, details) in enumerate(kinds):
        label, mail = f"box{number}", f"box{number}@firma.example"
        company.account(
            label, f"Postfach {number}", details=details, uac=514, mail=mail, proxyAddresses=[f"SMTP:{mail}"],
            publicDelegates=[company.dns["p9"]],
            msExchDelegateListLink=[company.dns["p1"], company.dns["g-circle2"]],
        )  # fmt: skip
        company.truth[label] = Truth(kind, (mail,), delegates=frozenset({"p9", "p1", "p5", "p6", "p7"}))
    for number in range(2):
        mail = f"ordner{number}@firma.example"
        place = "CN=Microsoft Exchange System Objects"
        folder = company.add(f"folder{number}", f"Öffentlich {number}", place, ("publicFolder",), mail=mail)
        folder.add("proxyAddresses", f"SMTP:{mail}").add("msExchRecipientTypeDetails", 4096)
        company.truth[f"folder{number}"] = Truth("public_folder", (mail,))
    if not company.is_samba:  # there, every account is in Domain Users by itself
        assert "g-all" in company.truth
