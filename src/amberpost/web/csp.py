"""What browsers are told about our pages: no foreign or inline code, no framing, nothing kept on disk."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from django.http import HttpRequest, HttpResponse

PAGE = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# The one script in the frame of a mail. It stands in the document itself, as a frame without origin may load nothing.
HEIGHT_SCRIPT = (Path(__file__).parent / "static" / "amberpost" / "height.js").read_text(encoding="utf-8")
_HEIGHT_HASH = b64encode(sha256(HEIGHT_SCRIPT.encode()).digest()).decode("ascii")

# The body of a message: shown in a sandboxed frame of our own pages, without any origin; no script but ours runs.
MAIL_FRAME = "; ".join(
    (
        "default-src 'none'",
        f"script-src 'sha256-{_HEIGHT_HASH}'",
        "img-src 'self' data:",
        "style-src 'unsafe-inline'",
        "font-src 'none'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox",
    )
)

# A message for paper: a page of its own, so that it breaks into sheets. It has no origin and runs nothing at all.
PRINT = "; ".join(
    (
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "sandbox",
    )
)

# A file taken out of a message.
FILE = "default-src 'none'; frame-ancestors 'none'; sandbox"

_ALWAYS = {
    "Content-Security-Policy": PAGE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """Middleware: every answer has them; a view that needs other ones (the mail frame) sets its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
