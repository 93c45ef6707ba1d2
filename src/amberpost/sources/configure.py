"""Add and change mail sources; a password goes in sealed and never comes out on a page."""

from collections.abc import Callable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from amberpost.clock import now
from amberpost.errors import UserError
from amberpost.message.evaluate import parse_mode
from amberpost.sources.models import Source, SourceProtocol

SealSetting = Callable[[str, str, bytes], bytes]  # row, field, plain

IMPORT_NAME = "import"


def setting_row(source: Source) -> str:
    """The name under which a source's secrets are sealed; it never changes."""
    return f"source/{source.pk}"


def save_source(source: Source, password: str, seal: SealSetting) -> Source:
    """Check and save a source; an empty password leaves the one that is set. UserError names what is wrong."""
    source.evaluation = parse_mode(source.evaluation)
    try:
        source.full_clean(exclude=["sealed_password", "created_at"])
    except ValidationError as error:
        raise UserError(_problems(error.message_dict)) from error
    if source.protocol != SourceProtocol.FILE and not source.server:
        raise UserError(_("The server is missing"))
    with transaction.atomic():
        source.save()
        if password:
            source.sealed_password = seal(setting_row(source), "password", password.encode())
            source.password_set_at = now()
            source.save(update_fields=["sealed_password", "password_set_at"])
    return source


def import_source() -> Source:
    """The source that stands for files given by hand; made at first use."""
    source, _created = Source.objects.get_or_create(
        name=IMPORT_NAME, defaults={"protocol": SourceProtocol.FILE, "enabled": False}
    )
    return source


def _problems(messages: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{field}: {' '.join(texts)}" for field, texts in messages.items())
