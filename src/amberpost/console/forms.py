"""The forms of the operators' pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.models import Role, User
from amberpost.directory.local import valid_address
from amberpost.errors import UserError
from amberpost.message.evaluate import MODES, parse_mode
from amberpost.sources.models import Source

_CUSTOM = "custom"


class AddressesField(forms.CharField):
    """One mail address a line; cleaned to a list."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: Any) -> list[str]:  # noqa: ANN401  Django's signature
        lines = [line.strip() for line in str(super().clean(value)).replace(",", "\n").splitlines()]
        try:
            return list(dict.fromkeys(valid_address(line) for line in lines if line))
        except UserError as error:
            raise ValidationError(str(error)) from error


def _addresses() -> AddressesField:
    return AddressesField(
        label=_("E-mail addresses"),
        required=False,
        help_text=_(
            "One a line. Mail from and to these addresses goes into the private archive of this user. Kept "
            "mail that fits a new address is assigned as well. Mail that came while an address was his stays "
            "his."
        ),
    )


class AddUserForm(forms.Form):
    login = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.READER,
        help_text=_("An operator runs the system and reads no mail; he has no archive."),
    )
    addresses = _addresses()


class EditUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, role and addresses. An operator stays one: his account never leads to mail."""

    addresses = _addresses()

    class Meta:
        model = User
        fields = ("name", "role")
        labels = {"name": _("Name"), "role": _("Role")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        if self.instance.role == Role.OPERATOR:
            del self.fields["role"], self.fields["addresses"]
        else:
            choices = [choice for choice in Role.choices if choice[0] != Role.OPERATOR]
            self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=choices)


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A remote e-mail account. The password is write-only: empty leaves the one that is set."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    folders_text = forms.CharField(
        label=_("Folders"),
        required=False,
        help_text=_("One a line; empty means INBOX only."),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    evaluation_mode = forms.ChoiceField(
        label=_("E-mail header evaluation"),
        help_text=_("Where the owners of a message are read from, if it is no journal report."),
        choices=[
            ("journal", _("Journal report (envelope)")),
            ("header", _("Sender and recipients of the header")),
            ("x-envelope-to", "X-Envelope-To"),
            ("x-original-to", "X-Original-To"),
            ("delivered-to", "Delivered-To"),
            (_CUSTOM, _("another header field")),
        ],
    )
    custom_header = forms.CharField(label=_("Name of the other header field"), required=False, max_length=70)
    field_order = (
        "name", "server", "security", "user", "password", "interval_minutes", "keep_mails",
        "evaluation_mode", "custom_header", "folders_text", "ca_pem", "enabled",
    )  # fmt: skip

    class Meta:
        model = Source
        fields = ("name", "server", "user", "security", "ca_pem", "keep_mails", "enabled", "interval_minutes")
        labels = {
            "name": _("Name"),
            "server": _("Server"),
            "user": _("User"),
            "security": _("Connection security"),
            "ca_pem": _("Own root certificate (PEM)"),
            "keep_mails": _("Keep mails on the server"),
            "interval_minutes": _("Fetch every (minutes)"),
            "enabled": _("Collect from this account"),
        }
        help_texts = {
            "server": _("Host name, if needed with port: imap.example.com:993"),
            "security": _("Without security, mail and password cross the network readable for others."),
            "keep_mails": _(
                "If not ticked, a message is deleted on the server as soon as it is safely archived. Right "
                "for a journal mailbox, wrong for a mailbox somebody works with."
            ),
            "ca_pem": _("Only if the server's certificate is signed by an authority of your own."),
        }
        widgets = {
            "ca_pem": forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
            "user": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            "interval_minutes": forms.NumberInput(attrs={"min": 1, "max": 60}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        self.fields["server"].required = self.fields["user"].required = True
        self.fields["password"].required = not self.instance.password_set_at
        if self.instance.password_set_at:
            day = date_format(timezone.localtime(self.instance.password_set_at), "DATE_FORMAT")
            self.fields["password"].help_text = _("Set on %(day)s. Leave empty to keep it.") % {"day": day}
        mode = self.instance.evaluation
        self.initial["evaluation_mode"] = mode if mode in MODES else _CUSTOM
        self.initial["custom_header"] = mode.removeprefix("custom:") if mode not in MODES else ""
        self.initial["folders_text"] = "\n".join(self.instance.folders)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        mode = cleaned.get("evaluation_mode", "journal")
        if mode == _CUSTOM:
            mode = f"custom:{cleaned.get('custom_header', '').strip().rstrip(':')}"
        try:
            self.instance.evaluation = parse_mode(mode)
        except UserError:
            self.add_error("custom_header", _("Please give the name of a header field, such as X-Recipient."))
        lines = cleaned.get("folders_text", "").splitlines()
        self.instance.folders = [line.strip() for line in lines if line.strip()]
        return cleaned
