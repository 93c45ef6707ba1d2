"""The form that takes a message to be previewed. It is read in memory and kept nowhere."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from amberpost.errors import UserError
from amberpost.message.evaluate import parse_mode
from amberpost.reading.preview import CUSTOM_EXAMPLE
from amberpost.sources.models import Source, SourceProtocol

FILE_BYTES = 1024 * 1024
TOO_LARGE = _("This is too large for the preview: a file may have 1 MB, pasted text 200 KB.")
_CUSTOM = "custom:"


class PreviewForm(forms.Form):
    """A message, pasted or as a file, and the account it is to be seen for."""

    file = forms.FileField(
        label=_("Message as a file (.eml)"),
        required=False,
        help_text=_("Exact to the byte; up to 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".eml,.txt,message/rfc822"}),
    )
    text = forms.CharField(
        label=_("or its source, pasted"),
        required=False,
        strip=False,
        help_text=_(
            "The whole source with its header, as mail programs show it under “source” or “original”."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocapitalize": "none"}),
    )
    account = forms.ModelChoiceField(
        label=_("For the account"),
        required=False,
        queryset=Source.objects.none(),
        empty_label=_("no particular account"),
    )
    custom = forms.CharField(
        label=_("Name of the other header field"),
        required=False,
        max_length=70,
        help_text=_("Read by the sixth evaluation, if the account does not name one."),
        widget=forms.TextInput(attrs={"placeholder": CUSTOM_EXAMPLE, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Django's signature
        super().__init__(*args, **kwargs)
        accounts = Source.objects.exclude(protocol=SourceProtocol.FILE).order_by("name")
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]

    def clean_custom(self) -> str:
        name: str = self.cleaned_data["custom"].strip().rstrip(":") or CUSTOM_EXAMPLE
        try:
            return parse_mode(_CUSTOM + name).removeprefix(_CUSTOM)
        except UserError as error:
            raise ValidationError(
                _("Please give the name of a header field, such as X-Recipient.")
            ) from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and file.size > FILE_BYTES:
            self.add_error("file", str(TOO_LARGE))
        elif file is None and not cleaned.get("text", "").strip() and not self.errors:
            self.add_error("text", _("Please choose a file or paste a message."))
        account = cleaned.get("account")
        if account is not None and account.evaluation.startswith(_CUSTOM):
            cleaned["custom"] = account.evaluation.removeprefix(_CUSTOM)
        return cleaned

    @property
    def raw(self) -> bytes:
        """The message; what stands before a pasted header is left out."""
        file = self.cleaned_data["file"]
        if file is not None:
            return bytes(file.read())
        pasted: str = self.cleaned_data["text"]
        return pasted.lstrip().encode("utf-8", "replace")
