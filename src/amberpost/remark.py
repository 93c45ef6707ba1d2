"""What went wrong, or is worth knowing, as a code with its parameters. It is kept as such, and becomes a sentence
only where somebody reads it, in the language of whoever that is.

Knows no framework: who translates passes the function that does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from amberpost.sentences import SENTENCES

Value: TypeAlias = "str | int | Remark"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence of the catalogue, not said yet. `subject`: the host, file or name it is about; `said`: the words
    of a foreign server, quoted as they came; `cause`: what lies behind it."""

    code: str
    params: Mapping[str, Value] = field(default_factory=dict, hash=False)
    subject: "str | Remark" = ""
    said: str = ""
    cause: "Remark | None" = None

    def __str__(self) -> str:
        """In English: for the command line and the log."""
        return self.words(str)

    @property
    def message(self) -> str:
        """The sentence alone, in English."""
        return self._sentence(str)

    def words(self, translate: Callable[[str], str]) -> str:
        """The whole in the language that `translate` speaks. Never raises, for rows may be of another release."""
        parts = [self._sentence(translate)]
        if self.subject:
            parts.append(str(_shown(self.subject, translate)))
        if self.cause is not None:
            parts.append(self.cause.words(translate))
        text = ": ".join([*(part.removesuffix(".") for part in parts[:-1]), parts[-1]])
        if not self.said:
            return text
        answer = Remark("server_answered", {"said": self.said}).words(translate)
        return f"{text.removesuffix('.')}. {answer}"

    def as_json(self) -> dict[str, object]:
        """As it is kept in rows and in the ledger; without what is empty."""
        params = {name: _plain(value) for name, value in self.params.items()}
        cause = self.cause.as_json() if self.cause is not None else None
        fields = {"params": params, "subject": _plain(self.subject), "said": self.said, "cause": cause}
        return {"code": self.code, **{name: value for name, value in fields.items() if value}}

    @classmethod
    def of_json(cls, kept: object) -> "Remark":
        """The inverse; what no release of ours has written is an unknown code."""
        if not isinstance(kept, dict):
            return cls(str(kept))
        params, cause = kept.get("params"), kept.get("cause")
        return cls(
            code=str(kept.get("code", "")),
            params={str(k): _value(v) for k, v in params.items()} if isinstance(params, dict) else {},
            subject=_text(kept.get("subject", "")),
            said=str(kept.get("said", "")),
            cause=cls.of_json(cause) if cause else None,
        )

    def _sentence(self, translate: Callable[[str], str]) -> str:
        sentence = SENTENCES.get(self.code)
        try:
            if sentence is not None:
                return translate(sentence) % {k: _shown(v, translate) for k, v in self.params.items()}
        except (LookupError, TypeError, ValueError):  # parameters of another release
            pass
        return translate(SENTENCES["unknown"]) % {"code": self.code}


def _shown(value: Value, translate: Callable[[str], str]) -> str | int:
    return value.words(translate) if isinstance(value, Remark) else value


def _plain(value: Value) -> object:
    return value.as_json() if isinstance(value, Remark) else value


def _value(kept: object) -> Value:
    return kept if isinstance(kept, int) else _text(kept)


def _text(kept: object) -> "str | Remark":
    return Remark.of_json(kept) if isinstance(kept, dict) else str(kept)
