"""A plan is the difference between what we have and what a directory says; cases, then any case."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amberpost.directory.found import EntryKind, Found, FoundEntry
from amberpost.directory.plan.plan import Cause, Plan, Worry, plan
from amberpost.directory.plan.present import CurrentArchive, CurrentState, CurrentUser, Rules, is_private
from tests.directory import found, person, public
from tests.unit.sync_plan.carry_out import carry_out

EMPTY = CurrentState()
RULES = Rules(has_rooms=True, guard_count=1000)


def after(*entries: FoundEntry, rules: Rules = RULES, before: CurrentState = EMPTY) -> CurrentState:
    return carry_out(before, plan(before, found(*entries), rules))


def archive_of(state: CurrentState, key: str, private: bool = True) -> CurrentArchive:
    (archive,) = [a for a in state.archives if a.key == key and a.is_private == private]
    return archive


def test_the_first_time_everybody_comes() -> None:
    made = plan(EMPTY, found(person("anna"), public("info", delegates=("ad:anna",))), RULES)
    assert [(c.entry.name, c.login, c.addresses) for c in made.coming] == [
        ("anna", "anna", ("anna@firma.example",)),
        ("info", "", ("info@firma.example",)),
    ]
    assert made.releases == {("ad:info", "ad:anna", "delegates")}
    assert made.first_held == {"anna@firma.example", "info@firma.example"}
    assert not made.is_suspicious


def test_a_second_plan_is_empty() -> None:
    entries = (
        person("anna"),
        person("x", is_enabled=False),
        public("g", kind=EntryKind.GROUP, members=("ad:anna",)),
    )
    assert plan(after(*entries), found(*entries), RULES).is_empty


def test_a_rename_and_a_move_follow_the_key() -> None:
    state = after(person("anna", login="anna.alt", reference="CN=Anna,OU=A"))
    new = person("anna", login="anna.neu", name="Anna Neu", reference="CN=Anna Neu,OU=B")
    made = plan(state, found(new), RULES)
    assert (made.coming, made.leaving) == ((), ())
    assert set(made.changing[0].fields) == {"name", "login", "reference"}


def test_a_disabled_person_leaves_and_keeps_his_addresses() -> None:
    state = after(person("anna"))
    made = plan(state, found(person("anna", is_enabled=False)), RULES)
    assert [(item.login, item.cause) for item in made.leaving] == [("anna", Cause.DISABLED)]
    assert made.changing == ()
    state = carry_out(state, made)
    assert archive_of(state, "ad:anna").addresses == {"anna@firma.example"}
    back = plan(state, found(person("anna")), RULES)
    assert back.changing[0].returns
    assert not archive_of(carry_out(state, back), "ad:anna").is_departed


def test_whom_an_operator_disabled_the_directory_does_not_bring_back() -> None:
    state = after(person("anna"))
    (anna,) = state.archives
    assert anna.user is not None
    state = replace(state, archives=(replace(anna, user=replace(anna.user, is_active=False)),))
    assert plan(state, found(person("anna")), RULES).is_empty


def test_a_deleted_person_leaves_and_his_address_goes_to_who_claims_it() -> None:
    state = after(person("anna", "anna@firma.example", "vertrieb@firma.example"), person("bob"))
    made = plan(state, found(person("bob", "bob@firma.example", "vertrieb@firma.example")), RULES)
    assert [(item.login, item.cause) for item in made.leaving] == [("anna", Cause.GONE)]
    (over,) = made.hand_overs
    assert (over.address, over.to_key) == ("vertrieb@firma.example", "ad:bob")
    assert made.first_held == frozenset()
    state = carry_out(state, made)
    assert archive_of(state, "ad:anna").addresses == {"anna@firma.example"}


def test_an_object_made_anew_with_the_same_address_is_another_person() -> None:
    state = after(person("anna"))
    again = person("anna", key="ad:anna-the-second")
    made = plan(state, found(again), RULES)
    assert [item.entry.key for item in made.coming] == ["ad:anna-the-second"]
    assert made.coming[0].login == "anna"
    assert [move.before for move in made.login_moves] == ["anna"]
    assert made.first_held == frozenset()
    assert plan(carry_out(state, made), found(again), RULES).is_empty


def test_an_address_claimed_twice_stays_with_its_holder() -> None:
    state = after(person("anna", "doppelt@firma.example"))
    made = plan(
        state, found(person("anna", "doppelt@firma.example"), person("bob", "doppelt@firma.example")), RULES
    )
    (conflict,) = made.conflicts
    assert (conflict.subject, conflict.holder, conflict.claimants) == (
        "doppelt@firma.example",
        "anna",
        ("bob",),
    )
    assert made.coming[0].addresses == ()


def test_an_address_claimed_by_two_new_ones_goes_to_nobody() -> None:
    both = (person("anna", "doppelt@firma.example"), person("bob", "doppelt@firma.example"))
    made = plan(EMPTY, found(*both), RULES)
    assert made.conflicts[0].holder == ""
    assert made.gained == ()
    state = carry_out(EMPTY, made)
    assert plan(state, found(*both), RULES).is_empty
    settled = plan(state, found(person("anna", "doppelt@firma.example"), person("bob")), RULES)
    assert settled.first_held == {"doppelt@firma.example", "bob@firma.example"}


def test_a_mailbox_that_becomes_shared_does_not_open_the_persons_archive() -> None:
    state = after(person("anna"), person("bob"))
    made = plan(state, found(public("anna", delegates=("ad:bob",)), person("bob")), RULES)
    assert [item.login for item in made.leaving] == ["anna"]
    assert [item.entry.kind for item in made.coming] == [EntryKind.SHARED]
    assert [over.address for over in made.hand_overs] == ["anna@firma.example"]
    state = carry_out(state, made)
    assert archive_of(state, "ad:anna", private=True).addresses == frozenset()
    assert archive_of(state, "ad:anna", private=False).addresses == {"anna@firma.example"}


def local(name: str, *addresses: str, **facts: object) -> CurrentArchive:
    user = CurrentUser(id=1, login=name)
    values = {
        "id": 1,
        "name": name,
        "is_private": True,
        "addresses": frozenset(addresses),
        "user": user,
        **facts,
    }
    return CurrentArchive(**values)  # type: ignore[arg-type]


def test_a_local_user_with_the_same_addresses_is_taken_over() -> None:
    state = CurrentState(archives=(local("ann", "anna@firma.example"),), logins={"ann": 1})
    made = plan(state, found(person("anna", "anna@firma.example", "a@firma.example")), RULES)
    assert made.coming == ()
    assert made.changing[0].is_adopted
    assert made.changing[0].gained == ("a@firma.example",)


@pytest.mark.parametrize(
    ("facts", "keeps"),
    [({}, True), ({"is_departed": True}, False)],
)
def test_a_local_user_with_more_addresses_is_somebody_else(facts: dict[str, object], keeps: bool) -> None:
    addresses = ("anna@firma.example", "vertrieb@firma.example")
    state = CurrentState(archives=(local("anna", *addresses, **facts),), logins={"anna": 1})
    made = plan(state, found(person("bob", "bob@firma.example", "vertrieb@firma.example")), RULES)
    assert [item.entry.name for item in made.coming] == ["bob"]
    assert bool(made.conflicts) == keeps
    assert bool(made.hand_overs) != keeps


def test_a_directory_with_far_fewer_people_is_suspicious() -> None:
    everybody = [person(f"p{number}") for number in range(20)]
    state = after(*everybody)
    guard = Rules()
    assert plan(state, found(*everybody[5:]), guard).worries == (Worry.PEOPLE_LEAVE,)
    assert plan(state, found(*everybody[4:]), guard).worries == ()
    assert plan(state, found(), guard).is_suspicious
    assert plan(state, found(*(replace(e, is_enabled=False) for e in everybody)), guard).is_suspicious
    poor = found(*(replace(e, addresses=()) for e in everybody))
    assert plan(state, poor, guard).worries == (Worry.ADDRESSES_LOST,)
    small = after(*everybody[:4])
    assert not plan(small, found(), guard).is_suspicious


def test_rooms_have_archives_only_if_wanted() -> None:
    room = public("raum", kind=EntryKind.ROOM)
    assert plan(EMPTY, found(room), Rules()).coming == ()
    assert len(plan(EMPTY, found(room), Rules(has_rooms=True)).coming) == 1


def test_with_manual_selection_new_accounts_take_no_mail_and_the_chosen_stay_chosen() -> None:
    manual = replace(RULES, is_manual=True)
    state = after(person("anna"))
    made = plan(state, found(person("anna"), person("bob")), manual)
    assert [item.is_selected for item in made.coming] == [False]
    assert made.changing == ()
    assert plan(carry_out(state, made), found(person("anna"), person("bob")), RULES).changing[0].fields == (
        "is_selected",
    )


def test_what_a_person_revoked_the_rule_does_not_release_again() -> None:
    entries = (person("anna"), public("info", delegates=("ad:anna",)))
    state = after(*entries)
    (given,) = state.automatic
    state = replace(state, automatic=frozenset(), refused=frozenset({given}))
    assert plan(state, found(*entries), RULES).is_empty


def test_groups_are_released_to_members_only_by_a_rule_of_their_own() -> None:
    entries = (person("anna"), public("g", kind=EntryKind.GROUP, members=("ad:anna", "ad:nobody")))
    assert plan(EMPTY, found(*entries), RULES).releases == frozenset()
    made = plan(EMPTY, found(*entries), replace(RULES, releases_to_members=True))
    assert made.releases == {("ad:g", "ad:g", "members")}
    assert made.joins == {("ad:g", "ad:anna")}


def test_two_people_who_swap_logins_get_them() -> None:
    state = after(person("a", login="eins"), person("b", login="zwei"))
    made = plan(state, found(person("a", login="zwei"), person("b", login="eins")), RULES)
    assert {item.archive_id: item.login for item in made.changing} == {1: "zwei", 2: "eins"}
    assert made.conflicts == ()


def test_a_login_of_an_operator_is_not_taken_from_him() -> None:
    state = CurrentState(logins={"admin": 7})
    made = plan(state, found(person("admin", logins=("ad.min",))), RULES)
    assert made.coming[0].login == "ad.min"
    assert made.conflicts[0].subject == "admin"


# Any directory after any other

KEYS = st.sampled_from([f"ad:{n}" for n in range(6)] + [f"entra:{n}" for n in range(3)])
ADDRESSES = st.lists(st.sampled_from([f"a{n}@x.example" for n in range(8)]), max_size=4, unique=True).map(
    tuple
)
NAMES = st.sampled_from(["anna", "Anna", "bob", "", "x y", "\x00", "z" * 300])
ENTRIES = st.builds(
    FoundEntry,
    key=KEYS,
    kind=st.sampled_from(list(EntryKind)),
    name=NAMES,
    login=NAMES,
    logins=st.lists(NAMES, max_size=2).map(tuple),
    addresses=ADDRESSES,
    x500=st.lists(st.sampled_from(["[ex:/o=1]", "[ex:/o=2]"]), max_size=1).map(tuple),
    is_enabled=st.booleans(),
    members=st.lists(KEYS, max_size=3, unique=True).map(tuple),
    delegates=st.lists(KEYS, max_size=3, unique=True).map(tuple),
)
DIRECTORIES = st.lists(ENTRIES, max_size=8).map(lambda entries: Found(entries=tuple(entries)))
SOME_RULES = st.builds(
    Rules, has_rooms=st.booleans(), is_manual=st.booleans(), releases_to_delegates=st.booleans(),
    releases_to_members=st.booleans(),
)  # fmt: skip
BEFORE = CurrentState(
    archives=(
        local("local", "a0@x.example"),
        local(
            "gone",
            "a1@x.example",
            id=2,
            is_departed=True,
            user=CurrentUser(id=2, login="bob", is_active=False),
        ),
    ),
    logins={"local": 1, "bob": 2, "anna": 3},
    ever_held=frozenset({"a0@x.example", "a1@x.example"}),
)


@given(st.lists(st.tuples(DIRECTORIES, SOME_RULES), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_plan_and_apply_are_idempotent_and_delete_nothing(runs: list[tuple[Found, Rules]]) -> None:
    state = BEFORE
    for directory, rules in runs:
        made = plan(state, directory, rules)
        new = carry_out(state, made)
        again = plan(new, directory, rules)
        assert again.is_empty, again
        assert {c.subject for c in again.conflicts} == {c.subject for c in made.conflicts}
        assert {a.id for a in state.archives} <= {a.id for a in new.archives}
        assert state.ever_held <= new.ever_held
        _assert_sound(new, directory, made)
        state = new


def _assert_sound(state: CurrentState, directory: Found, made: Plan) -> None:
    held = [address for archive in state.archives for address in archive.addresses]
    assert len(held) == len(set(held))
    logins = [archive.user.login.lower() for archive in state.archives if archive.user]
    assert len(logins) == len(set(logins))
    for archive in state.archives:
        if archive.user:
            assert 0 < len(archive.user.login) <= 150
    claims = {e.key: {*e.addresses, *e.x500} for e in directory.entries if is_private(e.kind)}
    for item in made.coming:
        if is_private(item.entry.kind):
            assert set(item.addresses) <= claims[item.entry.key]
    for archive_key, _reader, _rule in state.automatic:
        assert any(a.key == archive_key and not a.is_private for a in state.archives)


@given(DIRECTORIES, SOME_RULES)
@settings(max_examples=100, deadline=None)
def test_the_order_in_which_a_directory_answers_decides_nothing(directory: Found, rules: Rules) -> None:
    keys = {entry.key for entry in directory.entries}
    one_each = [next(e for e in directory.entries if e.key == key) for key in sorted(keys)]
    made = plan(BEFORE, found(*one_each), rules)
    assert plan(BEFORE, found(*reversed(one_each)), rules) == made
