"""What an operator tells a guide so that its commands are ready to copy. Never a secret."""

import re
from collections.abc import Mapping

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from amberpost.directory.archives.local import valid_address
from amberpost.errors import UserError
from amberpost.spoken import in_words

RULE_NAME = "Amberpost"
RULE_NAME_LIMIT = 64  # of Exchange
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TENANT = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class GuideForm(forms.Form):
    """Fields that are left empty show as placeholders in the commands."""

    def values(self) -> dict[str, str]:
        return {name: str(self.cleaned_data[name]) for name in self.fields}


def _address(label: object, help_text: object = "") -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "inputmode": "email"})
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
        required=False,
        max_length=320,
        widget=widget,
        validators=[_check_address],
    )


def _check_address(text: str) -> None:
    try:
        valid_address(text)
    except UserError as error:
        raise ValidationError(in_words(error)) from error


def _check_guid(text: str) -> None:
    if not _GUID.fullmatch(text):
        raise ValidationError(_("This is not an ID such as 01234567-89ab-cdef-0123-456789abcdef."))


def _check_tenant(text: str) -> None:
    if not (_GUID.fullmatch(text) or _TENANT.fullmatch(text)):
        raise ValidationError(_("Please give the ID or a domain of the tenant."))


def _id(label: object, help_text: object) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
        required=False,
        max_length=36,
        widget=widget,
        validators=[_check_guid],
    )


def _rule_name() -> forms.CharField:
    return forms.CharField(
        label=_("Name of the journal rule"),
        max_length=RULE_NAME_LIMIT,
        initial=RULE_NAME,
        help_text=_("At most 64 characters."),
    )


class MicrosoftForm(GuideForm):
    journal_address = _address(
        _("Journal address"), _("Where the journal reports go. Its domain must not be in this tenant.")
    )
    undeliverable_address = _address(
        _("Address for undeliverable journal reports"), _("A mailbox of its own; see step 2.")
    )
    rule_name = _rule_name()
    mailbox = _address(
        _("Mailbox that is collected with OAuth 2"),
        _("Only if the mailbox Amberpost empties is in Exchange Online."),
    )
    tenant = forms.CharField(
        label=_("Tenant ID"),
        required=False,
        max_length=260,
        validators=[_check_tenant],
        help_text=_("Entra admin center, Overview."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    app_id = _id(_("Application ID"), _("Also called client ID."))
    object_id = _id(_("Object ID"), _("From Enterprise applications, not from App registrations."))


class ExchangeForm(GuideForm):
    journal_address = _address(_("Address of the journal mailbox"))
    undeliverable_address = _address(_("Address for undeliverable journal reports"))
    database = forms.CharField(
        label=_("Mailbox database"), required=False, max_length=64, help_text=_("For standard journaling.")
    )
    rule_name = _rule_name()
    server = forms.CharField(
        label=_("Name of the server"),
        required=False,
        max_length=253,
        help_text=_("The name in its certificate, such as mail.example.com."),
    )


class PostfixForm(GuideForm):
    journal_address = _address(_("Address of the journal mailbox"))


class GoogleForm(GuideForm):
    journal_address = _address(_("Address of the journal mailbox"), _("Outside Google Workspace."))


def form_values(form: GuideForm, kept: Mapping[str, str]) -> dict[str, str]:
    """What was kept of this form's fields, with the form's own proposals for the rest."""
    return {name: kept.get(name) or str(field.initial or "") for name, field in form.fields.items()}
