"""What an operator does with the directory's settings: save and test. Each is recorded."""

from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.directory.form import DirectoryForm
from amberpost.directory.active import secret_of
from amberpost.directory.configure import store_settings
from amberpost.directory.models import Directory
from amberpost.directory.readers import SecretOf, test_steps
from amberpost.directory.steps import DirectoryStep
from amberpost.road.open import Vault
from amberpost.store.secret import Secret


def save_form(form: DirectoryForm, vault: Vault, by: str) -> None:
    """Save a valid form, and use this directory from now on. UserError for what only shows together."""
    fields = [name for name in form.changed_data if name not in form.secrets and name != "fields_for"]
    store_settings(form.directory, form.secrets, vault.keys.seal_setting, by=by, fields=fields)


def test_form(form: DirectoryForm, vault: Vault, by: str) -> list[DirectoryStep]:
    """Test what is typed before it is saved, with the stored secret where none was typed."""
    typed, saved = form.secrets, _saved_secrets(form.directory, vault)
    return _test(
        form.directory, lambda field: Secret(typed[field].encode()) if typed.get(field) else saved(field), by
    )


def test_saved(directory: Directory, vault: Vault, by: str) -> list[DirectoryStep]:
    """Test a directory as it is."""
    return _test(directory, _saved_secrets(directory, vault), by)


def _saved_secrets(directory: Directory, vault: Vault) -> SecretOf:
    return lambda field: secret_of(directory, field, vault.keys.open_setting)


def _test(directory: Directory, secrets: SecretOf, by: str) -> list[DirectoryStep]:
    steps = list(test_steps(directory, secrets))
    record(by, Action.DIRECTORY_TESTED, directory.kind, is_ok=bool(steps) and steps[-1].is_ok)
    return steps
