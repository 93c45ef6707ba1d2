"""What our middleware adds to a request, with types."""

from typing import cast

from django.http import HttpRequest

from amberpost.accounts.models import User
from amberpost.road.open import Vault


class ConsoleRequest(HttpRequest):
    """A request of a signed-in user."""

    user: User
    vault: Vault


def signed_in(request: HttpRequest) -> User:
    """The user of a view that is guarded by allow()."""
    return cast(User, request.user)
