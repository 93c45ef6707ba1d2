"""What Microsoft's login says when it gives no token, in plain words."""

import re

from django.utils.translation import gettext_lazy as _

from amberpost.errors import SourceError

_CODE = re.compile(r"AADSTS\d{4,9}")

_ADVICE = {
    "AADSTS7000215": _(
        "The client secret is wrong. Enter the Value of the secret, not its Secret ID. The Value is shown only "
        "once, right after the secret was made; if it is lost, make a new secret."
    ),
    "AADSTS7000222": _(
        "The client secret has expired. Make a new secret for the app and enter its Value here."
    ),
    "AADSTS700016": _(
        "The app is not known in this tenant. Check the client ID (the Application ID, not the Object ID) and "
        "the tenant ID."
    ),
    "AADSTS90002": _("The tenant does not exist. Check the tenant ID."),
    "AADSTS900023": _(
        "The tenant ID is neither a valid ID nor a domain name. Copy it again from the overview."
    ),
    "AADSTS70011": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS1002012": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS7000112": _(
        "The app is disabled in the tenant. Enable sign-in for it under Enterprise applications."
    ),
    "AADSTS53003": _(
        "A Conditional Access policy blocks the app. Let it in, or sign in from an allowed place."
    ),
}
_UNKNOWN = _("Microsoft's sign-in refuses the app. Its words and the code say why.")
# RFC 6749 §5.2 and Microsoft's own: refusals that pass by themselves
_PASSING = {"temporarily_unavailable", "server_error", "AADSTS90033", "AADSTS90055"}


class OAuthError(SourceError):
    """No token. `code` is Microsoft's (AADSTS...), empty when the login server could not be asked."""

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        code: str = "",
        permanent: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(
            message, subject=subject, permanent=permanent, retry_after_seconds=retry_after_seconds
        )
        self.code = code

    @property
    def advice(self) -> str:
        """What the code means and what to do, in the language of whoever reads it; empty without a code."""
        return explain(self.code) if self.code else ""


def is_known(code: str) -> bool:
    """True when explain() says all there is to say."""
    return code in _ADVICE


def is_passing(*codes: str) -> bool:
    """True for refusals that pass by themselves."""
    return not _PASSING.isdisjoint(codes)


def explain(code: str) -> str:
    """Plain words for a code of Microsoft's login, and what to do."""
    return str(_ADVICE.get(code, _UNKNOWN))


def code_in(text: str) -> str:
    """The code in the text of an error that was kept, or nothing."""
    found = _CODE.search(text)
    return found[0] if found else ""
