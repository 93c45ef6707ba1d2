"""A small archive with everybody in it, asked through its pages by Django's test client."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from amberpost.road.models import Message
from tests.opened import Opened
from tests.people import ALICE, BOB, CHARLIE, letter

PASSWORD = "a long enough password"
SECRET = "Bernsteinzimmer"  # stands in everything of Alice's message, and nowhere else
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 32

ALICES_MAIL = (
    f"From: =?utf-8?q?{SECRET}?= <kunde@customer.example>\r\n"
    "To: alice@firma.example\r\n"
    f"Subject: Angebot {SECRET}\r\n"
    "Date: Tue, 14 Feb 2023 08:41:05 +0000\r\n"
    "Message-ID: <amber@customer.example>\r\n"
    "MIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    "--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    f'<p onclick="evil()">Das {SECRET}</p><script>evil()</script>'
    '<img src="https://tracker.example/pixel.gif"><img src="cid:logo">\r\n'
    "--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "iVBORw0KGgoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "--x\r\nContent-Type: text/html\r\n"
    f'Content-Disposition: attachment; filename="{SECRET} <ä>.html"\r\n\r\n'
    f"<script>alert('{SECRET}')</script>\r\n"
    "--x--\r\n"
).encode()


@dataclass
class Site:
    """Pages of one archive, and clients of the people in it."""

    opened: Opened
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, login: str) -> Client:
        """Signed in as `login`; "" is a stranger without a session."""
        if login not in self.clients:
            self.clients[login] = self.fresh(login)
        return self.clients[login]

    def fresh(self, login: str = "") -> Client:
        client = Client(raise_request_exception=True)
        if login:
            answer = sign_in(client, login)
            assert answer.status_code == 302, answer.content
        return client

    def message(self, subject: str) -> int:
        return Message.objects.get(subject__contains=subject).pk

    @property
    def secret(self) -> int:
        """The id of Alice's message."""
        return self.message(f"Angebot {SECRET}")


def sign_in(client: Client, login: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/sign-in/", {"login": login, "password": password})


def text(response: Any) -> str:
    content: bytes = b"".join(response) if response.streaming else response.content
    return content.decode("utf-8", "replace")


def attachment_path(client: Client, message_id: int) -> str:
    """The path of the first attachment, as the page links it."""
    found = re.search(rf"/m/{message_id}/part/([^\"?]+)", text(client.get(f"/m/{message_id}/")))
    assert found
    return found[1]


@pytest.fixture
def site(new_opened: Callable[..., Opened]) -> Site:
    opened = new_opened()
    for person in (ALICE, BOB, CHARLIE):
        opened.add_user(person.login, *person.addresses)
    for login, role in (("olga", "officer"), ("otto", "operator"), ("aron", "auditor"), ("dora", "reader")):
        opened.add_user(login, role=role)
    opened.take(
        ALICES_MAIL,
        letter(1, to=BOB.address, subject="Brief an Bob"),
        letter(2, to="nobody@nowhere.example", sender="else@nowhere.example", subject=f"{SECRET} verirrt"),
    )
    return Site(opened=opened)
