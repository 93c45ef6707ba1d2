"""Sign-in at Microsoft for the people of Entra ID.

Promises: only a user who came from the directory, with the very object ID that Microsoft vouches for, and who
may sign in, gets a session; nobody is made by signing in. An attempt belongs to the browser that began it,
lasts ten minutes and works once.
"""

import logging
import secrets
from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest

from amberpost.accounts.models import User
from amberpost.directory.active import active_directory, secret_of
from amberpost.directory.entra.graph import graph_client
from amberpost.directory.entra.reader import SCHEME
from amberpost.directory.models import DirectoryKind
from amberpost.directory.readers import entra_settings
from amberpost.errors import NotFound
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.openid import Attempt, Fault, LoginServers, SignInFault, fault_of_answer, new_attempt
from amberpost.remark import Remark
from amberpost.signin.directory_login import SignInRefused
from amberpost.signin.login import count_try, enter, forget_tries, refuse
from amberpost.store.secret import OpenSetting

log = logging.getLogger(__name__)

LASTS_SECONDS = 600
_SALT = "amberpost.signin.openid"
_LOGINS = LoginServers()  # of this process


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Where the browser goes, and what it must bring back."""

    url: str
    ticket: str


_SAID = {
    Fault.DENIED: "microsoft_denied",
    Fault.CONSENT: "microsoft_consent",
    Fault.TENANT: "microsoft_tenant",
    Fault.CLOCK: "microsoft_clock",
    Fault.DOWN: "microsoft_down",
    Fault.SETTINGS: "microsoft_settings",
}


def offers_microsoft() -> bool:
    """True if people of this archive sign in at Microsoft."""
    directory = active_directory()
    settings = directory.settings
    return directory.kind == DirectoryKind.ENTRA and bool(
        settings.get("tenant_id") and settings.get("client_id")
    )


def depart(redirect_uri: str, next_page: str, open_setting: OpenSetting) -> Departure:
    """Begin an attempt; SignInRefused if Microsoft's login cannot be reached."""
    _require_entra()
    attempt = new_attempt()
    try:
        url = _LOGINS.authorization_url(_client(open_setting), attempt, redirect_uri)
    except SignInFault as fault:
        log.warning("sign-in at Microsoft not begun error=%s", fault)
        raise SignInRefused(what_to_say(fault)) from None
    kept = [attempt.state, attempt.nonce, attempt.verifier, next_page]
    return Departure(url=url, ticket=signing.dumps(kept, salt=_SALT))


def arrive(request: HttpRequest, ticket: str, redirect_uri: str, open_setting: OpenSetting) -> str:
    """Begin the session of the person who came back, and say where they wanted to go; SignInRefused for all others."""
    _require_entra()
    attempt, next_page = _attempt(request, ticket)
    count_try(request)
    try:
        if "error" in request.GET:
            raise fault_of_answer(request.GET["error"], request.GET.get("error_description", ""))
        client = _client(open_setting)
        who = _LOGINS.identity(client, attempt, request.GET.get("code", ""), redirect_uri)
    except SignInFault as fault:
        log.warning("sign-in at Microsoft failed error=%s", fault)
        raise SignInRefused(what_to_say(fault)) from None
    user = User.objects.filter(
        directory_key=f"{SCHEME}{who.object_id}", is_managed=True, is_active=True
    ).first()
    if user is None:
        refuse(request, who.name or who.object_id, "unknown_here")
        raise SignInRefused("microsoft_unknown_here", name=who.name or who.object_id)
    forget_tries(request)
    enter(request, user, by="microsoft")
    return next_page


def what_to_say(fault: SignInFault) -> Remark:
    """What the person reads."""
    if fault.fault in _SAID:
        return Remark(_SAID[fault.fault])
    return Remark("microsoft_untrusted", {"code": fault.reply or fault.remark.code})


def _require_entra() -> None:
    if not offers_microsoft():
        raise NotFound("microsoft_sign_in_absent")


def _client(open_setting: OpenSetting) -> OAuthClient:
    directory = active_directory()
    return graph_client(entra_settings(directory, lambda name: secret_of(directory, name, open_setting)))


def _attempt(request: HttpRequest, ticket: str) -> tuple[Attempt, str]:
    """What this browser began, if the answer is to that."""
    try:
        state, nonce, verifier, next_page = signing.loads(ticket, salt=_SALT, max_age=LASTS_SECONDS)
    except (signing.BadSignature, ValueError):
        state = ""
    answered = request.GET.get("state", "")
    if not state or not secrets.compare_digest(state.encode(), answered.encode("utf-8", "replace")):
        raise SignInRefused("microsoft_sign_in_stale")
    return Attempt(state=state, nonce=nonce, verifier=verifier), next_page
