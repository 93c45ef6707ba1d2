"""Searches people made: kept here so that their words stand in no address, history or log of a server."""

import secrets
from collections import OrderedDict
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import DatabaseError, models

from amberpost.accounts.models import User
from amberpost.clock import now
from amberpost.errors import is_disk_full

KEPT_FOR = timedelta(days=30)
KEPT_PER_USER = 200


def _random_id() -> str:
    return secrets.token_urlsafe(16)


class SavedSearch(models.Model):
    """What stands behind /search/<id>/; only its owner can use it."""

    id = models.CharField(primary_key=True, max_length=32, default=_random_id)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "created_at"], name="search_by_user")]


_unsaved: OrderedDict[str, SavedSearch] = OrderedDict()  # while the disk is full, for this process
_UNSAVED_MOST = 1000


def find_search(user: User, search_id: str) -> SavedSearch | None:
    """A kept search of this user."""
    unsaved = _unsaved.get(search_id)
    if unsaved is not None and unsaved.user == user:
        return unsaved
    return SavedSearch.objects.filter(pk=search_id, user=user).first()


def save_search(user: User, text: str) -> SavedSearch:
    """Keep a search; the same words again are the same search. Old ones are forgotten."""
    own = SavedSearch.objects.filter(user=user)
    try:
        own.filter(created_at__lt=now() - KEPT_FOR).delete()
        search = own.filter(text=text).first() or SavedSearch(user=user, text=text)
        search.created_at = now()
        search.save()
        kept = own.order_by("-created_at").values_list("pk", flat=True)[:KEPT_PER_USER]
        own.exclude(pk__in=list(kept)).delete()
    except DatabaseError as error:
        if not is_disk_full(error):
            raise
        # Whoever is signed in goes on searching and reading on a full disk; this process remembers for them.
        search = SavedSearch(user=user, text=text, created_at=now())
        _unsaved[search.pk] = search
        if len(_unsaved) > _UNSAVED_MOST:
            _unsaved.popitem(last=False)
    return search
