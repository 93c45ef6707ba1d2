"""The list of archives as the operators' page shows it: found, filtered, with addresses, owner and readers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from amberpost.accounts.models import Release, User
from amberpost.directory.models import Address, Archive, ArchiveKind, ArchiveOrigin, ArchiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What an operator wants to see; empty strings: all."""

    text: str = ""
    kind: str = ""
    origin: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filter":
        """As it stands in the address; what makes no sense is left out."""
        return cls(
            text=query.get("q", "").strip()[:200],
            kind=_known(query.get("kind", ""), ArchiveKind.values),
            origin=_known(query.get("origin", ""), ArchiveOrigin.values),
            state=_known(query.get("state", ""), ArchiveState.values),
        )

    @property
    def query(self) -> dict[str, str]:
        """For links to further pages."""
        pairs = {"q": self.text, "kind": self.kind, "origin": self.origin, "state": self.state}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFacts:
    """One line of the list."""

    archive: Archive
    owner: User | None
    addresses: tuple[str, ...]  # held now
    readers: tuple[str, ...]  # besides the owner


def listed(chosen: Filter) -> QuerySet[Archive]:
    """The archives that fit."""
    archives = Archive.objects.all()
    if chosen.kind:
        archives = archives.filter(kind=chosen.kind)
    if chosen.origin:
        archives = archives.filter(origin=chosen.origin)
    if chosen.state:
        archives = archives.filter(state=chosen.state)
    if chosen.text:
        held = Address.objects.filter(archive=OuterRef("pk"), address__icontains=chosen.text.lower())
        owned = Q(owner__login__icontains=chosen.text)
        archives = archives.filter(Q(name__icontains=chosen.text) | owned | Exists(held))
    return archives


def archive_facts(archives: Iterable[Archive]) -> list[ArchiveFacts]:
    """These archives with what belongs to them, in four questions to the database."""
    archives = list(archives)
    ids = [archive.pk for archive in archives]
    owners = {user.private_archive_id: user for user in User.objects.filter(private_archive__in=ids)}
    addresses: dict[int, list[str]] = {}
    held = Address.objects.filter(archive__in=ids, valid_until=None).order_by("pk")
    for archive_id, address in held.values_list("archive_id", "address"):
        addresses.setdefault(archive_id, []).append(address)
    readers: dict[int, list[str]] = {}
    for given in Release.objects.filter(archive__in=ids, revoked_at=None).select_related("user", "group"):
        readers.setdefault(given.archive_id, []).append(given.user.login if given.user else str(given.group))
    return [
        ArchiveFacts(
            archive=archive,
            owner=owners.get(archive.pk),
            addresses=tuple(addresses.get(archive.pk, ())),
            readers=tuple(dict.fromkeys(readers.get(archive.pk, ()))),
        )
        for archive in archives
    ]


def _known(value: str, values: Iterable[str]) -> str:
    return value if value in values else ""
