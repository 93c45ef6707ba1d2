"""Sign-in with a password, local or of the directory: lock-out with back-off, and the rules of a session.

A session begins with a new key, ends after an hour without use or twelve hours at most, and at once when its
user is disabled or gets another password.
"""

import hashlib
import unicodedata
from datetime import timedelta
from typing import cast

from django.contrib.auth import SESSION_KEY, authenticate, login, logout
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from amberpost.accounts.models import User
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import from_milliseconds, milliseconds, now
from amberpost.errors import is_disk_full
from amberpost.signin.directory_login import (
    WRONG_LOGIN,
    NotLetIn,
    SignInRefused,
    ask_directory,
    find_managed,
)
from amberpost.signin.models import SignInFailures
from amberpost.store.secret import OpenSetting

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=12)
LONGEST_PASSWORD = 128
_BEGUN = "begun_at"
_SEEN = "seen_at"
_LATE = "late_search"
_MOST_WORDS = 1025  # characters; one more than a search takes, which then says so
_TOUCH_EVERY = timedelta(minutes=1)

_FREE_TRIES = 5  # for one login from one address
_FREE_TRIES_OF_ADDRESS = 50  # for all logins from one address: many people may share it
_FIRST_LOCK = timedelta(seconds=30)
_LONGEST_LOCK = timedelta(hours=1)
_FORGET_AFTER = timedelta(hours=24)


class LongestPassword:
    """A validator: Argon2 is not made to read novels."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("At most %(limit)d characters.") % {"limit": LONGEST_PASSWORD}


class LocalUsers(BaseBackend):
    """Users of our own table, without those of a directory: no local password lets them in.

    A disabled user is nobody, also in the middle of a session.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: object,
    ) -> User | None:
        if not username or not password or len(password) > LONGEST_PASSWORD:
            return None
        user = User.objects.filter(login__iexact=username, is_managed=False).first()
        if user is None:
            make_password(password)  # takes as long as a check, so that logins cannot be guessed
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).select_related("private_archive").first()


def sign_in(
    request: HttpRequest, username: str, password: str, open_setting: OpenSetting | None = None
) -> User:
    """Begin a session for the person who knows the password; SignInRefused for all others.

    Without `open_setting`, which opens the directory's secrets, only local users can come in.
    """
    address = _address(request)
    keys = {_key(_who(username), address): _FREE_TRIES, _key("", address): _FREE_TRIES_OF_ADDRESS}
    _spend_try(keys, username)
    found: User | NotLetIn | None = authenticate(request, username=username, password=password)
    if found is None and open_setting is not None:
        found = ask_directory(username, password, open_setting)
    if not isinstance(found, User):
        code, cause = (found.code, found.cause) if found else (WRONG_LOGIN, "")
        refuse(request, username, cause)
        raise SignInRefused(code)
    SignInFailures.objects.filter(key__in=keys).delete()
    enter(request, found)
    return found


def enter(request: HttpRequest, user: User, **how: str) -> None:
    """Begin the session of a person who has shown who they are."""
    login(request, user)
    begin_session(request)
    record(user.login, Action.USER_SIGNED_IN, user.login, address=_address(request), **how)


def refuse(request: HttpRequest, who: str, cause: str) -> None:
    """Record that somebody did not get in."""
    why = {"cause": cause} if cause else {}
    record("", Action.USER_LOGIN_FAILED, who[:150], address=_address(request), **why)


def count_try(request: HttpRequest) -> None:
    """One more attempt from this network address, of whomever; SignInRefused if there were too many."""
    _spend_try({_key("", _address(request)): _FREE_TRIES_OF_ADDRESS}, "")


def forget_tries(request: HttpRequest) -> None:
    """Somebody came in from this address."""
    SignInFailures.objects.filter(key=_key("", _address(request))).delete()


def go_on_as(request: HttpRequest, user: User) -> None:
    """The same person under another row: after an import of users. Every session from before ends."""
    Session.objects.all().delete()
    request.session.flush()
    login(request, user)
    begin_session(request)


def begin_session(request: HttpRequest) -> None:
    """Note when the session began; Django's login() has just given it a new key."""
    request.session[_BEGUN] = request.session[_SEEN] = milliseconds(now())


