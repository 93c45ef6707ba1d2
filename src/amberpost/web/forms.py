"""The forms of the readers' pages."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amberpost.accounts.choices import language_choices, zone_choices
from amberpost.accounts.installation import current_installation
from amberpost.accounts.models import User


class SignInForm(forms.Form):
    login = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPassword(forms.Form):
    """Two fields for a new password, checked against the rules."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=1024,
        help_text=_("At least 12 characters. A sentence of several words is easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Repeat"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two entries differ."))
        if password:
            try:
                validate_password(password, self.person())
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned

    def person(self) -> User | None:
        """Whose password it will be: it should not be like their name."""
        return None


class SetUpForm(NewPassword):
    """The first operator."""

    login = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("login", "name", "password", "again")

    def person(self) -> User:
        return User(login=self.cleaned_data.get("login", ""), name=self.cleaned_data.get("name", ""))


class ChangePasswordForm(NewPassword):
    """A user's own password; they must know the present one."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ("present", "password", "again")

    def __init__(self, user: User, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self._user = user

    def clean_present(self) -> str:
        present = str(self.cleaned_data["present"])
        if not self._user.check_password(present):
            raise ValidationError(_("This is not your present password."))
        return present

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if cleaned.get("password") and cleaned.get("password") == cleaned.get("present"):
            self.add_error("password", _("The new password must differ from the present one."))
        return cleaned

    def person(self) -> User:
        return self._user


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a user decides for themselves."""

    class Meta:
        model = User
        fields = ("name", "language", "time_zone", "theme")
        labels = {"name": _("Name"), "theme": _("Appearance")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        archive = current_installation()
        languages = language_choices()
        nothing = dict(languages).get(archive.language)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _as_the_archive(nothing) if nothing else _("as the browser")), *languages],
        )
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            required=False,
            help_text=_("All dates and times are shown in it."),
            choices=[
                ("", _as_the_archive(archive.time_zone) if archive.time_zone else "UTC"),
                *zone_choices(),
            ],
        )


def _as_the_archive(what: str) -> str:
    return gettext("as the archive (%(what)s)") % {"what": what.replace("_", " ")}
