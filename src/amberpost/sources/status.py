"""Small facts about a source that somebody else than its run learns."""

from datetime import datetime

from amberpost.clock import hear
from amberpost.net.certificates import read_certificate
from amberpost.sources.models import SourceStatus


def note_certificate(source_id: int, not_after: datetime | None) -> None:
    """When the certificate of its server expires; None: there is none, or it is not known."""
    SourceStatus.objects.update_or_create(source_id=source_id, defaults={"certificate_expires_at": not_after})


def note_shown_certificate(source_id: int, der: bytes) -> None:
    """The same, from the certificate that the server showed in a run."""
    certificate = read_certificate(der)
    if certificate is not None:  # whoever signed it was not ahead of time: it is at least that late
        hear(
            f"certificate {source_id}",
            (*certificate.names, certificate.subject)[0],
            earliest=certificate.not_before,
        )
    note_certificate(source_id, certificate.not_after if certificate else None)
