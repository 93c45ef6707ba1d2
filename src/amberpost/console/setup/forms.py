"""The forms of the set-up assistant's own pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.choices import language_choices, zone_choices
from amberpost.accounts.first_users import NewUser, read_people
from amberpost.accounts.models import Installation
from amberpost.console.notices.forms import NoticeForm
from amberpost.errors import UserError
from amberpost.governance.configuration import LARGEST_BYTES, SHORTEST_PASSPHRASE
from amberpost.sources.domains import shown_domain, valid_domain
from amberpost.spoken import in_words

_LINES = {"rows": 5, "spellcheck": "false", "autocapitalize": "none"}
_FIRST = {"addresses", "relay", "security", "user", "password", "sender", "ca_pem", "language"}
_SECRET = {"autocomplete": "off"}
_CSV_BYTES = 2**20
_ZONES = {"de": "Europe/Berlin", "fr": "Europe/Paris"}  # proposals; nothing is known of the place


class ImportForm(forms.Form):
    """A configuration another archive has written."""

    file = forms.FileField(
        label=_("Configuration file"),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    passphrase = forms.CharField(
        label=_("Passphrase"),
        required=False,
        strip=False,
        max_length=1024,
        help_text=_("The one it was exported with."),
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    without_secrets = forms.BooleanField(
        label=_("Import without passwords and secrets"),
        required=False,
        help_text=_("They must be set again then, one by one."),
    )

    def data_of(self) -> bytes:
        upload = self.cleaned_data["file"]
        if upload.size > LARGEST_BYTES:
            return b""
        return bytes(upload.read())


class ExportForm(forms.Form):
    """The passphrase for the secrets, or none."""

    passphrase = forms.CharField(
        label=_("Passphrase"),
        required=False,
        strip=False,
        max_length=1024,
        help_text=_("At least 12 characters. Left empty, passwords and secrets are left out."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Repeat"),
        required=False,
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        passphrase = cleaned.get("passphrase", "")
        if passphrase != cleaned.get("again", ""):
            self.add_error("again", _("The two entries differ."))
        elif passphrase and len(passphrase) < SHORTEST_PASSPHRASE:
            self.add_error("passphrase", _("At least 12 characters."))
        return cleaned


class InstallationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, language and time zone of this archive."""

    class Meta:
        model = Installation
        fields = ("name", "language", "time_zone")
        labels = {"name": _("Name of the archive or company")}
        help_texts = {"name": _("Shown at the top of every page and in its title.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        spoken = (get_language() or "en")[:2]
        self.fields["name"].widget.attrs["autocomplete"] = "organization"
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            choices=language_choices(),
            help_text=_("Of people who chose none, and of the sign-in page if the browser asks for none."),
        )
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            choices=[("UTC", "UTC"), *zone_choices()],
            help_text=_("Of people who chose none."),
        )
        if not self.instance.time_zone:
            self.fields["time_zone"].widget.attrs["data-browser-zone"] = ""
        self.initial["language"] = self.instance.language or spoken
        self.initial["time_zone"] = self.instance.time_zone or _ZONES.get(spoken, "UTC")


class StorageForm(forms.Form):
    """The operator says that the key can be had again."""

    has_copy = forms.BooleanField(
        label=_("I have a copy of the key file elsewhere, not on this machine"),
        error_messages={
            "required": _("Please make a copy first. Without it nobody can ever read the mail again.")
        },
    )


class PeopleForm(forms.Form):
    """Users by hand, or as a file; not both need to be given."""

    people = forms.CharField(
        label=_("Users"),
        required=False,
        widget=forms.Textarea(
            attrs={**_LINES, "placeholder": "Anna Berg <anna.berg@firma.example>, info@firma.example"}
        ),
        help_text=_(
            "One per line: Name <address>, further addresses. The login is the part of the first address "
            "before the @. One-time passwords are shown on the next page."
        ),
    )
    csv = forms.FileField(
        label=_("Upload a CSV file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        help_text=_(
            "As Excel saves it. With a heading, the columns may stand in any order; without one they are: login, "
            "password, first name, last name, address, further addresses."
        ),
    )

    def clean_people(self) -> list[NewUser]:
        try:
            return read_people(self.cleaned_data["people"])
        except UserError as error:
            raise ValidationError(in_words(error)) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("people") and cleaned.get("csv") is None:
            self.add_error("people", _("Please give at least one user, or skip this step."))
        upload = cleaned.get("csv")
        if upload is not None and upload.size > _CSV_BYTES:
            self.add_error("csv", _("This file is too large; use the command: amberpost user import"))
        return cleaned


class DomainsForm(forms.Form):
    """The own mail domains, one a line."""

    domains = forms.CharField(
        label=_("Own mail domains"),
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        help_text=_(
            "One per line. They tell what is incoming, outgoing and internal. They never decide whether "
            "mail is kept."
        ),
    )

    def clean_domains(self) -> list[str]:
        words = str(self.cleaned_data["domains"]).replace(",", " ").replace(";", " ").split()
        try:
            return list(dict.fromkeys(valid_domain(word) for word in words))
        except UserError as error:
            raise ValidationError(in_words(error)) from error

    @classmethod
    def shown(cls, names: list[str]) -> str:
        return "\n".join(shown_domain(name) for name in names)


class FirstNoticeForm(NoticeForm):
    """Whom to tell by e-mail; the rest of the notifications has good defaults and its own page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - _FIRST:
            del self.fields[name]
        self.order_fields(
            ["addresses", "relay", "security", "user", "password", "sender", "ca_pem", "language"]
        )
        if not self.instance.relay:
            self.initial["language"] = (get_language() or "en")[:2]
        for name in ("addresses", "relay"):
            self.fields[name].required = True
