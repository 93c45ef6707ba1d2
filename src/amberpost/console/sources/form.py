"""The form of a remote e-mail account: all its fields, of which a protocol shows its own.

Secrets are write-only: an empty one leaves what is set. Nothing is saved here; save_source() does that with
`instance` and `secrets`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amberpost.console.field_groups import FieldRow, Group
from amberpost.console.sources.layout import LAYOUT
from amberpost.console.sources.warnings import warnings_of
from amberpost.console.warnings import FieldWarning
from amberpost.errors import UserError
from amberpost.message.evaluate import MODES, parse_mode
from amberpost.net.certificates import valid_authority, valid_fingerprint
from amberpost.net.security import Security
from amberpost.sources.configure import EXCHANGE_ONLINE, NewSecrets, default_security, valid_server
from amberpost.sources.models import MailSystem, Source, SourceProtocol
from amberpost.spoken import in_words
from amberpost.times import day_text

CUSTOM = "custom"
SECRETS = ("password", "client_secret")
AUTHORITY_BYTES = 64 * 1024

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_OAUTH_ONLY = (
    "tenant_id", "client_id", "client_secret", "secret_expires_on", "authority", "scope",
    "allow_insecure_oauth",
)  # fmt: skip
_PROTOCOLS = [choice for choice in SourceProtocol.choices if choice[0] != SourceProtocol.FILE]
_PLAIN_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
# The protocol brings its fields: the part is rendered anew from what was typed, secrets stay in the browser
_RENDER_AGAIN = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-target": "#account-fields",
    "hx-select": "#account-fields",
    "hx-swap": "outerHTML",
    "hx-vals": '{"show": "fields"}',
    "hx-params": "not password,client_secret,ca_file",
}
_SECRET = {"autocomplete": "new-password", "hx-preserve": "true"}


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A remote e-mail account."""

    protocol = forms.ChoiceField(
        label=_("Protocol"), choices=_PROTOCOLS, widget=forms.Select(attrs=_RENDER_AGAIN)
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=1024,
        help_text=_("The Value of the secret, not its Secret ID. Microsoft shows it only once."),
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    folders_text = forms.CharField(
        label=_("Folders"),
        required=False,
        help_text=_(
            "One per line; empty means INBOX only. Junk may be worth adding: it can hold mail taken for spam."
        ),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    evaluation_mode = forms.ChoiceField(
        label=_("E-mail header evaluation"),
        help_text=_(
            "Where to read the addresses that decide whose mail a message is. A field that is missing in a "
            "message gives no address: the message waits in quarantine."
        ),
        choices=[
            ("journal", _("Enable MS Journal-Envelope autodetection")),
            ("header", _("Disable MS Journal-Envelope autodetection")),
            ("x-envelope-to", "X-Envelope-To"),
            ("x-original-to", "X-Original-To"),
            ("delivered-to", "Delivered-To"),
            (CUSTOM, _("Custom recipient header")),
        ],
    )
    custom_header = forms.CharField(
        label=_("Name of the custom header"),
        required=False,
        max_length=70,
        help_text=_(
            "A header field, such as X-Recipient, or a name that stands in comments of Received, such as "
            "envelope-from."
        ),
        widget=forms.TextInput(attrs=_PLAIN_TEXT),
    )
    ca_file = forms.FileField(
        label=_("… or as a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer"}),
    )
    certificate_sha256 = forms.CharField(
        label=_("Accepted certificate (SHA-256 fingerprint)"),
        required=False,
        max_length=200,  # as other programs print it, with colons
        help_text=_(
            "This very certificate is trusted, whoever signed it; when the server gets a new one, collecting "
            "stops. The connection test shows the fingerprint."
        ),
        widget=forms.TextInput(attrs={**_PLAIN_TEXT, "class": "mono"}),
    )
    authority = forms.URLField(
        label=_("Sign-in server (authority)"),
        required=False,
        assume_scheme="https",
        help_text=_("Only for national clouds. Empty: https://login.microsoftonline.com"),
    )
    fields_for = forms.CharField(required=False, widget=forms.HiddenInput)  # the protocol the page showed

    class Meta:
        model = Source
        fields = (
            "name", "protocol", "mail_system", "enabled", "server", "security", "allow_insecure_oauth", "user",
            "tenant_id", "client_id", "secret_expires_on", "authority", "scope", "interval_minutes", "keep_mails",
            "max_size_mb", "silence_hours", "ca_pem", "certificate_sha256",
        )  # fmt: skip
        labels = {
            "name": _("Name"),
            "mail_system": _("Mail system"),
            "enabled": _("Collect from this account"),
            "server": _("Server"),
            "security": _("Connection security"),
            "allow_insecure_oauth": _("Send the token without encryption anyway"),
            "user": _("User"),
            "tenant_id": _("Tenant ID"),
            "client_id": _("Client ID"),
            "secret_expires_on": _("Client secret expires on"),
            "scope": _("Scope"),
            "interval_minutes": _("Fetch e-mails every (minutes)"),
            "keep_mails": _("Keep e-mails on the server"),
            "max_size_mb": _("Max. e-mail size (MB)"),
            "silence_hours": _("Alarm when nothing arrives for (hours)"),
            "ca_pem": _("Own root certificate (PEM)"),
        }
        help_texts = {
            "mail_system": _(
                "The system whose copies arrive here. It only decides which guide and checklist are shown."
            ),
            "name": _("The name shown here and in reports, such as “Journal mailbox”."),
            "server": _("Host name or IP address, if needed with port: mail.example.com:993"),
            "security": _(
                "STARTTLS and SSL encrypt and check the certificate of the server; if that fails, nothing is sent."
            ),
            "user": _("As the mail server knows it, often the whole e-mail address."),
            "tenant_id": _("Directory (tenant) ID from the overview of Microsoft Entra, or a domain of it."),
            "client_id": _("Application (client) ID of the app, not the Object ID."),
            "secret_expires_on": _("You are reminded 30 days, 7 days and 1 day before."),
            "scope": _("Only for national clouds. Empty: https://outlook.office365.com/.default"),
            "interval_minutes": _("1 to 60. If a fetch takes longer, the next one waits for it."),
            "keep_mails": _(
                "If not ticked, a message is deleted on the server as soon as it is safely archived. Right "
                "for a journal mailbox, wrong for a mailbox somebody works with."
            ),
            "max_size_mb": _(
                "Larger mail is not archived: it stays on the server, is listed here and raises an alarm. Empty: "
                "no limit."
            ),
            "silence_hours": _("For an account that should always get mail. 0: never."),
            "ca_pem": _("Only if the server's certificate is signed by an authority of your own."),
        }
        widgets = {
            "server": forms.TextInput(attrs=_PLAIN_TEXT),
            "user": forms.TextInput(attrs=_PLAIN_TEXT),
            "tenant_id": forms.TextInput(attrs=_PLAIN_TEXT),
            "client_id": forms.TextInput(attrs=_PLAIN_TEXT),
            "scope": forms.TextInput(attrs=_PLAIN_TEXT),
            "secret_expires_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "interval_minutes": forms.NumberInput(attrs={"min": 1, "max": 60}),
            "max_size_mb": forms.NumberInput(attrs={"min": 1, "max": 1_000_000}),
            "silence_hours": forms.NumberInput(attrs={"min": 0, "max": 24 * 90}),
            "ca_pem": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        given = kwargs.get("initial") or {}
        super().__init__(*args, **kwargs)
        self.kind = self._kind()
        self._begin_with(given)
        self.fields["mail_system"].required = False
        self._keep_fields()
        self._say_what_is_set()

    @classmethod
    def retyped(cls, post: Mapping[str, str], instance: Source, **changes: str) -> "AccountForm":
        """With what was typed, not judged yet, and the fields of the chosen protocol."""
        protocol = post.get("protocol", instance.protocol)
        if protocol not in dict(_PROTOCOLS):
            protocol = SourceProtocol.IMAP.value
        typed: dict[str, Any] = {
            name: name in post if isinstance(field, forms.BooleanField) else post[name]
            for name, field in cls.base_fields.items()
            if (name in post or isinstance(field, forms.BooleanField)) and name not in SECRETS
        }
        typed |= _follow_protocol(post, SourceProtocol(protocol)) | {"protocol": protocol} | changes
        return cls(initial=typed, instance=instance)

    @property
    def secrets(self) -> NewSecrets:
        """What was typed."""
        return NewSecrets(
            password=self.cleaned_data.get("password") or "",
            client_secret=self.cleaned_data.get("client_secret") or "",
        )

    @property
    def may_be_tested(self) -> bool:
        """True if the connection can be tried; a name is not needed for that."""
        return self.is_bound and not set(self.errors) - {"name"}

    @property
    def warnings(self) -> list[str]:
        """Of a form that was sent: what is unusual in the values, though allowed."""
        return [
            warning.text
            for name in self.fields
            for warning in self._warnings(name)
            if not warning.watch and warning.fits(str(self.cleaned_data.get(name) or ""))
        ]

    @property
    def carried(self) -> dict[str, str]:
        """What was typed for another protocol: hidden on the page, so that choosing back brings it again."""
        typed = self.data if self.is_bound else self.initial
        names = set(self.base_fields) - set(self.fields) - {*SECRETS, "allow_insecure_oauth"}
        return {name: str(typed[name]) for name in sorted(names) if typed.get(name)}

    def groups(self) -> list[Group]:
        """The fields in the order of the page."""
        found = [self._group(title, names, folds=folds) for title, names, folds in LAYOUT]
        return [group for group in found if group.rows]

    # Checking

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Source.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("There is an account of this name already."))
        return name

    def clean_server(self) -> str:
        return _judged(valid_server, self.cleaned_data["server"])

    def clean_mail_system(self) -> str:
        return str(self.cleaned_data["mail_system"] or self.instance.mail_system)

    def clean_tenant_id(self) -> str:
        tenant: str = self.cleaned_data["tenant_id"]
        if not _TENANT.fullmatch(tenant):
            raise ValidationError(_("The tenant ID is a GUID or a domain name. Copy it from the overview."))
        return tenant

    def clean_certificate_sha256(self) -> str:
        return _judged(valid_fingerprint, self.cleaned_data["certificate_sha256"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._clean_evaluation(cleaned)
        self._clean_authority(cleaned)
        self._clean_security(cleaned)
        if "folders_text" in self.fields:
            lines = cleaned.get("folders_text", "").splitlines()
            self.instance.folders = [line.strip() for line in lines if line.strip()]
        return cleaned

    def _clean_evaluation(self, cleaned: dict[str, Any]) -> None:
        mode = cleaned.get("evaluation_mode", "journal")
        if mode == CUSTOM:
            mode = f"{CUSTOM}:{cleaned.get('custom_header', '').strip().rstrip(':')}"
        try:
            self.instance.evaluation = parse_mode(mode)
        except UserError:
            self.add_error("custom_header", _("Please give the name of a header field, such as X-Recipient."))

    def _clean_authority(self, cleaned: dict[str, Any]) -> None:
        """An uploaded root certificate stands in for a pasted one."""
        upload, name = cleaned.get("ca_file"), "ca_pem"
        pem = cleaned.get("ca_pem", "")
        if upload is not None:
            name, pem = "ca_file", upload.read(AUTHORITY_BYTES).decode("utf-8", "replace")
        if not pem.strip():
            return
        try:
            cleaned["ca_pem"] = valid_authority(pem)
        except UserError as error:
            self.add_error(name, in_words(error))

    def _clean_security(self, cleaned: dict[str, Any]) -> None:
        if not self.kind.uses_oauth:
            return
        is_open = cleaned.get("security") == Security.NONE
        if is_open and not cleaned.get("allow_insecure_oauth"):
            self.add_error(
                "allow_insecure_oauth",
                _("Without encryption others could read the token. Tick this if it must be."),
            )
        cleaned["allow_insecure_oauth"] = is_open and bool(cleaned.get("allow_insecure_oauth"))

    # How it looks

    def _kind(self) -> SourceProtocol:
        value = self.data.get("protocol") if self.is_bound else self.initial.get("protocol")
        value = value or self.instance.protocol
        return SourceProtocol(value) if value in dict(_PROTOCOLS) else SourceProtocol.IMAP

    def _begin_with(self, given: Mapping[str, Any]) -> None:
        """Defaults of a new account, and what the page shows of a kept one in other fields."""
        kept, mode = self.instance, self.instance.evaluation
        begin = {
            "evaluation_mode": mode if mode in MODES else CUSTOM,
            "custom_header": mode.removeprefix(f"{CUSTOM}:") if mode not in MODES else "",
            "folders_text": "\n".join(kept.folders),
        }
        if kept.pk is None:
            begin["security"] = default_security(self.kind)
            begin["server"] = kept.server or (EXCHANGE_ONLINE if self.kind.uses_oauth else "")
        self.initial.update({name: value for name, value in begin.items() if name not in given})
        self.initial["fields_for"] = self.kind.value

    def _keep_fields(self) -> None:
        """Only those of the protocol."""
        gone = {"password"} if self.kind.uses_oauth else set(_OAUTH_ONLY)
        if self.kind.is_pop3:
            gone.add("folders_text")
        for name in gone:
            del self.fields[name]
        for name in ("server", "user", "tenant_id", "client_id"):
            if name in self.fields:
                self.fields[name].required = True
        if self.kind.uses_oauth:
            self.fields["user"].help_text = _("The address of the mailbox that is collected, not the app.")

    def _say_what_is_set(self) -> None:
        for name, at in (
            ("password", self.instance.password_set_at),
            ("client_secret", self.instance.client_secret_set_at),
        ):
            if name in self.fields:
                self.fields[name].required = at is None
                if at is not None:
                    self.fields[name].help_text = _set_on(at)

    def _group(self, title: Promise, names: tuple[str, ...], *, folds: bool) -> Group:
        rows = [self._row(name) for name in names if name in self.fields]
        is_used = any(row.field.errors or row.field.value() for row in rows)
        return Group(title=str(title), rows=tuple(rows), is_folded=folds and not is_used)

    def _row(self, name: str) -> FieldRow:
        field = self[name]
        value = "" if name in SECRETS else str(field.value() or "")
        return FieldRow(
            field=field, warnings=tuple(warning.judged(value) for warning in self._warnings(name))
        )

    def _warnings(self, name: str) -> Iterator[FieldWarning]:
        typed = str(self["user"].value() or "")
        return warnings_of(name, self.kind, kept=self.instance, user=typed)


def _follow_protocol(post: Mapping[str, str], protocol: SourceProtocol) -> dict[str, str]:
    """What changes with the protocol, if it is still what the one before had brought."""
    before, changes = post.get("fields_for", ""), dict[str, str]()
    is_known = before in dict(_PROTOCOLS)
    if not post.get("security") or (is_known and post["security"] == default_security(before)):
        changes["security"] = default_security(protocol)
    if protocol.uses_oauth and post.get("mail_system", MailSystem.OTHER) == MailSystem.OTHER:
        changes["mail_system"] = MailSystem.MICROSOFT_365
    server = post.get("server", "").strip()
    if protocol.uses_oauth and not server:
        changes["server"] = EXCHANGE_ONLINE
    elif (
        not protocol.uses_oauth
        and server == EXCHANGE_ONLINE
        and is_known
        and SourceProtocol(before).uses_oauth
    ):
        changes["server"] = ""
    return changes


def _set_on(at: datetime) -> str:
    return gettext("Set on %(day)s. Leave empty to keep it.") % {"day": day_text(at)}


def _judged(check: Any, value: str) -> str:  # noqa: ANN401  Django's forms know no types
    try:
        return str(check(value))
    except UserError as error:
        raise ValidationError(in_words(error)) from error
