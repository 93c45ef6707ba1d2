"""The first operator: made through a one-time link, never by a default password."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from amberpost.accounts.models import Role, User
from amberpost.accounts.people import add_user
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.errors import NotFound
from amberpost.signin.models import SetupLink

VALID_FOR = timedelta(hours=24)


def needs_operator() -> bool:
    """True as long as nobody can run the system from the console."""
    operators = User.objects.filter(role=Role.OPERATOR, is_active=True)
    return not any(operator.is_managed or operator.has_usable_password() for operator in operators)


def make_setup_link() -> str:
    """The token of a new one-time link, for /setup/<token>/; only its hash is kept. Older links end."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        SetupLink.objects.filter(used_at=None).delete()
        SetupLink.objects.create(token_sha256=_hash(token), expires_at=now() + VALID_FOR)
    return token


def is_open(token: str) -> bool:
    """True if this link can still be used."""
    return SetupLink.objects.filter(token_sha256=_hash(token), used_at=None, expires_at__gt=now()).exists()


def set_up_operator(token: str, *, login: str, name: str, password: str) -> User:
    """Use the link up and make the operator; NotFound if the link is used, over or never was."""
    with transaction.atomic():
        link = SetupLink.objects.filter(token_sha256=_hash(token), used_at=None, expires_at__gt=now())
        if not link.update(used_at=now()):
            raise NotFound("link_used")
        user, _one_time = add_user(login, name=name, role=Role.OPERATOR, password=password, by="setup")
        record(login, Action.OPERATOR_SET_UP, login)
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
