"""A remote e-mail account in the words of the command line. Secrets are never among them."""

from typing import Any

from amberpost.cli.call import counted
from amberpost.sources.models import LeftMessage, SignalKind, Source, SourceSignal, SourceStatus
from amberpost.sources.probe import ProbeStep
from amberpost.spoken import in_words
from amberpost.times import column_text

_RUNS = 20
_STATUS = (
    "last_attempt_at", "last_success_at", "last_error", "failures", "next_attempt_at", "last_message_at",
    "left_count", "certificate_expires_at", "first_token_at", "first_login_at",
)  # fmt: skip
_COUNTS = ("seen", "stored", "duplicate", "quarantined", "left")
_SIGNS = {"ok": "ok", "warning": "warning", "failed": "FAILED", "skipped": "not tried"}


def facts(source: Source) -> dict[str, Any]:
    """Every setting, named as its option; of secrets only when they were set."""
    found = {
        "name": source.name,
        "protocol": source.protocol,
        "mail_system": source.mail_system,
        "server": source.server,
        "user": source.user,
        "security": source.security,
        "keep_mails": source.keep_mails,
        "max_size": source.max_size_mb,  # None: no limit
        "folders": source.folders or ["INBOX"],
        "header_evaluation": source.evaluation,
        "enabled": source.enabled,
        "interval": source.interval_minutes,
        "silence_hours": source.silence_hours,
        "has_ca": bool(source.ca_pem),
        "certificate_sha256": source.certificate_sha256,
        "password_set_at": source.password_set_at,
    }
    if source.kind.uses_oauth:
        found |= {
            "tenant_id": source.tenant_id,
            "client_id": source.client_id,
            "client_secret_set_at": source.client_secret_set_at,
            "secret_expires_on": source.secret_expires_on,
            "authority": source.authority,
            "scope": source.scope,
            "allow_insecure_oauth": source.allow_insecure_oauth,
        }
    return found


def step_facts(step: ProbeStep) -> dict[str, Any]:
    """One step of the connection test."""
    found: dict[str, Any] = {
        "name": step.name,
        "state": step.state,
        "seconds": step.seconds,
        "text": step.text,
        "advice": step.advice,
    }
    if step.certificate is not None:
        certificate = step.certificate
        found["certificate"] = {
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "names": list(certificate.names),
            "not_before": certificate.not_before,
            "not_after": certificate.not_after,
            "sha256": certificate.sha256,
            "days_left": certificate.days_left,
        }
    return found


def step_text(step: ProbeStep) -> str:
    """The same for people."""
    seconds = "" if step.state == "skipped" else f"{step.seconds:.2f} s"
    lines = [f"{step.title:18} {_SIGNS[step.state]:10} {seconds:8} {step.text}".rstrip()]
    if step.advice:
        lines.append(f"{'':18} -> {step.advice}")
    if step.may_trust and step.certificate is not None:
        lines.append(f"{'':18} {step.certificate.subject}, issued by {step.certificate.issuer}")
        lines.append(f"{'':18} SHA-256 {step.certificate.fingerprint}")
    return "\n".join(lines)


def report_of(source: Source) -> dict[str, Any]:
    """State, last runs, what stays on the server, gaps."""
    status = SourceStatus.objects.filter(source=source).first()
    facts = {name: getattr(status, name) for name in _STATUS} if status else {}
    gaps = SourceSignal.objects.filter(kind=SignalKind.GAP, source_id=source.pk)
    return {
        "source": source.name,
        "enabled": source.enabled,
        "status": {**facts, "last_error": in_words(status.last_error)} if status else {},
        "runs": [
            {
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                **{name: getattr(run, name) for name in _COUNTS},
                "notes": [in_words(note) for note in run.notes],
                "error": in_words(run.error),
            }
            for run in source.runs.all()[:_RUNS]
        ],
        "left": [_left(one) for one in source.left_messages.all()],
        "gaps": [
            {
                "at": gap.at,
                "folder": gap.folder,
                "uidvalidity": gap.uidvalidity,
                "first_uid": gap.first_uid,
                "last_uid": gap.last_uid,
                "entry": gap.entry,
            }
            for gap in gaps
        ],
    }


def report_text(report: dict[str, Any]) -> str:
    """The same for people."""
    lines = [f"{report['source']}: {_state(report)}"]
    lines += [
        f"{column_text(run['started_at'])}  {run['seen']} = {run['stored']} stored + {run['duplicate']} repeated"
        f" + {run['quarantined']} to quarantine + {run['left']} left"
        + "".join(f"\n  {word}" for word in [*run["notes"], run["error"]] if word)
        for run in report["runs"]
    ]
    lines += [
        f"left: {one['remote_id']}  {counted(one['size_bytes'], 'byte')}  {one['reason']}"
        for one in report["left"]
    ]
    lines += [f"gap: {gap['folder']} {gap['first_uid']}-{gap['last_uid']}" for gap in report["gaps"]]
    return "\n".join(lines)


def _state(report: dict[str, Any]) -> str:
    status = report["status"]
    if not report["enabled"]:
        return "paused"
    if failures := status.get("failures"):
        return f"failed {'once' if failures == 1 else f'{failures} times'}: {status['last_error']}"
    last = status.get("last_success_at")
    return f"last success {column_text(last) if last else 'never'}"


def _left(one: LeftMessage) -> dict[str, Any]:
    return {
        "remote_id": one.remote_id,
        "size_bytes": one.size_bytes,
        "reason": in_words(one.reason),
        "since": one.first_seen_at,
    }
