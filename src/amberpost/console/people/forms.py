"""The forms about people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.models import Role, User
from amberpost.console.fields import AddressesField


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
    """Name, role and addresses. An operator stays one: their account never leads to mail."""

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
