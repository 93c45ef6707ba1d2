"""End sessions of users at once and for good."""

from collections.abc import Iterable

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from amberpost.accounts.models import User
from amberpost.clock import now


def end_sessions(users: Iterable[User]) -> None:
    """Switching a user on again must not bring an old session back, so they are deleted."""
    ids = {str(user.pk) for user in users}
    if not ids:
        return
    for session in Session.objects.filter(expire_date__gt=now()):
        if session.get_decoded().get(SESSION_KEY) in ids:
            session.delete()


def signed_in_users() -> list[User]:
    """Who has a session that has not run out."""
    sessions = Session.objects.filter(expire_date__gt=now())
    ids = {session.get_decoded().get(SESSION_KEY) for session in sessions}
    return list(User.objects.filter(pk__in=[pk for pk in ids if pk is not None]))
