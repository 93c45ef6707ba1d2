"""A field of several forms."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from amberpost.directory.archives.local import valid_address
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
