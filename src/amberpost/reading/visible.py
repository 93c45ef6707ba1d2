"""Every read of mail starts here: which messages a user may see."""

from django.db.models import Exists, OuterRef, QuerySet

from amberpost.accounts.models import User
from amberpost.accounts.permissions import scope_of
from amberpost.road.models import Assignment, Message
from amberpost.search.index import Scope


def visible_messages(user: User) -> QuerySet[Message]:
    """The messages `user` may see, as their rights are now."""
    return messages_within(scope_of(user))


def messages_within(scope: Scope) -> QuerySet[Message]:
    """The messages in the archives of a scope."""
    if scope.everything:
        return Message.objects.all()
    owned = Assignment.objects.filter(message_id=OuterRef("pk"), archive_id__in=scope.archives)
    return Message.objects.filter(Exists(owned))
