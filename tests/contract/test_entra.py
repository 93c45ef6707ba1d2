"""Reading Entra ID from a stand-in for Graph: what becomes what, and every kind of trouble on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from amberpost.directory.entra import graph
from amberpost.directory.entra.reader import enabled_entra_keys, read_entra
from amberpost.directory.entra.steps import test_entra as try_entra
from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.errors import DirectoryError
from amberpost.store.secret import Secret
from tests.servers.graph import GraphTenant, error
from tests.servers.microsoft import Answer, Microsoft, Request

Trouble = Callable[[Request], Answer | None]


@pytest.fixture(scope="module")
def microsoft() -> Iterator[Microsoft]:
    with Microsoft() as server:
        yield server


@pytest.fixture
def tenant(microsoft: Microsoft) -> GraphTenant:
    return GraphTenant(microsoft)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long we would have waited."""
    waited: list[float] = []
    before = graph.GraphSession.__init__
    monkeypatch.setattr(
        graph.GraphSession,
        "__init__",
        lambda self, settings, **_: before(self, settings, pause=waited.append),
    )
    return waited


def by_name(found: Found) -> dict[str, FoundEntry]:
    return {entry.name: entry for entry in found.entries}


def kinds(tenant: GraphTenant, **changes: object) -> dict[str, str]:
    return {entry.name: entry.kind.value for entry in read_entra(tenant.settings(**changes)).entries}


@dataclass
class Times:
    """Trouble for the first questions that fit, then none."""

    answer: Answer
    count: int
    path: str = ""
    in_batch: bool | None = None

    def __call__(self, request: Request) -> Answer | None:
        if self.path not in request.path or self.count == 0:
            return None
        if self.in_batch is not None and ("In-Batch" in request.headers) is not self.in_batch:
            return None
        self.count -= 1
        return self.answer


# What becomes what


def test_a_person_has_all_his_addresses_the_primary_one_first(tenant: GraphTenant) -> None:
    number = tenant.user(
        "Anna",
        "Anna@firma.example",
        userPrincipalName="anna@firma.onmicrosoft.example",
        proxyAddresses=["smtp:a@firma.example", "SMTP:Anna@firma.example", "x500:/o=F/cn=anna", "SIP:a@firma.example"],
        otherMails=["anna@private.example", "kein Name"],
    )  # fmt: skip
    found = read_entra(tenant.settings())
    entry = found.entries[0]
    assert entry.key == f"entra:{number}"
    assert entry.addresses == ("anna@firma.example", "a@firma.example", "anna@private.example")
    assert entry.x500 == ("[ex:/o=f/cn=anna]",)
    assert (entry.login, entry.logins) == ("anna@firma.onmicrosoft.example", ("Anna@firma.example",))
    assert (entry.is_enabled, entry.reference, entry.kind) == (True, number, EntryKind.PERSON)
    assert any("kein Name" in str(note) for note in found.notes)


def test_an_address_elsewhere_does_not_replace_the_own_one(tenant: GraphTenant) -> None:
    tenant.user("Mail only", "m@firma.example", proxyAddresses=[], otherMails=["m@private.example"])
    tenant.user("None", otherMails=["n@private.example"], purpose="")
    found = read_entra(tenant.settings())
    assert [entry.addresses for entry in found.entries] == [("m@firma.example", "m@private.example")]


def test_each_purpose_becomes_its_kind(tenant: GraphTenant) -> None:
    for purpose in ("user", "linked", "shared", "room", "equipment", "others"):
        tenant.user(purpose, f"{purpose}@firma.example", purpose=purpose, accountEnabled=purpose != "shared")
    tenant.user("local", "local@firma.example", purpose="")
    expected = {
        "user": "person",
        "linked": "person",
        "others": "person",
        "local": "person",
        "shared": "shared",
    }
    assert kinds(tenant) == expected
    assert kinds(tenant, should_archive_rooms=True) == {**expected, "room": "room", "equipment": "equipment"}
    found = read_entra(tenant.settings())
    assert by_name(found)["shared"].is_enabled, "the account of a shared mailbox is disabled by design"
    notes = "\n".join(map(str, found.notes))
    for words in (
        "rooms and equipment",
        "shared mailboxes cannot be read",
        "no mailbox in Exchange",
        "not known",
    ):
        assert words in notes


