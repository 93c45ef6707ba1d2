"""The webhook at a real web server: signed, verified, never led elsewhere."""

import hashlib
import hmac
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from amberpost.errors import DeliveryError, UserError
from amberpost.notice.webhook import Hook, checked_url, post
from amberpost.store.secret import Secret
from tests.servers.certificates import make_certificates
from tests.servers.smtp import web_server

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def hook(port: int, scheme: str = "http", **changes: object) -> Hook:
    plain = Hook(
        url=f"{scheme}://localhost:{port}/in?key=1", secret=Secret(b"geheim"), ca_pem="", is_internal=True
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def failure(where: Hook) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        post(where, {"a": 1}, token="t", at=AT)
    return caught.value


def test_the_receiver_can_tell_the_message_from_a_forgery(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with web_server(certificates) as received:
        post(hook(received.port, "https", ca_pem=certificates.ca_pem), {"text": "Größe"}, token="t1", at=AT)
    (body,), (headers,) = received.bodies, received.got
    assert received.paths == ["/in?key=1"]
    assert headers["x-amberpost-timestamp"] == str(int(AT.timestamp()))
    wanted = hmac.new(b"geheim", headers["x-amberpost-timestamp"].encode() + b"." + body, hashlib.sha256)
    assert headers["x-amberpost-signature"] == f"sha256={wanted.hexdigest()}"
    assert headers["x-amberpost-delivery"] == "t1"
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"localhost:{received.port}"
    assert "Größe".encode() in body


def test_without_a_secret_nothing_is_signed() -> None:
    with web_server() as received:
        post(hook(received.port, secret=Secret(b"")), {}, token="t", at=AT)
    assert "x-amberpost-signature" not in received.got[0]


def test_a_certificate_of_somebody_else_ends_it(tmp_path: Path) -> None:
    with web_server(make_certificates(tmp_path)) as received:
        assert failure(hook(received.port, "https")).step == "tls"
    assert received.bodies == []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_answer_of_200_to_299_is_taken_as_received(status: int) -> None:
    with web_server() as received:
        received.status = status
        post(hook(received.port), {}, token="t", at=AT)
    assert len(received.got) == 1


def test_the_name_is_looked_up_once_and_that_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a name could lead elsewhere after it was judged."""
    asked: list[str] = []
    genuine = socket.getaddrinfo

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        if host == "hook.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return genuine(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with web_server() as received:
        post(hook(received.port, url=f"http://hook.example:{received.port}/"), {}, token="t", at=AT)
    assert (asked, len(received.got)) == (["hook.example"], 1)


def test_a_root_of_ones_own_is_trusted_beside_the_authorities_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "system").mkdir()
    (tmp_path / "own").mkdir()
    system, own = make_certificates(tmp_path / "system"), make_certificates(tmp_path / "own")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    (tmp_path / "system.pem").write_text(system.ca_pem)
    for certificates in (system, own):
        with web_server(certificates) as received:
            post(hook(received.port, "https", ca_pem=own.ca_pem), {}, token="t", at=AT)
        assert len(received.got) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_told_and_not_followed(status: int) -> None:
    with web_server() as received:
        received.status, received.headers = status, {"Location": "/elsewhere"}
        error = failure(hook(received.port))
    assert (error.step, "redirects are not followed" in str(error)) == ("answer", True)
    assert received.paths == ["/in?key=1"]


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_says_its_status_and_nothing_of_the_answer(status: int) -> None:
    with web_server() as received:
        received.status = status
        error = failure(hook(received.port))
    assert f"HTTP {status}" in str(error)
    assert "xxx" not in str(error)


def test_an_address_in_the_own_network_needs_the_tick(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    with web_server(certificates) as received:
        where = hook(received.port, "https", is_internal=False, ca_pem=certificates.ca_pem)
        error = failure(where)
    assert (error.step, "own network" in str(error)) == ("name", True)
    assert received.bodies == []


def test_a_metadata_service_is_never_asked() -> None:
    assert failure(hook(0, url="http://169.254.169.254/latest/")).step == "name"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "https://",
        "https://user:word@h/",
        "https://h/#x",
        "https://h:99999/",
        "http://h/",
        "https://h/ x",
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(UserError):
        checked_url(url, is_internal=False)


def test_something_else_than_a_web_server_is_told() -> None:
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            client.recv(65536)
            client.sendall(b"220 smtp ready\r\n")
            client.close()

        threading.Thread(target=serve, daemon=True).start()
        assert failure(hook(listener.getsockname()[1])).step == "answer"