def sign_out(request: HttpRequest) -> None:
    """End the session on the server, not only in the browser."""
    if isinstance(request.user, User):
        record(request.user.login, Action.USER_SIGNED_OUT, request.user.login)
    logout(request)


POLL = "Amberpost-Poll"


class SessionRules:
    """Ends a session that is too old, unused for too long, or whose user may no longer sign in."""

    def __init__(self, get_response):  # type: ignore[no-untyped-def]
        self._get_response = get_response
        self._unsaved: dict[str, int] = {}  # session -> when it was last used, while the disk is full

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            if not request.user.is_authenticated or self._is_over(request):
                words = _words_of_the_late(request)
                logout(request)
                if words:
                    request.session[_LATE] = words
            elif request.headers.get(POLL) != "yes":  # a page that looks for news by itself is not used
                self._touch(request)
        return cast(HttpResponse, self._get_response(request))

    def _is_over(self, request: HttpRequest) -> bool:
        unsaved = self._unsaved.get(request.session.session_key or "", 0)
        begun = from_milliseconds(request.session.get(_BEGUN, 0))
        seen = from_milliseconds(max(request.session.get(_SEEN, 0), unsaved))
        return now() - begun > LONGEST or now() - seen > IDLE

    def _touch(self, request: HttpRequest) -> None:
        session = request.session
        if now() - from_milliseconds(session[_SEEN]) <= _TOUCH_EVERY:
            return
        session[_SEEN] = milliseconds(now())
        key = session.session_key or ""
        try:
            session.save()
            self._unsaved.pop(key, None)
        except (DatabaseError, UpdateError) as error:
            if not is_disk_full(error):
                return  # the session's own middleware tries again, and says what it is
            self._unsaved[key] = session[_SEEN]  # whoever reads must not be sent away by a full disk
        session.modified = False


def late_search(request: HttpRequest) -> str:
    """What the person who has just signed in had searched for when their session was over; told once."""
    words = request.session.pop(_LATE, None) or {}
    return str(words.get("q", "")) if words.get("user") == request.user.pk else ""


def _words_of_the_late(request: HttpRequest) -> dict[str, object]:
    """Search words alone: a form may hold secrets. Nobody else gets them who signs in at this browser."""
    text = (
        request.POST.get("q", "").strip()
        if request.method == "POST" and request.user.is_authenticated
        else ""
    )
    return {"user": request.user.pk, "q": text[:_MOST_WORDS]} if text else {}


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _who(username: str) -> str:
    """The same for all names of one person, so that their other names are no further tries."""
    user = find_managed(username)
    if user is not None:
        return f"user {user.pk}"
    # What a directory may take for the same name: DOMAIN\name, name@domain, other case, accents, spaces
    account = username.rpartition("\\")[2].partition("@")[0]
    letters = unicodedata.normalize("NFKD", account).casefold()
    return "".join(c for c in letters if c.isalnum()) or username.lower()


def _key(username: str, address: str) -> str:
    return hashlib.sha256(f"{username}\0{address}".encode("utf-8", "replace")).hexdigest()


def _spend_try(keys: dict[str, int], username: str) -> None:
    """Count the attempt before it is made, so that many at once are no way around the lock."""
    with transaction.atomic():
        SignInFailures.objects.filter(last_at__lt=now() - _FORGET_AFTER).delete()
        for key, free in keys.items():
            row, _created = SignInFailures.objects.get_or_create(key=key)
            if row.locked_until is not None and row.locked_until > now():
                minutes = max(1, -int(-(row.locked_until - now()).total_seconds() // 60))
                if minutes == 1:
                    raise SignInRefused("sign_in_wait_a_minute")
                raise SignInRefused("sign_in_wait", minutes=minutes)
            lock = _lock_after(row.failures + 1, free)
            SignInFailures.objects.filter(pk=row.pk).update(
                failures=F("failures") + 1, last_at=now(), locked_until=now() + lock if lock else None
            )
            if lock:
                record("", Action.USER_LOCKED_OUT, username[:150], seconds=int(lock.total_seconds()))


def _lock_after(failures: int, free: int) -> timedelta | None:
    """Half a minute after the free tries, twice as long after each further one."""
    if failures < free:
        return None
    return min(_FIRST_LOCK * (1 << min(failures - free, 20)), _LONGEST_LOCK)
