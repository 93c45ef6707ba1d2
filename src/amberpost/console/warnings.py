"""Warnings beside a field of a form: they are shown while the value asks for them and forbid nothing.

`when` and `unless` are regular expressions that the page (form.js) and we read alike; a choice or tick is
watched by the style sheet, so that its warning appears without scripts, too.
"""

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWarning:
    """One warning, and the values that call for it."""

    text: str
    when: str = ""  # the value fits this expression
    unless: str = ""  # there is a value, and it does not fit
    watch: str = ""  # "checked", "unchecked" or "none": by the style sheet
    is_called: bool = False  # the value as the page is written calls for it

    def judged(self, value: str) -> "FieldWarning":
        """With is_called told."""
        return replace(self, is_called=self.fits(value))

    def fits(self, value: str) -> bool:
        """True while the value of the field calls for it."""
        text = value.strip()
        if self.when:
            return re.search(self.when, text, re.IGNORECASE) is not None
        return bool(self.unless and text) and re.search(self.unless, text, re.IGNORECASE) is None
