"""Small facts about a source that somebody else than its run learns."""

from datetime import datetime

from amberpost.sources.certificates import read_certificate
from amberpost.sources.models import SourceStatus


def note_certificate(source_id: int, not_after: datetime | None) -> None:
    """When the certificate of its server expires; None: there is none, or it is not known."""
    SourceStatus.objects.update_or_create(source_id=source_id, defaults={"certificate_expires_at": not_after})


def note_shown_certificate(source_id: int, der: bytes) -> None:
    """The same, from the certificate that the server showed in a run."""
    certificate = read_certificate(der)
    note_certificate(source_id, certificate.not_after if certificate else None)
