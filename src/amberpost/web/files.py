"""Files out of messages, handed to a browser so that it saves them and does not run them."""

from urllib.parse import quote

from django.http import HttpResponse

from amberpost.web.csp import FILE

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_type(content: bytes) -> str | None:
    """The type of a picture that browsers may show, by its first bytes; the declared type does not count."""
    for magic, content_type in _MAGIC:
        if content.startswith(magic):
            return content_type
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def download(name: str, content: bytes, content_type: str = "application/octet-stream") -> HttpResponse:
    """An answer that is saved under `name`."""
    return _file(content, content_type, disposition("attachment", name))


def picture(name: str, content: bytes, content_type: str) -> HttpResponse:
    """An answer that may be looked at; only for what image_type() knows."""
    return _file(content, content_type, disposition("inline", name))


def disposition(kind: str, name: str) -> str:
    """Content-Disposition as RFC 6266 §4.3: a plain name for old programs, the true one beside it."""
    safe = "".join(c for c in name.replace("/", "_").replace("\\", "_") if c.isprintable())[:200].strip(". ")
    safe = safe or "attachment"
    plain = "".join(c if c.isascii() and c not in '"%;' else "_" for c in safe)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _file(content: bytes, content_type: str, content_disposition: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition
    response["Content-Security-Policy"] = FILE
    return response
