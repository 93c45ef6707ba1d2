"""Small facts about a source that somebody else than its run learns."""

from datetime import datetime

from amberpost.sources.models import SourceStatus


def note_certificate(source_id: int, not_after: datetime | None) -> None:
    """When the certificate of its server expires; None: there is none, or it is not known."""
    SourceStatus.objects.update_or_create(source_id=source_id, defaults={"certificate_expires_at": not_after})
