"""The forms of the operators' pages."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.models import Role, User
from amberpost.directory.archives.local import valid_address
from amberpost.directory.models import ArchiveOrigin
from amberpost.errors import UserError
from amberpost.spoken import in_words


class AddressesField(forms.CharField):
    """One mail address a line; cleaned to a list."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: Any) -> list[str]:  # noqa: ANN401  Django's signature
        parts = re.split(
            r"[,;\t\r\n]+", str(super().clean(value))
        )  # as they come from a sheet or a mail program
        try:
            return list(dict.fromkeys(valid_address(part) for part in parts if part.strip()))
        except UserError as error:
            raise ValidationError(in_words(error)) from error


def _addresses() -> AddressesField:
    return AddressesField(
        label=_("E-mail addresses"),
        required=False,
        help_text=_(
            "One per line. Mail from and to these addresses goes into the private archive of this user. "
            "Mail already kept that matches a new address is assigned as well. Mail that came while an "
            "address was theirs stays theirs."
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
        help_text=_("An operator runs the system and reads no mail; they have no archive."),
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


class AddArchiveForm(forms.Form):
    """A public archive with the local list."""

    name = forms.CharField(label=_("Name"), max_length=200)
    origin = forms.ChoiceField(
        label=_("Stands for"),
        choices=[choice for choice in ArchiveOrigin.choices if choice[0] != ArchiveOrigin.PERSON],
        initial=ArchiveOrigin.SHARED,
    )
    addresses = AddressesField(
        label=_("E-mail addresses"),
        help_text=_(
            "One per line. Mail to these addresses goes into this archive; nobody reads it until you "
            "release it."
        ),
    )


class PlusAddressesForm(forms.Form):
    is_on = forms.BooleanField(label=_("Treat name+anything@ as name@"), required=False)


class SeatsForm(forms.Form):
    limit = forms.IntegerField(label=_("Seats"), min_value=0, max_value=10_000_000, required=False)
