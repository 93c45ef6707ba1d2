"""What an operator does with a remote e-mail account: save, test, trust, remove. Each is recorded."""

from django.db import transaction

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.sources.form import SECRETS, AccountForm
from amberpost.road.open import Vault
from amberpost.sources.account import account_settings
from amberpost.sources.configure import remove_source, save_source
from amberpost.sources.models import Source
from amberpost.sources.probe import ProbeStep, probe
from amberpost.sources.settings import AccountSettings
from amberpost.sources.status import note_certificate
from amberpost.sources.trial import trial_settings


def save_account(form: AccountForm, vault: Vault, by: str) -> Source:
    """Save a valid form. UserError for what only shows together."""
    source: Source = form.instance
    secrets = form.secrets
    action = Action.SOURCE_CHANGED if source.pk else Action.SOURCE_ADDED
    changed = ",".join(name for name in form.changed_data if name not in {*SECRETS, "fields_for"})
    with transaction.atomic():
        save_source(source, secrets, vault.keys.seal_setting)
        record(by, action, source.name, fields=changed)
        if secrets.password or secrets.client_secret:
            record(by, Action.SOURCE_CREDENTIALS_CHANGED, source.name)
        if "certificate_sha256" in form.changed_data and source.certificate_sha256:
            _note_trust(source, by)
    return source


def test_typed(form: AccountForm, vault: Vault, by: str) -> list[ProbeStep]:
    """Test what is typed before it is saved, with the stored secrets where none was typed."""
    source = form.instance
    settings = trial_settings(
        source, form.secrets, vault.keys.open_setting, ceiling_bytes=vault.config.ceiling_bytes
    )
    return _test(source, settings, by)


def test_saved(source: Source, vault: Vault, by: str) -> list[ProbeStep]:
    """Test an account as it is; its certificate's end is remembered."""
    settings = account_settings(source, vault.keys.open_setting, ceiling_bytes=vault.config.ceiling_bytes)
    steps = _test(source, settings, by)
    certificate = next((step.certificate for step in steps if step.certificate), None)
    if certificate is not None:
        note_certificate(source.pk, certificate.not_after)
    return steps


def trust_certificate(source: Source, sha256: str, by: str) -> None:
    """Accept the certificate that was shown, whoever signed it."""
    with transaction.atomic():
        source.certificate_sha256 = sha256
        source.save(update_fields=["certificate_sha256"])
        _note_trust(source, by)


def remove_account(source: Source, by: str) -> None:
    """Forget how to reach it; its mail stays."""
    with transaction.atomic():
        remove_source(source)
        record(by, Action.SOURCE_REMOVED, source.name)


def _test(source: Source, settings: AccountSettings, by: str) -> list[ProbeStep]:
    steps = list(probe(settings, source.protocol, evaluation=source.evaluation))
    failed = next((step.name for step in steps if step.state == "failed"), "")
    detail = {"failed": failed} if failed else {}
    record(by, Action.SOURCE_TESTED, source.name or settings.server, server=settings.server, **detail)
    return steps


def _note_trust(source: Source, by: str) -> None:
    record(by, Action.SOURCE_CERTIFICATE_TRUSTED, source.name, sha256=source.certificate_sha256)