def test_a_disabled_person_stays_and_is_disabled(tenant: GraphTenant) -> None:
    tenant.user("Gone", "gone@firma.example", accountEnabled=False)
    assert not read_entra(tenant.settings()).entries[0].is_enabled


def test_guests_and_people_without_an_address_are_left_out_and_named(tenant: GraphTenant) -> None:
    tenant.user("Guest", "g@elsewhere.example", userType="Guest")
    tenant.user("Other", "o@elsewhere.example", userPrincipalName="o_elsewhere.example#EXT#@firma.example")
    tenant.user("Service", userPrincipalName="service@firma.example")
    found = read_entra(tenant.settings())
    assert found.entries == ()
    assert any("guests" in str(note) and "(2)" in str(note) for note in found.notes)
    assert any("service@firma.example" in str(note) for note in found.notes)


def test_groups_in_groups_and_in_circles_have_all_their_people(tenant: GraphTenant) -> None:
    tenant.page_size = 2
    people = [tenant.user(f"P{n}", f"p{n}@firma.example") for n in range(5)]
    guest = tenant.user("Guest", "g@elsewhere.example", userType="Guest")
    shared = tenant.user("Shared", "s@firma.example", purpose="shared")
    inner = tenant.group("Inner", "", *people[:3], guest, shared)
    outer = tenant.group("Outer", "outer@firma.example", inner, people[4])
    tenant.members[inner].append(outer)
    tenant.group("Dynamic", "d@firma.example", people[0], groupTypes=["Unified", "DynamicMembership"])
    tenant.group("Hidden", "h@firma.example", visibility="HiddenMembership")
    found = read_entra(tenant.settings())
    groups = by_name(found)
    assert "Inner" not in groups, "it has no address"
    assert groups["Outer"].members == tuple(sorted(f"entra:{people[n]}" for n in (0, 1, 2, 4)))
    assert groups["Dynamic"].kind is EntryKind.DYNAMIC_GROUP
    assert any("Member.Read.Hidden" in str(note) for note in found.notes)


def test_a_large_tenant_is_read_page_by_page(tenant: GraphTenant) -> None:
    tenant.page_size = 17
    people = [tenant.user(f"P{n}", f"p{n}@firma.example") for n in range(120)]
    for n in range(45):
        tenant.group(f"G{n}", f"g{n}@firma.example", *people[n : n + 40])
    found = read_entra(tenant.settings(page_size=50))
    assert len(found.entries) == 165
    assert all(len(one.members) == 40 for one in found.entries if one.kind is EntryKind.GROUP)
    assert len([path for path in tenant.asked if path == "/v1.0/users"]) == 8
    assert read_entra(tenant.settings()) == found, "the same tenant gives the same answer"


def test_who_is_enabled_now(tenant: GraphTenant) -> None:
    numbers = [tenant.user(f"P{n}", f"p{n}@firma.example") for n in range(45)]
    keys = [f"entra:{number}" for number in numbers]
    tenant.users[numbers[3]]["accountEnabled"] = False
    del tenant.users[numbers[30]]
    odd = ["entra:../groups", "ad:1", "entra:me"]
    assert enabled_entra_keys(tenant.settings(), [*keys, *odd]) == set(keys) - {keys[3], keys[30]}
    assert enabled_entra_keys(tenant.settings(), odd) == frozenset()


def test_it_only_reads(tenant: GraphTenant) -> None:
    key = f"entra:{tenant.user('Anna', 'anna@firma.example')}"
    tenant.group("Team", "team@firma.example")
    asked: list[tuple[str, str]] = []
    tenant.before.append(lambda request: asked.append((request.method, request.path)))
    read_entra(tenant.settings())
    enabled_entra_keys(tenant.settings(), [key])
    assert {method for method, path in asked if path != "/v1.0/$batch"} == {"GET"}
    assert len(asked) > 3


# Trouble


def fails(tenant: GraphTenant, **changes: object) -> DirectoryError:
    with pytest.raises(DirectoryError) as caught:
        read_entra(tenant.settings(**changes))
    assert tenant.app.secret not in f"{caught.value}{caught.value!r}"
    return caught.value


@pytest.fixture
def small(tenant: GraphTenant) -> GraphTenant:
    tenant.page_size = 2
    people = [tenant.user(f"P{n}", f"p{n}@firma.example") for n in range(5)]
    tenant.group("G", "g@firma.example", *people)
    return tenant


