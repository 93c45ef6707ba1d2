"""The form of the directory: all its fields, of which a kind shows its own.

Secrets are write-only: an empty one leaves what is set. Nothing is saved here; store_settings() does that
with `directory` and `secrets`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amberpost.console.field_groups import FieldRow, Group
from amberpost.console.warnings import FieldWarning
from amberpost.directory.active import get_directory
from amberpost.directory.configure import FIELDS, SECRETS, SHORTEST_INTERVAL, valid_filter, valid_hosts
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.errors import UserError
from amberpost.net.certificates import valid_authority
from amberpost.spoken import in_words

AUTHORITY_BYTES = 64 * 1024
_READ_RULES = ("interval_minutes", "guard_percent", "guard_count")
RULES: Mapping[str, tuple[str, ...]] = {
    DirectoryKind.LOCAL: ("has_public_archives", "is_manual"),
    DirectoryKind.AD: (
        "has_rooms", "releases_to_delegates", "releases_to_members", "is_manual", *_READ_RULES,
    ),
    DirectoryKind.LDAP: ("releases_to_members", "is_manual", *_READ_RULES),
    DirectoryKind.ENTRA: ("has_rooms", "releases_to_members", "is_manual", *_READ_RULES),
}  # fmt: skip
_LISTS = ("hosts", "mail_attributes")
_PLAIN_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
_LINES = {"rows": 2, "spellcheck": "false", "autocapitalize": "none"}
_SECRET = {"autocomplete": "new-password", "hx-preserve": "true"}
# The kind brings its fields: the part is rendered anew from what was typed, secrets stay in the browser
_RENDER_AGAIN = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-target": "#directory-fields",
    "hx-select": "#directory-fields",
    "hx-swap": "outerHTML",
    "hx-vals": '{"show": "fields"}',
    "hx-params": "not password,client_secret,ca_file",
}


def _text(label: Any, help_text: Any = "", **options: Any) -> forms.CharField:  # noqa: ANN401  lazy texts
    widget = options.pop("widget", None) or forms.TextInput(attrs=_PLAIN_TEXT)
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=2000, widget=widget, **options
    )


class DirectoryForm(forms.Form):
    """One kind of directory and our rules for it."""

    kind = forms.ChoiceField(
        label=_("Users come from"), choices=DirectoryKind.choices, widget=forms.Select(attrs=_RENDER_AGAIN)
    )
    hosts = _text(
        _("Servers"),
        _("One per line, tried in this order; with a port only if it is not the usual one: dc1.example.com"),
        widget=forms.Textarea(attrs=_LINES),
    )
    security = forms.ChoiceField(
        label=_("Connection security"),
        required=False,
        choices=[("starttls", "STARTTLS"), ("ssl", "SSL/TLS"), ("none", _("none"))],
        help_text=_(
            "STARTTLS uses port 389, SSL/TLS port 636. The certificate of the server is always checked."
        ),
    )
    domain = _text(_("Domain"), _("Such as example.com"))
    netbios = _text(_("NetBIOS name"), _("The short name of the domain, such as COMPANY"))
    user = _text(_("User"), _("An account that may only read. It needs no rights of an administrator."))
    password = _text(_("Password"), strip=False, widget=forms.PasswordInput(attrs=_SECRET))
    base_dn = _text(_("Base DN"))
    user_container = _text(_("User container"), _("Where the people are, such as ou=People"))
    user_filter = _text(_("User filter"), _("Empty: (objectClass=inetOrgPerson)"))
    user_attribute = _text(_("User attribute"), _("What people sign in with. Empty: uid"))
    mail_attributes = _text(
        _("Mail attributes"), _("One per line. Empty: mail"), widget=forms.Textarea(attrs=_LINES)
    )
    tenant_id = _text(_("Tenant ID"), _("Directory (tenant) ID from the overview of Microsoft Entra."))
    client_id = _text(_("Client ID"), _("Application (client) ID of the app, not the Object ID."))
    client_secret = _text(
        _("Client secret"),
        _("The Value of the secret, not its Secret ID. Microsoft shows it only once."),
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    authority = _text(
        _("Sign-in server (authority)"),
        _("Only for national clouds. Empty: https://login.microsoftonline.com"),
    )
    graph = _text(_("Microsoft Graph"), _("Only for national clouds. Empty: https://graph.microsoft.com"))
    ca_pem = _text(
        _("Own root certificate (PEM)"),
        _("Only if the server's certificate is signed by an authority of your own."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    ca_file = forms.FileField(
        label=_("Upload it as a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pem,.crt,.cer"}),
    )
    has_public_archives = forms.BooleanField(
        label=_("Public archives with the local list"),
        required=False,
        help_text=_(
            "Usually the local list has private archives only, one for each user. If ticked, you may also make "
            "archives for shared mailboxes and lists by hand and release them to users."
        ),
    )
    has_rooms = forms.BooleanField(label=_("Public archives for rooms and equipment"), required=False)
    releases_to_delegates = forms.BooleanField(
        label=_("Release shared mailboxes to their delegates"),
        required=False,
        help_text=_("Whoever may send for a shared mailbox, or has full access to it, may read its archive."),
    )
    releases_to_members = forms.BooleanField(
        label=_("Release archives of groups to their members"), required=False
    )
    is_manual = forms.BooleanField(
        label=_("Manual selection"),
        required=False,
        help_text=_("New accounts archive nothing until you select them under Archives."),
    )
    interval_minutes = forms.IntegerField(
        label=_("Read every (minutes)"), min_value=SHORTEST_INTERVAL, max_value=7 * 24 * 60
    )
    guard_percent = forms.IntegerField(
        label=_("Stop and ask if more than this share would leave (%)"),
        min_value=0,
        max_value=100,
        help_text=_("A directory that suddenly knows far fewer people has often only answered badly."),
    )
    guard_count = forms.IntegerField(label=_("and at least this many"), min_value=1, max_value=1_000_000)
    fields_for = forms.CharField(required=False, widget=forms.HiddenInput)  # the kind the page showed

    def __init__(self, directory: Directory, data: Any = None, files: Any = None, **options: Any) -> None:  # noqa: ANN401  Django's signature
        self.directory = directory
        given = options.pop("initial", {})
        super().__init__(
            data,
            files,
            initial={**_stored(directory), **given, "kind": directory.kind, "fields_for": directory.kind},
            **options,
        )
        self._keep_fields()
        self._say_what_is_set()

    @classmethod
    def retyped(cls, post: Mapping[str, str]) -> "DirectoryForm":
        """With what was typed, not judged yet; a kind that was set up before shows what was set up."""
        kind, shown = chosen_kind(post), post.get("fields_for", "")
        directory = get_directory(kind)
        if directory.pk is not None and shown != kind:
            return cls(directory)
        names = set(cls.base_fields) - {"kind", "fields_for", "ca_file", *SECRETS.values()}
        typed: dict[str, Any] = {name: post[name] for name in names if name in post}
        for name in RULES.get(shown, ()):
            if isinstance(cls.base_fields[name], forms.BooleanField):
                typed[name] = name in post
        return cls(directory, initial=typed)

    @property
    def secrets(self) -> dict[str, str]:
        """What was typed."""
        name = SECRETS.get(self.directory.kind)
        return {name: self.cleaned_data.get(name) or ""} if name else {}

    def groups(self) -> list[Group]:
        """The fields in the order of the page."""
        found = [
            self._group(gettext("Directory"), "kind"),
            self._group(gettext("Server"), "hosts", "security", "domain", "netbios"),
            self._group(
                gettext("Account for reading"), "user", "password", "tenant_id", "client_id", "client_secret"
            ),
            self._group(
                gettext("Where the people are"),
                "base_dn", "user_container", "user_filter", "user_attribute", "mail_attributes",
            ),
            self._group(gettext("Advanced: national clouds"), "authority", "graph", folds=True),
            self._group(gettext("Certificate of the server"), "ca_pem", "ca_file", folds=True),
            self._group(
                gettext("What becomes an archive, and who may read it"),
                "has_public_archives", "has_rooms", "releases_to_delegates", "releases_to_members", "is_manual",
            ),
            self._group(gettext("Schedule and safety"), "interval_minutes", "guard_percent", "guard_count"),
        ]  # fmt: skip
        return [group for group in found if group.rows]

    # Checking

    def clean_hosts(self) -> list[str]:
        return _judged(valid_hosts, self.cleaned_data["hosts"].replace(",", "\n").splitlines())  # type: ignore[no-any-return]

    def clean_user_filter(self) -> str:
        return str(_judged(valid_filter, self.cleaned_data["user_filter"]))

    def clean_mail_attributes(self) -> list[str]:
        lines = self.cleaned_data["mail_attributes"].replace(",", "\n").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._clean_authority(cleaned)
        kept = {name: cleaned.get(name) for name in FIELDS[self.directory.kind]}
        self.directory.settings = {**self.directory.settings, **kept}
        for name in RULES[self.directory.kind]:
            if cleaned.get(name) is not None:
                setattr(self.directory, name, cleaned[name])
        return cleaned

    def _clean_authority(self, cleaned: dict[str, Any]) -> None:
        """An uploaded root certificate stands in for a pasted one."""
        upload, name = cleaned.get("ca_file"), "ca_pem"
        pem = cleaned.get("ca_pem") or ""
        if upload is not None:
            name, pem = "ca_file", upload.read(AUTHORITY_BYTES).decode("utf-8", "replace")
        if pem.strip():
            try:
                cleaned["ca_pem"] = valid_authority(pem)
            except UserError as error:
                self.add_error(name, in_words(error))

    # How it looks

    def _keep_fields(self) -> None:
        kind = self.directory.kind
        kept = {"kind", "fields_for", *FIELDS[kind], *RULES[kind], SECRETS.get(kind, "")}
        if "ca_pem" in kept:
            kept.add("ca_file")
        for name in set(self.fields) - kept:
            del self.fields[name]
        if kind == DirectoryKind.AD:
            self.fields["base_dn"].help_text = gettext("Empty: the whole domain.")
        for name in (
            "hosts",
            "user",
            "tenant_id",
            "client_id",
            *(["base_dn"] if kind == DirectoryKind.LDAP else []),
        ):
            if name in self.fields:
                self.fields[name].required = True

    def _say_what_is_set(self) -> None:
        name = SECRETS.get(self.directory.kind)
        if name is None:
            return
        is_set = name in self.directory.sealed_secrets
        self.fields[name].required = not is_set
        if is_set:
            self.fields[name].help_text = gettext("Set. Leave empty to keep it.")

    def _group(self, title: str, *names: str, folds: bool = False) -> Group:
        rows = [self._row(name) for name in names if name in self.fields]
        is_used = any(row.field.errors or row.field.value() for row in rows)
        return Group(title=title, rows=tuple(rows), is_folded=folds and not is_used)

    def _row(self, name: str) -> FieldRow:
        return FieldRow(field=self[name], warnings=tuple(self._warnings(name)))

    def _warnings(self, name: str) -> Iterator[FieldWarning]:
        match name:
            case "security":
                yield FieldWarning(watch="none", text=gettext(
                    "Passwords travel in clear text, and nobody can sign in with the directory."
                ))  # fmt: skip
            case "releases_to_members":
                yield FieldWarning(watch="checked", text=gettext(
                    "Members of today may then read all mail of the group, also that from before they joined."
                ))  # fmt: skip
            case "is_manual":
                yield FieldWarning(watch="checked", text=gettext(
                    "Mail of accounts that are not selected is not archived for them. Leaving one out can break "
                    "the duty to keep its mail."
                ))  # fmt: skip


def chosen_kind(post: Mapping[str, str]) -> str:
    """The kind in a form that was sent, if there is such a kind."""
    kind = post.get("kind", "")
    return kind if kind in DirectoryKind.values else DirectoryKind.LOCAL.value


def _stored(directory: Directory) -> dict[str, Any]:
    """What is set, as the fields show it."""
    values: dict[str, Any] = {"security": "starttls", **directory.settings}
    for name in _LISTS:
        values[name] = "\n".join(values.get(name) or ())
    rules = {name: getattr(directory, name) for names in RULES.values() for name in names}
    return {**values, **rules}


def _judged(check: Callable[[Any], Any], value: object) -> Any:  # noqa: ANN401  Django's forms know no types
    try:
        return check(value)
    except UserError as error:
        raise ValidationError(in_words(error)) from error
