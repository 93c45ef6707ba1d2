"""The forms about archives."""

from django import forms
from django.utils.translation import gettext_lazy as _

from amberpost.console.fields import AddressesField
from amberpost.directory.models import ArchiveOrigin


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
