"""Add and change mail sources; secrets go in sealed and never come out on a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction

from amberpost.clock import now
from amberpost.errors import UserError
from amberpost.message.evaluate import parse_mode
from amberpost.net.certificates import valid_authority, valid_fingerprint
from amberpost.net.security import Security
from amberpost.net.server import read_server
from amberpost.sources.models import LeftMessage, Source, SourceProtocol, SourceStatus
from amberpost.store.secret import SealSetting

IMPORT_NAME = "import"
EXCHANGE_ONLINE = "outlook.office365.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecrets:
    """Secrets as a person typed them; an empty one leaves what is set."""

    password: str = ""
    client_secret: str = ""


def setting_row(source: Source) -> str:
    """The name under which a source's secrets are sealed; it never changes."""
    return f"source/{source.pk}"


def default_security(protocol: str) -> Security:
    """What a new account begins with: Exchange Online has no STARTTLS port."""
    return Security.SSL if SourceProtocol(protocol).uses_oauth else Security.STARTTLS


def save_source(source: Source, secrets: NewSecrets, seal: SealSetting) -> Source:
    """Check and save a source. UserError names what is wrong."""
    check_source(source)
    if source.kind != SourceProtocol.FILE:
        _require_complete(source, secrets)
    with transaction.atomic():
        source.save()
        _seal_secrets(source, secrets, seal)
    return source


def check_source(source: Source) -> None:
    """Bring the settings into their form; UserError names what cannot be."""
    source.evaluation = parse_mode(source.evaluation)
    if source.server:
        source.server = valid_server(source.server)
    source.certificate_sha256 = valid_fingerprint(source.certificate_sha256)
    if source.ca_pem.strip():
        source.ca_pem = valid_authority(source.ca_pem)
    settle_protocol(source)
    try:
        source.full_clean(
            exclude=["sealed_password", "sealed_client_secret", "created_at", "authority", "folders"]
        )
    except ValidationError as error:
        raise UserError("not_valid", problems=_problems(error.message_dict)) from None


def valid_server(text: str) -> str:
    """A host name or IP address, with a port or without; UserError otherwise."""
    read_server(text, 1)
    return text.strip()


def remove_source(source: Source) -> None:
    """Forget how to reach it. Mail stays; so do number and name, which captures refer to for ever."""
    with transaction.atomic():
        source.enabled, source.removed_at = False, now()
        source.sealed_password = source.sealed_client_secret = b""
        source.password_set_at = source.client_secret_set_at = None
        source.save()
        SourceStatus.objects.filter(source=source).delete()
        LeftMessage.objects.filter(source=source).delete()


def import_source() -> Source:
    """The source that stands for files given by hand; made at first use."""
    source, _created = Source.objects.get_or_create(
        name=IMPORT_NAME, defaults={"protocol": SourceProtocol.FILE, "enabled": False}
    )
    return source


def settle_protocol(source: Source) -> None:
    """What the protocol decides, and nothing left over of another one."""
    if source.kind.uses_oauth:
        source.server = source.server or EXCHANGE_ONLINE
        source.sealed_password, source.password_set_at = b"", None
    else:
        source.tenant_id = source.client_id = source.authority = source.scope = ""
        source.sealed_client_secret, source.client_secret_set_at = b"", None
        source.secret_expires_on, source.allow_insecure_oauth = None, False
    if source.kind.is_pop3:
        source.folders = []  # POP3 has one mailbox


def _require_complete(source: Source, secrets: NewSecrets) -> None:
    if not source.server:
        raise UserError("server_missing")
    if not source.user:
        raise UserError("user_name_missing")
    if not source.kind.uses_oauth:
        return
    if not source.tenant_id or not source.client_id:
        raise UserError("account_oauth_needs_app")
    if not (secrets.client_secret or source.sealed_client_secret):
        raise UserError("account_oauth_needs_secret")
    if source.security == Security.NONE and not source.allow_insecure_oauth:
        raise UserError("insecure_token_not_allowed")


def _seal_secrets(source: Source, secrets: NewSecrets, seal: SealSetting) -> None:
    row = setting_row(source)
    if secrets.password and not source.kind.uses_oauth:
        source.sealed_password = seal(row, "password", secrets.password.encode())
        source.password_set_at = now()
    if secrets.client_secret and source.kind.uses_oauth:
        source.sealed_client_secret = seal(row, "client_secret", secrets.client_secret.encode())
        source.client_secret_set_at = now()
    source.save(
        update_fields=["sealed_password", "password_set_at", "sealed_client_secret", "client_secret_set_at"]
    )


def _problems(messages: Mapping[str, list[str]]) -> str:
    return "; ".join(
        " ".join(texts) if field == NON_FIELD_ERRORS else f"{field}: {' '.join(texts)}"
        for field, texts in messages.items()
    )
