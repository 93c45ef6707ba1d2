"""Read and change whom to tell; secrets go in sealed and never come out on a page."""

from collections.abc import Iterable, Mapping

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import transaction

from amberpost.clock import now
from amberpost.errors import SourceError, UserError
from amberpost.message.addresses import normalise_address
from amberpost.net.http import safe_url
from amberpost.net.security import Security
from amberpost.net.server import read_server
from amberpost.net.tls import client_context
from amberpost.notice.mail import PORTS, Relay
from amberpost.notice.models import NoticeSettings, RelayLogin
from amberpost.notice.webhook import Hook, checked_url
from amberpost.oauth.client import AUTHORITY, OUTLOOK_SCOPE, OAuthClient
from amberpost.store.secret import OpenSetting, SealSetting, Secret

SECRETS: Mapping[str, str] = {  # name of a secret -> field that holds it sealed
    "password": "sealed_password",
    "client_secret": "sealed_client_secret",
    "webhook_secret": "sealed_webhook_secret",
}
ROW = "notice"  # the name under which the secrets are sealed; it never changes
_MOST_RECIPIENTS = 20


def current_settings() -> NoticeSettings:
    """The settings; the defaults if nobody decided anything yet."""
    return NoticeSettings.objects.first() or NoticeSettings()


def save_settings(settings: NoticeSettings, secrets: Mapping[str, str], seal: SealSetting) -> None:
    """Check and save; an empty secret leaves the one that is set. UserError names what is wrong."""
    settings.addresses = list(dict.fromkeys(valid_recipients(settings.addresses)))
    settings.sender = valid_recipient(settings.sender) if settings.sender else ""
    _require_sound(settings)
    if settings.login == RelayLogin.OAUTH:
        _require_app(settings, secrets)
    for name, plain in secrets.items():
        if plain:
            setattr(settings, SECRETS[name], seal(ROW, name, plain.encode()))
            setattr(settings, f"{name}_set_at", now())
    if not settings.user or settings.login == RelayLogin.OAUTH:
        settings.sealed_password, settings.password_set_at = b"", None
    if settings.login != RelayLogin.OAUTH:
        settings.sealed_client_secret, settings.client_secret_set_at = b"", None
    with transaction.atomic():
        settings.save()


def relay_of(settings: NoticeSettings, unseal: OpenSetting) -> Relay:
    """What is needed to send mail; opens the sealed password."""
    return Relay(
        server=settings.relay,
        security=Security(settings.security),
        user=settings.user,
        password=_opened(settings, "password", unseal),
        app=_app_of(settings, unseal) if settings.login == RelayLogin.OAUTH else None,
        ca_pem=settings.ca_pem,
        sender=settings.sender or settings.addresses[0],
        recipients=tuple(settings.addresses),
    )


def hook_of(settings: NoticeSettings, unseal: OpenSetting) -> Hook:
    """What is needed to call the webhook; opens the sealed secret."""
    return Hook(
        url=settings.webhook_url,
        secret=_opened(settings, "webhook_secret", unseal),
        ca_pem=settings.ca_pem,
        is_internal=settings.is_webhook_internal,
    )


def valid_recipients(texts: Iterable[str]) -> list[str]:
    """The normalised forms of addresses a person typed, without empty ones; raises UserError."""
    addresses = [valid_recipient(text) for text in texts if text.strip()]
    if len(addresses) > _MOST_RECIPIENTS:
        raise UserError("recipients_at_most", number=_MOST_RECIPIENTS)
    return addresses


def valid_recipient(text: str) -> str:
    """An address that can stand in a command to any relay."""
    address = normalise_address(text.strip())
    local, at, domain = address.rpartition("@")
    is_plain = address.isascii() and address.isprintable() and not any(c in " <>,;\"'()" for c in address)
    if not (at and local and domain and is_plain):
        raise UserError("not_an_address", subject=text)
    return address


def _app_of(settings: NoticeSettings, unseal: OpenSetting) -> OAuthClient:
    return OAuthClient(
        tenant=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=_opened(settings, "client_secret", unseal),
        authority=settings.authority or AUTHORITY,
        scope=settings.scope or OUTLOOK_SCOPE,
        ca_pem=settings.ca_pem or None
        if settings.authority
        else None,  # the relay's own says nothing of Microsoft
    )


def _require_app(settings: NoticeSettings, secrets: Mapping[str, str]) -> None:
    """What OAuth 2 needs. The mailbox is the user: it is whose mail the app sends."""
    if not settings.relay:
        raise UserError("oauth_needs_relay")
    if not settings.user:
        raise UserError("oauth_needs_mailbox")
    if not settings.tenant_id or not settings.client_id:
        raise UserError("oauth_needs_app")
    if not (secrets.get("client_secret") or settings.sealed_client_secret):
        raise UserError("oauth_needs_secret")
    if settings.authority and safe_url(settings.authority) is None:
        raise UserError("login_server_needs_https")


def _require_sound(settings: NoticeSettings) -> None:
    try:
        settings.full_clean(exclude=list(SECRETS.values()), validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        words = [f"{field}: {' '.join(texts)}" for field, texts in error.message_dict.items()]
        raise UserError("not_valid", problems="; ".join(words)) from None
    if settings.language not in dict(django_settings.LANGUAGES):
        raise UserError("language_unknown", subject=settings.language)
    try:
        client_context(settings.ca_pem, is_beside_public=True)
    except SourceError as error:
        raise UserError(error.remark) from None
    if settings.relay:
        read_server(settings.relay, PORTS[Security(settings.security)])
    if settings.relay and not settings.addresses:
        raise UserError("relay_needs_recipient")
    if settings.user and settings.security == Security.NONE:
        raise UserError("password_needs_tls")
    if settings.webhook_url:
        checked_url(settings.webhook_url, is_internal=settings.is_webhook_internal)
    if settings.disk_full_percent < settings.disk_percent:
        raise UserError("disk_figures_swapped")


def _opened(settings: NoticeSettings, name: str, unseal: OpenSetting) -> Secret:
    sealed = bytes(getattr(settings, SECRETS[name]))
    return Secret(unseal(ROW, name, sealed) if sealed else b"")
