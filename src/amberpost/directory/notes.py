"""Hints for the operator, gathered while a directory is read: one line a reason, with a few examples."""

from collections.abc import Iterable

from amberpost.remark import Remark

_EXAMPLES = 10


class Notes:
    """Subjects by reason, a code each."""

    def __init__(self) -> None:
        self._subjects: dict[str, list[str]] = {}

    def add(self, reason: str, subject: str) -> None:
        self._subjects.setdefault(reason, []).append(subject)

    def add_unreadable(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.add("hint_unreadable", text)

    def lines(self) -> tuple[Remark, ...]:
        """One line a reason: how many, and up to ten of them."""
        return tuple(
            Remark(
                "hint",
                {
                    "reason": Remark(reason),
                    "number": len(subjects),
                    "examples": "; ".join(sorted(subjects)[:_EXAMPLES])
                    + ("; ..." if len(subjects) > _EXAMPLES else ""),
                },
            )
            for reason, subjects in self._subjects.items()
        )
