"""The form of the notifications: whom to tell, how, and from when on."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amberpost.console.fields import AddressesField
from amberpost.net.server import read_server
from amberpost.notice.models import NoticeSettings, RelayLogin
from amberpost.sources.exchange import is_exchange_online
from amberpost.times import day_text

_OWN_NAMES = {"en": "English", "de": "Deutsch", "fr": "Français"}
_MAIL = ("addresses", "relay", "security", "sender", "login", "user", "password")
_APP = ("tenant_id", "client_id", "client_secret", "authority", "scope")
_WEBHOOK = ("webhook_url", "is_webhook_internal", "webhook_secret")
_BOTH = ("ca_pem", "language")
_LIMITS = ("failing_polls", "behind_minutes", "quarantine_per_day", "disk_percent", "disk_full_percent")


class SecretField(forms.CharField):
    """Goes in and never comes out: empty leaves the one that is set."""

    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class NoticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom to tell, how, and from when on."""

    addresses = AddressesField(
        label=_("Recipients"),
        required=False,
        help_text=_("One per line. Without recipients no e-mail is sent."),
    )
    password = SecretField(label=_("Password"), required=False, strip=False, max_length=1024)
    authority = forms.URLField(
        label=_("Sign-in server (authority)"),
        required=False,
        assume_scheme="https",
        help_text=_("Only for national clouds. Empty: https://login.microsoftonline.com"),
    )
    client_secret = SecretField(label=_("Client secret"), required=False, max_length=1024)
    webhook_secret = SecretField(
        label=_("Secret for the signature"), required=False, strip=False, max_length=1024
    )

    class Meta:
        model = NoticeSettings
        fields = (
            "relay", "security", "sender", "login", "user", "tenant_id", "client_id", "authority", "scope",
            "webhook_url", "is_webhook_internal", "ca_pem", "language",
            "failing_polls", "behind_minutes", "quarantine_per_day", "disk_percent", "disk_full_percent",
        )  # fmt: skip
        labels = {
            "relay": _("Mail relay"),
            "security": _("Connection security"),
            "sender": _("Sender address"),
            "login": _("Sign-in at the relay"),
            "user": _("User"),
            "tenant_id": _("Tenant ID"),
            "client_id": _("Client ID"),
            "scope": _("Scope"),
            "webhook_url": _("Webhook address"),
            "is_webhook_internal": _("This server is in our own network"),
            "ca_pem": _("Own root certificate (PEM)"),
            "language": _("Language"),
            "failing_polls": _("An account fails this many times in a row"),
            "behind_minutes": _("Processing or search is behind (minutes)"),
            "quarantine_per_day": _("Messages that go to quarantine within a day"),
            "disk_percent": _("The disk is filling (%)"),
            "disk_full_percent": _("The disk is nearly full (%)"),
        }
        help_texts = {
            "relay": _("Host name, if needed with port: smtp.example.com:587"),
            "security": _("Without security no password is sent."),
            "sender": _("Empty: the first recipient."),
            "user": _(
                "Empty if the relay takes mail of this machine without a password. With OAuth 2 the mailbox that sends."
            ),
            "tenant_id": _("Directory (tenant) ID from the overview of Microsoft Entra, or a domain of it."),
            "client_id": _("Application (client) ID of the app, not the Object ID."),
            "scope": _("Only for national clouds. Empty: https://outlook.office365.com/.default"),
            "webhook_url": _("A message goes there as JSON. https only, unless it is in your own network."),
            "is_webhook_internal": _("Allows private addresses and plain http."),
            "ca_pem": _("Only if relay or webhook have a certificate of an authority of your own."),
            "language": _("Of the messages, for everybody who gets them."),
        }
        widgets = {
            "relay": forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
            "sender": forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
            "user": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            **{
                name: forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
                for name in ("tenant_id", "client_id", "scope")
            },
            "webhook_url": forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
            "ca_pem": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        self.initial["addresses"] = "\n".join(self.instance.addresses)
        languages = [(code, _OWN_NAMES.get(code, code)) for code, _name in django_settings.LANGUAGES]
        self.fields["language"] = forms.ChoiceField(
            label=self.fields["language"].label,
            help_text=self.fields["language"].help_text,
            choices=languages,
        )
        _tell_when_set(self.fields["password"], self.instance.password_set_at, "")
        _tell_when_set(
            self.fields["client_secret"],
            self.instance.client_secret_set_at,
            gettext("The Value of the secret, not its Secret ID."),
        )
        unsigned = gettext("Empty: messages are not signed.")
        _tell_when_set(self.fields["webhook_secret"], self.instance.webhook_secret_set_at, unsigned)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.instance.addresses = cleaned.get("addresses", [])
        return cleaned

    @property
    def mail_fields(self) -> list[BoundField]:
        return [self[name] for name in _MAIL]

    @property
    def app_fields(self) -> list[BoundField]:
        return [self[name] for name in _APP]

    @property
    def shows_app(self) -> bool:
        """True if the fields of OAuth 2 are open: it is chosen."""
        return bool(self["login"].value() == RelayLogin.OAUTH)

    @property
    def webhook_fields(self) -> list[BoundField]:
        return [self[name] for name in _WEBHOOK]

    @property
    def common_fields(self) -> list[BoundField]:
        return [self[name] for name in _BOTH]

    @property
    def limit_fields(self) -> list[BoundField]:
        return [self[name] for name in _LIMITS]


def password_warning(settings: NoticeSettings) -> str:
    """What is wrong with a password at Exchange Online; empty if none is used there."""
    if not settings.relay or not settings.user or settings.login != RelayLogin.PASSWORD:
        return ""
    if not is_exchange_online(read_server(settings.relay, 1).name):
        return ""
    return gettext(
        "Exchange Online switches off sending with a password: by default from the end of December 2026 for "
        "existing tenants, and for all tenants made later. Choose OAuth 2 under Notifications, else nobody will "
        "be notified by e-mail."
    )


def _tell_when_set(field: forms.Field, at: datetime | None, otherwise: str) -> None:
    said = gettext("Set on %(day)s. Leave empty to keep it.")
    field.help_text = said % {"day": day_text(at)} if at else otherwise
