"""Remarks in the language of whoever reads them: of this page, this notice, this command."""

from django.utils.translation import gettext

from amberpost.errors import ArchiveError
from amberpost.remark import Remark


def in_words(what: object) -> str:
    """The sentence of an error, a remark, or one as it was kept; empty if there is none. Never raises."""
    if not what:
        return ""
    if isinstance(what, ArchiveError):
        what = what.remark
    remark = what if isinstance(what, Remark) else Remark.of_json(what)
    return remark.words(gettext)
