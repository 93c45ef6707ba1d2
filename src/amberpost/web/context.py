"""What every page knows: the user's rights, their appearance, the version, the archive's name."""

from django.http import HttpRequest

import amberpost
from amberpost.accounts.installation import current_installation
from amberpost.accounts.models import Theme, User
from amberpost.accounts.permissions import RIGHTS


def page(request: HttpRequest) -> dict[str, object]:
    """Variables of the base template."""
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) and user.is_active else None
    ready = known is not None and not known.must_change_password
    rights = RIGHTS.get(known.role, frozenset()) if known and ready else frozenset()
    archive = current_installation()
    return {
        "rights": rights,
        "theme": known.theme if known else Theme.SYSTEM,
        "version": amberpost.__version__,
        "archive_name": archive.name,
        "asks_zone": "system:change" in rights and not archive.time_zone,
    }
