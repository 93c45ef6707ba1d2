"""What the directory commands say, as JSON and as text."""

from typing import Any

from amberpost.cli.call import counted
from amberpost.directory.active import status_of
from amberpost.directory.models import Directory, DirectoryRun
from amberpost.directory.plan.plan import Changing
from amberpost.governance.directories import PlanPreview
from amberpost.spoken import in_words
from amberpost.times import column_text

Json = dict[str, Any]

_RULES = (
    "interval_minutes", "has_rooms", "has_public_archives", "is_manual", "releases_to_delegates",
    "releases_to_members", "guard_percent", "guard_count",
)  # fmt: skip


def directory_facts(directory: Directory) -> Json:
    """Settings, which secrets are set, rules and state; no secrets."""
    facts: Json = {
        "kind": directory.kind,
        "active": directory.is_active,
        "settings": directory.settings,
        "secrets_set": sorted(directory.sealed_secrets),
        **{name: getattr(directory, name) for name in _RULES},
    }
    if directory.pk is None:
        return facts
    status = status_of(directory)
    return facts | {
        "waiting": status.is_waiting,
        "failures": status.failures,
        "error": in_words(status.last_error),
        "last_success_at": status.last_success_at,
        "next_attempt_at": status.next_attempt_at,
        "conflicts": status.report.get("conflicts", []),
    }


def plan_facts(shown: PlanPreview) -> Json:
    """Who would come, change and leave, and what to know before."""
    made = shown.plan
    return {
        "hash": shown.hash,
        "empty": made.is_empty,
        "worries": [worry.value for worry in made.worries],
        "quarantined": shown.quarantined,
        "coming": [
            {
                "key": i.entry.key,
                "kind": i.entry.kind.value,
                "name": i.entry.name,
                "login": i.login,
                "addresses": list(i.addresses),
                "selected": i.is_selected,
                "enabled": i.is_enabled,
            }
            for i in made.coming
        ],
        "changing": [
            {
                "archive": i.archive_id,
                "key": i.entry.key,
                "name": i.entry.name,
                "fields": list(i.fields),
                "gained": list(i.gained),
                "lost": list(i.lost),
                "returns": i.returns,
                "adopted": i.is_adopted,
            }
            for i in made.changing
        ],
        "leaving": [
            {"name": i.name, "login": i.login, "cause": i.cause.value, "archive": i.archive_id}
            for i in made.leaving
        ],
        "hand_overs": [
            {"address": i.address, "from": i.from_archive_id, "to": i.to_key} for i in made.hand_overs
        ],
        "joins": len(made.joins),
        "parts": len(made.parts),
        "releases": len(made.releases),
        "revocations": len(made.revocations),
        "conflicts": [
            {"subject": c.subject, "holder": c.holder, "claimants": list(c.claimants)} for c in made.conflicts
        ],
        "notes": [in_words(note) for note in made.notes],
    }


def plan_text(shown: PlanPreview) -> str:
    """The same for a person."""
    made = shown.plan
    lines = [f"join    {i.entry.kind}\t{i.entry.name}\t{' '.join(i.addresses)}" for i in made.coming]
    lines += [f"change  {i.entry.kind}\t{i.entry.name}\t{_what(i)}" for i in made.changing]
    lines += [f"leave   {i.name}\t{i.cause}" for i in made.leaving]
    lines += [
        f"conflict\t{c.subject}\t{c.holder or 'nobody'} | {', '.join(c.claimants)}" for c in made.conflicts
    ]
    lines += [f"note\t{in_words(note)}" for note in made.notes]
    lines += [f"LOOK AT THIS\t{worry.value}" for worry in made.worries]
    lines.append(
        f"{len(made.coming)} come, {len(made.changing)} change, {len(made.leaving)} leave, "
        f"{len(made.joins)} join a group, {len(made.parts)} leave one, {len(made.releases)} released, "
        f"{len(made.revocations)} revoked; {counted(shown.quarantined, 'message')} out of quarantine"
    )
    lines.append(f"plan {shown.hash}")
    return "\n".join(lines)


def run_facts(run: DirectoryRun) -> Json:
    """One run."""
    names = ("outcome", "came", "changed", "left", "conflicts", "quarantined", "notes", "error", "asked_by")
    facts = {name: getattr(run, name) for name in names}
    return {
        **facts,
        "outcome": str(run.outcome),
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def run_text(run: DirectoryRun) -> str:
    said = f"{column_text(run.started_at)}\t{run.outcome!s}"
    if run.error:
        return f"{said}\t{in_words(run.error)}"
    return (
        f"{said}\t{run.came} came, {run.changed} changed, {run.left} left, {counted(run.conflicts, 'conflict')}, "
        f"{counted(run.quarantined, 'message')} out of quarantine"
    )


def _what(item: Changing) -> str:
    said = list(item.fields) + [f"+{a}" for a in item.gained] + [f"-{a}" for a in item.lost]
    return " ".join(said + ["returns"] * item.returns + ["adopted"] * item.is_adopted)
