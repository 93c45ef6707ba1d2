"""Trying out the connection to Microsoft Entra ID step by step, for the operator who sets it up.

Promises to stop where going on makes no sense, and to say what to do. Changes nothing, here or there.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from amberpost.directory.entra.graph import GraphSession
from amberpost.directory.entra.reader import GROUPS, MAILBOXES, USERS, read_whole
from amberpost.directory.settings import EntraSettings
from amberpost.directory.steps import DirectoryStep, found_steps, timed
from amberpost.errors import DirectoryError
from amberpost.oauth.hints import looks_like_secret_id, token_roles
from amberpost.store.secret import Secret

# Wider permissions do as well
_ENOUGH = {
    USERS: {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    GROUPS: {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    MAILBOXES: {"MailboxSettings.Read", "MailboxSettings.ReadWrite"},
}


def test_entra(settings: EntraSettings) -> Iterator[DirectoryStep]:
    """The steps, each as soon as it is done; one of them is not ok if the connection cannot be used."""
    tokens: list[Secret] = []

    def sign_in() -> str:
        with GraphSession(settings) as session:
            tokens.append(session.token())
        if looks_like_secret_id(settings.client_secret):
            return _("The secret looks like a Secret ID, and yet it works")
        return settings.client_id

    yield timed(_("Sign-in of the app"), sign_in)
    if not tokens:
        return
    yield timed(_("Permissions"), lambda: _permissions_text(tokens[0]))
    with GraphSession(settings) as session:
        yield from found_steps(
            lambda: read_whole(session, settings), hint=_("Nothing; check the tenant and the permissions")
        )


def _permissions_text(token: Secret) -> str:
    """A guess out of the token; what Graph really allows, the next step shows."""
    facts = token_roles(token)
    if facts is None:
        return _("The token does not tell them")
    missing = [name for name, enough in _ENOUGH.items() if enough.isdisjoint(facts.roles)]
    if missing:
        raise DirectoryError("graph_consent_missing", subject=", ".join(missing))
    return ", ".join(sorted(facts.roles))
