"""Hints for the operator, gathered while a directory is read: one line a reason, with a few examples."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

_EXAMPLES = 10


class Notes:
    """Counts by reason."""

    def __init__(self) -> None:
        self._subjects: dict[str, list[str]] = {}

    def add(self, reason: str, subject: str) -> None:
        self._subjects.setdefault(reason, []).append(subject)

    def add_unreadable(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.add(_("Not readable as a mail address"), text)

    def lines(self) -> tuple[str, ...]:
        """One line a reason: how many, and up to ten of them."""
        return tuple(
            f"{reason} ({len(subjects)}): {'; '.join(sorted(subjects)[:_EXAMPLES])}"
            + ("; ..." if len(subjects) > _EXAMPLES else "")
            for reason, subjects in self._subjects.items()
        )
