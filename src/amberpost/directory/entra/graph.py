"""Questions to Microsoft Graph. The only module that speaks its protocol: pages, batches, throttling, errors.

Promises: an answer is whole or a DirectoryError says why not; the token goes to the Graph of the settings and
nowhere else; a request to wait is obeyed, up to a limit for the whole run; a token that ends is renewed once.
Only reads. Does not know what a user or a group is.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from amberpost.directory.settings import EntraSettings
from amberpost.errors import AddressForbidden, DirectoryError, SourceError, remark_of
from amberpost.net.http import Connection, HttpAnswer, TooLarge, ask_once, connect, pause_seconds, safe_url
from amberpost.net.tls import why_untrusted
from amberpost.oauth.client import OAuthClient
from amberpost.oauth.tokens import Tokens
from amberpost.remark import Remark
from amberpost.store.secret import Secret

Json: TypeAlias = Mapping[str, Any]

_ROOT = "/v1.0"
_BATCH = 20  # the most that Graph takes
_TRIES = 4  # of a question that fails without being asked to wait
_WAIT = frozenset({429, 503})
_AGAIN = frozenset({500, 502, 504})
_ANSWER_LIMIT_BYTES = 64 * 2**20  # a page of users with all their addresses has one or two
_LONGEST_TEXT = 200  # characters of another's words on our page

_TOKENS = Tokens()  # of this process: a question every half minute needs no new token


class PermissionMissing(DirectoryError):
    """Graph refuses because the app has no right to it."""


def graph_client(settings: EntraSettings) -> OAuthClient:
    """The app of the settings, for tokens that Graph takes."""
    return OAuthClient(
        tenant=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        authority=settings.authority,
        scope=f"{settings.graph.rstrip('/')}/.default",
        ca_pem=settings.ca_pem,
    )


class GraphSession:
    """One connection to Graph for one run. Not thread-safe."""

    def __init__(self, settings: EntraSettings, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._pause = settings, pause
        self._client = graph_client(settings)
        self._url = _graph_url(settings)
        self._connection: Connection | None = None
        self._waited = 0.0

    def __enter__(self) -> "GraphSession":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._hang_up()

    def token(self) -> Secret:
        """A token for Graph; DirectoryError in plain words if there is none."""
        try:
            return _TOKENS.get(self._client)
        except SourceError as error:
            raise DirectoryError(error.remark, permanent=error.permanent) from None

    def items(self, path: str, *, permission: str) -> Iterator[Json]:
        """Everything of a list, page after page."""
        yield from self.rest(self._get(f"{_ROOT}{path}", permission), permission=permission)

    def rest(self, page: Json, *, permission: str) -> Iterator[Json]:
        """What is on a page, and on all that follow it."""
        seen: set[str] = set()
        count = 0
        while True:
            for item in _values(page):
                count += 1
                yield item
            if count > self._settings.max_entries:
                raise DirectoryError("graph_too_much", permanent=True)
            link = page.get("@odata.nextLink")
            if link is None:
                return
            target = self._own_target(link)
            if target in seen:
                raise DirectoryError("graph_endless", subject=path_of(target))
            seen.add(target)
            page = self._get(target, permission)

    def batch(self, paths: Sequence[str]) -> Iterator[tuple[int, Json]]:
        """Status and body of each path, in their order. Those that Graph put off are asked again."""
        for start in range(0, len(paths), _BATCH):
            yield from self._batch(paths[start : start + _BATCH])

    # One question

    def _get(self, target: str, permission: str) -> Json:
        answer = self._ask("GET", target)
        body = _object(answer.body, answer.status)
        if answer.status != 200:
            raise refusal(answer.status, body, permission)
        return body

    def _batch(self, paths: Sequence[str]) -> list[tuple[int, Json]]:
        done: dict[int, tuple[int, Json]] = {}
        failures = 0
        while len(done) < len(paths):
            waiting = [number for number in range(len(paths)) if number not in done]
            answers = self._post_batch(paths, waiting)
            put_off = [one for one in answers.values() if one[0] in _WAIT | _AGAIN | {401}]
            done |= {n: (one[0], one[1]) for n, one in answers.items() if one not in put_off}
            if not put_off:
                continue
            failures += 1
            statuses = {status for status, _body, _pause in put_off}
            if 401 in statuses:  # the token ended meanwhile
                _TOKENS.forget(self._client)
            if failures >= _TRIES and not statuses & _WAIT:
                raise DirectoryError("graph_fails", subject=f"HTTP {max(statuses)}")
            # Each answer has a pause of its own: the longest one suits all.
            pauses = [pause_seconds(pause) for status, _body, pause in put_off if status in _WAIT]
            self._wait(max((one for one in pauses if one), default=None), failures)
        return [done[number] for number in range(len(paths))]

    def _post_batch(
        self, paths: Sequence[str], numbers: Sequence[int]
    ) -> dict[int, tuple[int, Json, str | None]]:
        asked = {"requests": [{"id": str(n), "method": "GET", "url": paths[n]} for n in numbers]}
        answer = self._ask("POST", f"{_ROOT}/$batch", json.dumps(asked))
        body = _object(answer.body, answer.status)
        if answer.status != 200:
            raise refusal(answer.status, body, "")
        found = dict(_answer_of(one) for one in _values(body, "responses"))
        if set(found) != set(numbers):
            raise DirectoryError("graph_half_an_answer")
        return found

    def _ask(self, method: str, target: str, body: str | None = None) -> HttpAnswer:
        """The first answer that is one: throttling, short failures and a token that ended are dealt with."""
        failures, is_renewed = 0, False
        while True:
            try:
                answer = self._ask_once(method, target, body)
            except (OSError, HTTPException) as error:
                self._hang_up()
                failures += 1
                if failures >= _TRIES or isinstance(
                    error, ssl.SSLCertVerificationError | AddressForbidden | TooLarge
                ):
                    raise self._failure(error) from None
                self._wait(None, failures)
                continue
            if answer.status == 401 and not is_renewed:
                is_renewed = True
                _TOKENS.forget(self._client)
            elif answer.status in _WAIT or (answer.status in _AGAIN and failures < _TRIES):
                failures += 1
                self._wait(pause_seconds(answer.retry_after), failures)
            else:
                return answer

    def _ask_once(self, method: str, target: str, body: str | None) -> HttpAnswer:
        token = self.token().reveal().decode("ascii")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._connection is None:
            try:
                self._connection = connect(self._url, self._settings.ca_pem)
            except SourceError as error:  # of the root certificate
                raise DirectoryError(error.remark, permanent=True) from None
        return ask_once(
            self._connection, method, target, body=body, headers=headers, limit_bytes=_ANSWER_LIMIT_BYTES
        )

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _wait(self, seconds: float | None, failures: int) -> None:
        """As long as Graph asks for, else longer each time; DirectoryError when this run has waited enough."""
        seconds = float(min(2**failures, 60)) if seconds is None else seconds
        self._waited += seconds
        if self._waited > self._settings.max_waiting_seconds:
            raise DirectoryError("graph_asks_to_wait")
        self._pause(seconds)

    def _failure(self, error: Exception) -> DirectoryError:
        where = self._url.netloc
        match error:
            case ssl.SSLCertVerificationError():
                return DirectoryError(
                    Remark("certificate_untrusted", subject=where, cause=why_untrusted(error)), permanent=True
                )
            case TooLarge():
                return DirectoryError("graph_too_much", permanent=True)
            case AddressForbidden():
                return DirectoryError(error.remark, permanent=True)
            case TimeoutError():
                return DirectoryError("graph_timeout", subject=where)
            case OSError():
                return DirectoryError(Remark("graph_unreachable", subject=where, cause=remark_of(error)))
        return DirectoryError("graph_broke_off", subject=where)

    def _own_target(self, link: object) -> str:
        """The next page must be on the same server: the token goes with the question."""
        url = safe_url(link) if isinstance(link, str) else None
        own = (self._url.scheme, self._url.hostname, self._url.port)
        if url is None or (url.scheme, url.hostname, url.port) != own or not url.path.startswith(f"{_ROOT}/"):
            raise DirectoryError(
                "graph_leads_away",
                subject=repr(link)[:_LONGEST_TEXT],
                permanent=True,
            )
        target = f"{url.path}?{url.query}"
        if not target.isascii() or not target.isprintable() or " " in target:
            raise DirectoryError("graph_misunderstood")
        return target


def refusal(status: int, body: Json, permission: str) -> DirectoryError:
    """What an error of Graph means, in plain words, with what its support wants to know."""
    said = body.get("error")
    facts: Json = said if isinstance(said, dict) else {}
    inner = facts.get("innerError")
    request_id = inner.get("request-id", "") if isinstance(inner, dict) else ""
    parts = (f"HTTP {status}", facts.get("code", ""), facts.get("message", ""), request_id)
    # On one line and of a length that a page bears, whatever the server says.
    plain = ("".join(char if char.isprintable() else " " for char in str(part)) for part in parts if part)
    said = ", ".join(" ".join(part.split())[:_LONGEST_TEXT] for part in plain)
    if status == 403:
        return PermissionMissing(
            "graph_permission_missing", permission=permission or "?", said=said, permanent=True
        )
    if status == 401:
        return DirectoryError("graph_token_refused", said=said, permanent=True)
    is_passing = status in _WAIT | _AGAIN or status == 404
    return DirectoryError("graph_error", said=said, permanent=not is_passing)


def path_of(target: str) -> str:
    """The path of a question, without its words."""
    return urlsplit(target).path


def _graph_url(settings: EntraSettings) -> SplitResult:
    url = safe_url(settings.graph)
    if url is None or url.query or url.path.strip("/"):
        raise DirectoryError(
            "graph_address_invalid",
            subject=repr(settings.graph),
            permanent=True,
        )
    return url


def _object(body: bytes, status: int) -> Json:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        if status != 200:
            return {}
        raise DirectoryError("graph_misunderstood", subject=f"HTTP {status}")
    return found


def _values(page: Json, name: str = "value") -> list[Json]:
    values = page.get(name)
    if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
        raise DirectoryError("graph_misunderstood", subject=name)
    return values


def _answer_of(one: Json) -> tuple[int, tuple[int, Json, str | None]]:
    number, status, body = one.get("id"), one.get("status"), one.get("body")
    if not isinstance(number, str) or not number.isdecimal() or not isinstance(status, int):
        raise DirectoryError("graph_misunderstood", subject="$batch")
    headers = one.get("headers")
    named = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
    return int(number), (status, body if isinstance(body, dict) else {}, named.get("retry-after"))