@pytest.mark.parametrize("path", ["/users", "mailboxSettings", "/groups", "transitiveMembers", "$batch"])
def test_throttling_is_obeyed_wherever_it_comes(small: GraphTenant, pauses: list[float], path: str) -> None:
    small.before.append(Times(error(429, "TooManyRequests", "", Retry_After="7"), 2, path))
    assert len(read_entra(small.settings()).entries) == 6
    assert sum(pauses) >= 7
    assert set(pauses) == {7.0}


def test_throttling_without_a_time_waits_longer_each_time(small: GraphTenant, pauses: list[float]) -> None:
    small.before.append(Times(error(503, "ServiceUnavailable", ""), 3, "/users"))
    read_entra(small.settings())
    assert pauses == [2.0, 4.0, 8.0]


def test_nobody_waits_for_ever(small: GraphTenant, pauses: list[float]) -> None:
    small.before.append(Times(error(429, "TooManyRequests", "", Retry_After="400"), -1))
    failure = fails(small)
    assert "wait" in str(failure)
    assert not failure.permanent
    assert sum(pauses) <= 600


def test_a_token_that_ends_on_the_way_is_renewed(small: GraphTenant) -> None:
    def revoke(request: Request) -> None:
        if request.path == "/v1.0/groups":
            small.before.clear()
            small.server.revoke(small.app)

    small.before.append(revoke)
    asked = small.app.asked
    assert len(read_entra(small.settings()).entries) == 6
    assert small.app.asked == asked + 2


def test_a_token_that_ends_within_a_batch_is_renewed(small: GraphTenant, pauses: list[float]) -> None:
    ended = error(401, "InvalidAuthenticationToken", "ended")
    small.before.append(Times(ended, 2, "mailboxSettings", in_batch=True))
    assert len(read_entra(small.settings()).entries) == 6


def test_a_token_that_is_never_good_is_an_error(small: GraphTenant, pauses: list[float]) -> None:
    small.before.append(lambda _: error(401, "InvalidAuthenticationToken", "no"))
    assert "does not accept our token" in str(fails(small))


@pytest.mark.parametrize(
    ("missing", "said"), [("User.Read.All", "User.Read.All"), ("Group.Read.All", "Group.Read.All")]
)
def test_a_missing_permission_is_named(small: GraphTenant, missing: str, said: str) -> None:
    small.app.roles = tuple(role for role in small.app.roles if role != missing)
    failure = fails(small)
    assert f"lacks the permission {said}" in str(failure)
    assert failure.permanent


def test_without_the_mailbox_permission_everybody_is_a_person_and_a_note_says_so(small: GraphTenant) -> None:
    for n in range(40):
        small.user(f"S{n}", f"s{n}@firma.example", purpose="shared")
    small.app.roles = ("User.Read.All", "Group.Read.All")
    found = read_entra(small.settings())
    assert {entry.kind for entry in found.entries} == {EntryKind.PERSON, EntryKind.GROUP}
    assert any("MailboxSettings.Read is missing" in str(note) for note in found.notes)
    assert len([path for path in small.asked if "mailboxSettings" in path]) == 20


def with_link(link: str) -> Trouble:
    def trouble(request: Request) -> Answer | None:
        if request.path == "/v1.0/users":
            return Answer.of(200, {"value": [], "@odata.nextLink": link})
        return None

    return trouble


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/users?$skiptoken=1",
        "http://localhost/v1.0/users",
        "//evil.example/v1.0/users",
        "https://localhost@evil.example/v1.0/users",
        "/v1.0/users",
        "{authority}/elsewhere",
        "{authority}.evil.example/v1.0/users",
        "",
        "https://[",
    ],
)
def test_a_next_page_elsewhere_is_not_asked_for(small: GraphTenant, link: str) -> None:
    small.before.append(with_link(link.replace("{authority}", small.server.authority)))
    assert "leads to another server" in str(fails(small))


