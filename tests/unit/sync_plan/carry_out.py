"""What apply() does to the database, done to values: a model to compare with and to test plans by the thousand."""

from dataclasses import replace

from amberpost.directory.plan.plan import Changing, Coming, Plan
from amberpost.directory.plan.present import (
    CurrentArchive,
    CurrentState,
    CurrentUser,
    further_logins,
    is_private,
    shown_name,
)


def carry_out(state: CurrentState, plan: Plan) -> CurrentState:
    """The state after a plan."""
    archives = {archive.id: archive for archive in state.archives}
    logins = {pk: login for login, pk in state.logins.items()}
    for item in plan.leaving:
        archive = archives[item.archive_id]
        user = archive.user and replace(archive.user, is_active=False)
        archives[archive.id] = replace(archive, is_departed=True, user=user)
    for move in plan.login_moves:
        for archive in list(archives.values()):
            if archive.user and archive.user.id == move.user_id:
                archives[archive.id] = replace(archive, user=replace(archive.user, login=move.after))
    for over in plan.hand_overs:
        archive = archives[over.from_archive_id]
        archives[archive.id] = replace(archive, addresses=archive.addresses - {over.address})
    for changed in plan.changing:
        archives[changed.archive_id] = _changed(archives[changed.archive_id], changed)
    for coming in plan.coming:
        number = max(archives, default=0) + 1
        archives[number] = _come(number, coming, 100 + number)
    for archive in archives.values():
        if archive.user:
            logins[archive.user.id] = archive.user.login.lower()
    held = {address for archive in archives.values() for address in archive.addresses}
    return replace(
        state,
        archives=tuple(archives.values()),
        logins={login: pk for pk, login in logins.items()},
        ever_held=state.ever_held | held,
        memberships=(state.memberships - plan.parts) | plan.joins,
        automatic=(state.automatic - plan.revocations) | plan.releases,
    )


def _changed(archive: CurrentArchive, item: Changing) -> CurrentArchive:
    entry, user = item.entry, archive.user
    if user is not None:
        user = replace(
            user,
            login=item.login,
            further_logins=further_logins(entry),
            reference=entry.reference,
            is_active=user.is_active or item.returns,
        )
    return replace(
        archive,
        key=entry.key,
        name=shown_name(entry),
        origin=entry.kind.value,
        is_selected=archive.is_selected or "is_selected" in item.fields,
        is_departed=archive.is_departed and not item.returns,
        addresses=(archive.addresses - set(item.lost)) | set(item.gained),
        user=user,
    )


def _come(number: int, item: Coming, user_id: int) -> CurrentArchive:
    entry = item.entry
    user = CurrentUser(
        id=user_id,
        login=item.login,
        further_logins=further_logins(entry),
        reference=entry.reference,
        is_active=entry.is_enabled,
    )
    return CurrentArchive(
        id=number,
        name=shown_name(entry),
        is_private=is_private(entry.kind),
        key=entry.key,
        origin=entry.kind.value,
        is_departed=not item.is_enabled,
        is_selected=item.is_selected,
        addresses=frozenset(item.addresses),
        user=user if is_private(entry.kind) else None,
    )
