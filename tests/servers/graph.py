"""A stand-in for Microsoft Graph, beside the stand-in for Microsoft's login.

    with Microsoft() as server:
        tenant = GraphTenant(server)
        anna = tenant.user("Anna Amann", "anna@firma.example")
        read_entra(tenant.settings())

Speaks the documented v1.0 protocol for users, groups, transitiveMembers, mailboxSettings/userPurpose and $batch:
pages with @odata.nextLink, Retry-After, tokens that end, permissions that are missing.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from amberpost.directory.settings import EntraSettings
from amberpost.store.secret import Secret
from tests.servers.microsoft import Answer, Issued, Microsoft, Request

Json = dict[str, Any]
ROLES = ("User.Read.All", "Group.Read.All", "MailboxSettings.Read")


@dataclass
class GraphTenant:
    """People and groups of one tenant; tests change them, and what goes wrong, while the server runs."""

    server: Microsoft
    users: dict[str, Json] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)  # direct ones
    purposes: dict[str, str] = field(default_factory=dict)  # without one: no mailbox in Exchange Online
    page_size: int = 100
    before: list[Callable[[Request], Answer | None]] = field(default_factory=list)  # tests put trouble here
    asked: list[str] = field(default_factory=list)  # the path of every question, those in batches too

    def __post_init__(self) -> None:
        self.app = self.server.register()
        self.app.roles = ROLES
        self.app.resources = (*self.app.resources, self.server.authority)
        self.server.routes["/v1.0/"] = self.answer

    def settings(self, **changes: Any) -> EntraSettings:
        """How an operator would enter this tenant."""
        given: Json = {
            "tenant_id": self.app.tenant,
            "client_id": self.app.client_id,
            "client_secret": Secret(self.app.secret.encode()),
            "authority": self.server.authority,
            "graph": self.server.authority,
            "ca_pem": self.server.ca_pem,
        }
        return EntraSettings(**{**given, **changes})

    # What a test arranges

    def user(self, name: str, address: str = "", *, purpose: str = "user", **facts: Any) -> str:
        """A user; returns his object id. `purpose=""`: no mailbox in Exchange Online."""
        number = str(uuid.uuid4())
        self.users[number] = {
            "id": number,
            "displayName": name,
            "userPrincipalName": address or f"{number}@firma.example",
            "mail": address or None,
            "proxyAddresses": [f"SMTP:{address}"] if address else [],
            "otherMails": [],
            "accountEnabled": True,
            "userType": "Member",
            **facts,
        }
        if purpose:
            self.purposes[number] = purpose
        return number

    def group(self, name: str, address: str = "", *members: str, **facts: Any) -> str:
        number = str(uuid.uuid4())
        self.groups[number] = {
            "id": number,
            "displayName": name,
            "mail": address or None,
            "mailEnabled": bool(address),
            "proxyAddresses": [f"SMTP:{address}"] if address else [],
            "groupTypes": [],
            "visibility": None,
            **facts,
        }
        self.members[number] = list(members)
        return number

    # What it answers

    def answer(self, request: Request) -> Answer:
        for trouble in self.before:
            answer = trouble(request)
            if answer is not None:
                return answer
        issued = self.server.check(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if issued is None or issued.audience != self.server.authority:
            return error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
        if request.path == "/v1.0/$batch" and request.method == "POST":
            return self._batch(json.loads(request.body), issued)
        return self._one(request, issued)

    def _batch(self, asked: Json, issued: Issued) -> Answer:
        if len(asked["requests"]) > 20:
            return error(400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")
        answers = []
        for one in reversed(asked["requests"]):  # Graph promises no order
            url = urlsplit(f"/v1.0{one['url']}")
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            inner = Request(one["method"], url.path, query, {"In-Batch": "1"}, b"")
            answer = next((a for t in self.before if (a := t(inner)) is not None), None)
            answer = answer or self._one(inner, issued)
            answers.append(
                {
                    "id": one["id"],
                    "status": answer.status,
                    "headers": dict(answer.headers),
                    "body": json.loads(answer.body or b"null"),
                }
            )
        return Answer.of(200, {"responses": answers})

    def _one(self, request: Request, issued: Issued) -> Answer:
        self.asked.append(request.path)
        parts = request.path.removeprefix("/v1.0/").split("/")
        needed = {"users": "User.Read.All", "groups": "Group.Read.All"}.get(parts[0], "")
        needed = "MailboxSettings.Read" if parts[2:3] == ["mailboxSettings"] else needed
        if needed not in issued.roles:
            code = "ErrorAccessDenied" if "Mailbox" in needed else "Authorization_RequestDenied"
            return error(403, code, "Insufficient privileges to complete the operation.")
        match parts:
            case ["users"]:
                return self._page(request, list(self.users.values()))
            case ["groups"]:
                assert request.query["$filter"] == "mailEnabled eq true"
                return self._page(request, [one for one in self.groups.values() if one["mailEnabled"]])
            case ["users", number] if number in self.users:
                return Answer.of(200, self._selected(request, self.users[number]))
            case ["users", number, "mailboxSettings", "userPurpose"] if number in self.users:
                if number not in self.purposes:
                    text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
                    return error(404, "MailboxNotEnabledForRESTAPI", text)
                return Answer.of(200, {"@odata.context": "...", "value": self.purposes[number]})
            case ["groups", number, "transitiveMembers"] if number in self.groups:
                return self._page(request, [self._member(one) for one in sorted(self._all_members(number))])
        return error(404, "Request_ResourceNotFound", "Resource does not exist.")

    def _page(self, request: Request, items: list[Json]) -> Answer:
        size = min(int(request.query.get("$top", "100")), self.page_size)
        start = int(request.query.get("$skiptoken", "0"))
        page: Json = {"value": [self._selected(request, one) for one in items[start : start + size]]}
        if start + size < len(items):
            query = {**request.query, "$skiptoken": str(start + size)}
            words = "&".join(f"{name}={quote(text)}" for name, text in query.items())
            page["@odata.nextLink"] = f"{self.server.authority}{request.path}?{words}"
        return Answer.of(200, page)

    @staticmethod
    def _selected(request: Request, item: Json) -> Json:
        names = request.query.get("$select", "").split(",")
        return {name: value for name, value in item.items() if name in names or name.startswith("@")}

    def _member(self, number: str) -> Json:
        kind = "user" if number in self.users else "group"
        return {"@odata.type": f"#microsoft.graph.{kind}", "id": number}

    def _all_members(self, number: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(self.members[number])
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += self.members.get(one, [])
        return seen


def error(status: int, code: str, text: str, **headers: str) -> Answer:
    inner = {"date": "2026-01-01T00:00:00", "request-id": str(uuid.uuid4())}
    return Answer.of(status, {"error": {"code": code, "message": text, "innerError": inner}}, **headers)