def test_pages_in_a_circle_end(small: GraphTenant) -> None:
    small.before.append(with_link(f"{small.server.authority}/v1.0/users?$skiptoken=1"))
    assert "without an end" in str(fails(small))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(200, b"{"), "do not understand"),
        (Answer(200, b'{"value": [{"id": "1"}', {"Content-Type": "application/json"}), "do not understand"),
        (Answer.of(200, []), "do not understand"),
        (Answer.of(200, {"value": {}}), "do not understand"),
        (Answer.of(200, {"value": [1]}), "do not understand"),
        (Answer.of(200, {"value": [{"displayName": "x"}]}), "do not understand"),
        (Answer.of(200, {"value": [{"id": "../me"}]}), "do not understand"),
        (Answer(302, b"", {"Location": "https://evil.example/"}), "HTTP 302"),
        (error(400, "BadRequest", "Unsupported\r\nQuery"), "BadRequest, Unsupported Query"),
        (Answer(500, b"<html>"), "HTTP 500"),
    ],
)
def test_an_odd_answer_is_a_plain_error(
    small: GraphTenant, pauses: list[float], answer: Answer, words: str
) -> None:
    small.before.append(lambda request: answer if "skiptoken" in str(request.query) else None)
    assert words in str(fails(small))


def test_half_a_batch_is_an_error(small: GraphTenant) -> None:
    def half(request: Request) -> Answer | None:
        return Answer.of(200, {"responses": []}) if request.path.endswith("$batch") else None

    small.before.append(half)
    assert "half an answer" in str(fails(small))


def test_an_answer_that_breaks_off_is_asked_again_and_then_an_error(
    small: GraphTenant, pauses: list[float]
) -> None:
    broken = Answer(200, b'{"value": []', {"Content-Length": "999"})
    small.before.append(Times(broken, 1, "/groups"))
    assert len(read_entra(small.settings()).entries) == 6
    small.before.append(Times(broken, -1, "/groups"))
    assert "broke off" in str(fails(small))


def test_a_failure_that_passes_is_no_failure(small: GraphTenant, pauses: list[float]) -> None:
    small.before.append(Times(error(502, "BadGateway", ""), 2, "/groups"))
    small.before.append(Times(error(500, "x", ""), 2, "mailboxSettings", in_batch=True))
    assert len(read_entra(small.settings()).entries) == 6


@pytest.mark.parametrize("changes", [{"graph": "https://localhost:1"}, {"authority": "https://localhost:1"}])
def test_a_server_that_is_not_there_is_a_plain_error(
    small: GraphTenant, pauses: list[float], changes: dict[str, str]
) -> None:
    if "graph" in changes:
        small.app.resources = (*small.app.resources, changes["graph"])
    assert "cannot be reached" in str(fails(small, **changes))


def test_a_strangers_certificate_is_refused(small: GraphTenant) -> None:
    with Microsoft() as other:
        small.app.resources = (*small.app.resources, other.authority)
        failure = fails(small, graph=other.authority)
    assert "certificate" in str(failure)
    assert failure.permanent


@pytest.mark.parametrize(
    "graph_url", ["http://graph.example", "ftp://x", "https://a.example/v1.0", "", "https://u@x"]
)
def test_the_token_goes_to_no_odd_address(small: GraphTenant, graph_url: str) -> None:
    assert fails(small, graph=graph_url).permanent


def test_a_wrong_secret_says_what_to_do(small: GraphTenant) -> None:
    failure = fails(small, client_secret=Secret(small.app.secret_id.encode()))
    assert "Enter the Value of the secret" in str(failure)
    assert failure.permanent


def test_more_than_we_take_is_an_error(small: GraphTenant) -> None:
    assert "more than we take" in str(fails(small, max_entries=3))


# The steps of the connection test


def test_the_steps_tell_what_is_found(small: GraphTenant) -> None:
    steps = list(try_entra(small.settings()))
    assert all(step.is_ok for step in steps)
    assert [step.title for step in steps] == [
        "Sign-in of the app",
        "Permissions",
        "What is found",
        "For example",
    ]
    assert "people: 5" in steps[2].text
    assert "groups: 1" in steps[2].text


def test_the_steps_name_missing_permissions_and_a_wrong_secret(small: GraphTenant) -> None:
    small.app.roles = ("User.Read.All",)
    steps = list(try_entra(small.settings()))
    assert [step.is_ok for step in steps] == [True, False, False]
    assert "Group.Read.All, MailboxSettings.Read" in steps[1].text
    assert "Group.Read.All" in steps[2].text
    wrong = list(try_entra(small.settings(client_secret=Secret(b"x"))))
    assert [step.is_ok for step in wrong] == [False]
    assert "secret is wrong" in wrong[0].text


def test_the_steps_say_when_there_is_nothing(tenant: GraphTenant) -> None:
    steps = list(try_entra(tenant.settings()))
    assert not steps[-1].is_ok
