"""Whether the directory lets a person in, and what they are told if not.

Promises: the directory's answer must be the key of the very user who gets in; nothing tells a stranger which
logins exist: every login takes the same way, also when the directory is down. What the directory says about
an account is passed on only where it has checked the password before.
"""

import logging
import secrets
from dataclasses import dataclass, replace

from amberpost.accounts.models import User
from amberpost.directory.active import active_directory, secret_of
from amberpost.directory.ldap.reader import bind_as
from amberpost.directory.ldap.session import Refusal
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.directory.readers import ldap_settings
from amberpost.errors import DirectoryError, UserError
from amberpost.store.secret import OpenSetting, Secret

log = logging.getLogger(__name__)

LDAP_KINDS = frozenset({DirectoryKind.AD, DirectoryKind.LDAP})

# Somebody waits at the sign-in page: shorter than for reading
_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 15.0

_PASSWORD_WAS_RIGHT = {
    Refusal.PASSWORD_EXPIRED: "sign_in_password_expired",
    Refusal.MUST_CHANGE_PASSWORD: "sign_in_password_must_change",
    Refusal.DISABLED: "sign_in_disabled",
    Refusal.ACCOUNT_EXPIRED: "sign_in_account_expired",
    Refusal.NOT_NOW: "sign_in_not_now",
}
WRONG_LOGIN = "sign_in_wrong"  # what everybody is told who may not know more
# A domain controller tells these only to who knows the password; for a locked account (775) it does not ask.
# Other servers: only what the password policy adds to an answer whose password was right.
_TOLD = {
    DirectoryKind.AD: frozenset(_PASSWORD_WAS_RIGHT),
    DirectoryKind.LDAP: frozenset({Refusal.PASSWORD_EXPIRED, Refusal.MUST_CHANGE_PASSWORD}),
}


class SignInRefused(UserError):
    """Wrong, disabled or locked: the person is told which only if it helps no stranger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLetIn:
    """What to tell the person, and what to record for the operator."""

    code: str
    cause: str


def ask_directory(username: str, password: str, open_setting: OpenSetting) -> User | NotLetIn | None:
    """The user whom the active directory knows by this login and password; None if no directory is asked."""
    directory = active_directory()
    if directory.kind not in LDAP_KINDS:
        return None
    if User.objects.filter(login__iexact=username, is_managed=False).exists():
        # No word of a local user leaves, but they take as long as others.
        username, password = secrets.token_hex(8), secrets.token_hex(16)
    try:
        key, refusal = _bind(directory, username, password, open_setting)
    except DirectoryError as error:
        log.warning("directory does not answer at sign-in error=%s", error)
        return NotLetIn(code="sign_in_directory_down", cause="directory_down")
    if key is None:
        refusal = refusal or Refusal.WRONG
        is_told = refusal in _TOLD[DirectoryKind(directory.kind)]
        return NotLetIn(code=_PASSWORD_WAS_RIGHT[refusal] if is_told else WRONG_LOGIN, cause=refusal.value)
    user = _holder_of(key, username)
    if user is None:
        return NotLetIn(code="sign_in_unknown_here", cause="unknown_here")
    return user


def find_managed(username: str) -> User | None:
    """The person of a directory who may sign in under this name, whatever its case."""
    people = User.objects.filter(is_managed=True)
    name = username.strip().lower()
    found = people.filter(login__iexact=name).first()
    if found is None and name and "\n" not in name:
        several = list(people.filter(further_logins__contains=f"\n{name}\n")[:2])
        found = several[0] if len(several) == 1 else None
    return found


def _bind(
    directory: Directory, username: str, password: str, open_setting: OpenSetting
) -> tuple[str | None, Refusal | None]:
    settings = ldap_settings(directory, lambda field: secret_of(directory, field, open_setting))
    patient = replace(settings, connect_seconds=_CONNECT_SECONDS, answer_seconds=_ANSWER_SECONDS)
    answer = bind_as(patient, username, Secret(password.encode("utf-8", "replace")))
    return answer.key, answer.refusal


def _holder_of(key: str, username: str) -> User | None:
    """Our user with the key of the answer. Nobody gets in by a name that is another's here."""
    user = User.objects.filter(directory_key=key, is_managed=True, is_active=True).first()
    named = find_managed(username)
    return None if named is not None and named != user else user
