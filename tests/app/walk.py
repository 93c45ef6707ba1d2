"""Every page that somebody can reach: by its links, and by its forms with what people get wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve
from selectolax.lexbor import LexborHTMLParser, LexborNode

WRONG = "☹ ☹"  # no address, no host, no number, no choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page, and how one comes there."""

    way: str
    status: int
    html: str


@dataclass
class Walk:
    """One person's walk through the pages, from where they begin."""

    client: Client
    starts: tuple[str, ...]
    with_forms: bool = True
    enough: int = 2  # pages of one route and one set of query names; 0: none but the first
    routes: set[str] = field(default_factory=set)  # that were shown
    _seen: set[str] = field(default_factory=set)
    _kinds: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def pages(self) -> Iterator[Shown]:
        waiting = list(self.starts)
        while waiting:
            url = waiting.pop(0)
            if not self._is_new(url):
                continue
            answer = self.client.get(url, follow=True)
            if not _is_page(answer):
                continue
            page = Shown(way=url, status=answer.status_code, html=answer.content.decode())
            yield page
            url = self._arrived_at(answer, url)
            tree = LexborHTMLParser(page.html)
            waiting += [urljoin(url, path) for path in _links(tree)]
            if self.with_forms:
                for form in tree.css("form[method=post]"):
                    yield from self._send(url, form)

    def _arrived_at(self, answer: HttpResponse, url: str) -> str:
        if not answer.redirect_chain:
            return url
        path = str(answer.request["PATH_INFO"])
        self.routes.add(resolve(path).view_name)
        return path

    def _is_new(self, url: str) -> bool:
        parts = urlsplit(url)
        if url in self._seen or parts.netloc or not parts.path.startswith("/") or parts.fragment:
            return False
        self._seen.add(url)
        try:
            route = resolve(parts.path).view_name
        except Resolver404:
            return True
        query = parse_qsl(parts.query)
        few = tuple(value for name, value in query if not value.isdigit())
        kind = (route, tuple(name for name, _value in query), *few)
        is_named = url in self.starts or "assistant" in route  # whose pages are one route
        if not is_named and not self._is_wanted(kind, self.enough):
            return False
        self.routes.add(route)
        return True

    def _send(self, url: str, form: LexborNode) -> Iterator[Shown]:
        """What the page says to a form sent as it is, empty, and filled in wrongly; nothing of it remains."""
        action = urljoin(url, form.attributes.get("action") or url)
        fields = {
            name: node
            for node in form.css("input, select, textarea")
            if (name := node.attributes.get("name")) not in (None, "csrfmiddlewaretoken")
        }
        for button in form.css("button"):
            action = urljoin(url, button.attributes.get("formaction") or form.attributes.get("action") or url)
            route = resolve(urlsplit(action).path).view_name
            self.routes.add(route)
            name, value = button.attributes.get("name") or "", button.attributes.get("value") or ""
            for how, fill in _WAYS if fields and not name else _WAYS[:1]:
                if not self._is_wanted((route, how, name, value, *sorted(fields))):
                    continue
                sent = {field: given for field, node in fields.items() if (given := fill(node)) is not None}
                sent |= {name: value} if name else {}
                answer = self._posted(action, sent)
                self._arrived_at(answer, action)
                if _is_page(answer):
                    html = answer.content.decode()
                    yield Shown(way=f"{action} sent {how}", status=answer.status_code, html=html)
                    for further in LexborHTMLParser(html).css("form[method=post]:has(button[formaction])"):
                        yield from self._send(action, further)

    def _posted(self, action: str, fields: dict[str, object]) -> HttpResponse:
        cookies = self.client.cookies.copy()
        with transaction.atomic():
            answer = self.client.post(action, fields, follow=True)
            transaction.set_rollback(True)
        self.client.cookies = cookies
        return answer

    def _is_wanted(self, kind: tuple[str, ...], enough: int = 1) -> bool:
        self._kinds[kind] += 1
        return self._kinds[kind] <= enough


def _is_page(answer: HttpResponse) -> bool:
    return not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html")


def _links(tree: LexborHTMLParser) -> Iterator[str]:
    for name in ("href", "hx-get"):
        for node in tree.css(f"a[{name}], [hx-get]"):
            if path := node.attributes.get(name):
                yield path


def _value(node: LexborNode) -> object:
    """What a browser sends if nobody touches the field."""
    given = node.attributes
    if node.tag == "textarea":
        return node.text()
    if node.tag == "select":
        chosen = node.css_first("option[selected]") or node.css_first("option")
        return chosen.attributes.get("value") or "" if chosen else None
    if given.get("type") in ("checkbox", "radio"):
        return (given.get("value") or "on") if "checked" in given else None
    return None if given.get("type") == "file" else given.get("value") or ""


def _emptied(node: LexborNode) -> object:
    if node.attributes.get("type") == "hidden":
        return _value(node)
    return None if node.attributes.get("type") in ("checkbox", "radio", "file") else ""


def _exaggerated(node: LexborNode) -> object:
    kind, given = node.attributes.get("type"), _value(node)
    if kind in ("hidden", "file", "checkbox", "radio") or node.tag == "select":
        return given
    return "99999999999" if kind == "number" else "x" * 5000


def _wronged(node: LexborNode) -> object:
    kind = node.attributes.get("type")
    if kind == "hidden":
        return _value(node)
    if kind == "file":
        return SimpleUploadedFile("☹", WRONG.encode())
    return "on" if kind in ("checkbox", "radio") else WRONG


_WAYS = (("as it is", _value), ("empty", _emptied), ("wrong", _wronged), ("too much", _exaggerated))
