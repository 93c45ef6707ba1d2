"""Directory: where users and archives come from. Set-up, test, preview of changes, runs."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.installation import is_unfinished
from amberpost.console.directory.acts import save_form, test_form, test_saved
from amberpost.console.directory.form import DirectoryForm, chosen_kind
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.directory.active import active_directory, get_directory, status_of
from amberpost.directory.configure import missing_fields
from amberpost.directory.models import DirectoryKind, DirectoryRun, RunOutcome
from amberpost.directory.steps import DirectoryStep
from amberpost.errors import DirectoryError, UserError
from amberpost.governance.directories import PlanPreview
from amberpost.governance.directory_sync import look_at_directory, request_sync, sync_directory
from amberpost.governance.place import is_confirmed
from amberpost.spoken import in_words

_RUNS = 10


@allow("directory:change")
@require_GET
def show(request: ConsoleRequest) -> HttpResponse:
    """Which directory is in use, how it does, and its last runs."""
    return _detail(request)


@allow("directory:change")
@sensitive_post_parameters("password", "client_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: ConsoleRequest) -> HttpResponse:
    """Choose and set up a directory; ?kind= chooses the fields."""
    if request.method != "POST":
        kind = request.GET.get("kind", "")
        known = kind in DirectoryKind.values
        return _form(request, DirectoryForm(get_directory(kind) if known else active_directory()))
    post = request.POST.dict()
    shown = post.get("fields_for")
    if "show" in post or (shown and shown != post.get("kind")):
        return _form(request, DirectoryForm.retyped(post))
    form = DirectoryForm(get_directory(chosen_kind(post)), request.POST, request.FILES)
    if "test" in post:
        return _test_typed(request, form, DirectoryForm.retyped(post))
    if form.is_valid():
        try:
            save_form(form, request.vault, signed_in(request).login)
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            return _saved(request, form)
    return _form(request, form)


@allow("directory:change")
@require_POST
def test(request: ConsoleRequest) -> HttpResponse:
    """Test the connection with what is saved."""
    try:
        steps = test_saved(active_directory(), request.vault, signed_in(request).login)
    except UserError as error:
        messages.error(request, in_words(error))
        return redirect("console:directory")
    return _detail(request, steps=steps)


@allow("directory:change")
@require_http_methods(["GET", "HEAD", "POST"])
def changes(request: ConsoleRequest) -> HttpResponse:
    """Read the directory and show what would change; POST makes exactly what was shown."""
    try:
        if request.method == "POST":
            return _apply(request)
        shown = look_at_directory(request.vault.disk, request.vault.keys)
    except (UserError, DirectoryError) as error:
        messages.error(request, in_words(error))
        return redirect("console:directory")
    return _changes(request, shown)


@allow("directory:change")
@require_POST
def sync(request: ConsoleRequest) -> HttpResponse:
    """Ask for a run at once instead of at the next time."""
    directory = active_directory()
    if directory.kind == DirectoryKind.LOCAL or missing_fields(directory):
        messages.error(request, _("There is no directory to read."))
    else:
        request_sync(directory)
        messages.success(request, _("The directory is being read. What came of it appears below."))
    return redirect("console:directory")


def _apply(request: ConsoleRequest) -> HttpResponse:
    accept = request.POST.get("plan", "")
    done = sync_directory(
        request.vault.disk, request.vault.keys, by=signed_in(request).login, accept=accept, must_ask=True
    )
    if done.error is not None:
        raise done.error
    if done.run.outcome == RunOutcome.WAITING and done.preview is not None:
        note = _(
            "The directory has changed in the meantime. Please look at these changes; nothing has been "
            "changed yet."
        )
        return _changes(request, done.preview, note=note)
    said = _("Done: %(came)d came, %(changed)d changed, %(left)d left.")
    messages.success(
        request, said % {"came": done.run.came, "changed": done.run.changed, "left": done.run.left}
    )
    return redirect("console:directory")


def _changes(request: ConsoleRequest, shown: PlanPreview, *, note: str = "") -> HttpResponse:
    made = shown.plan
    context = {
        "here": "directory",
        "directory": active_directory(),
        "shown": shown,
        "plan": made,
        "adopted": sum(item.is_adopted for item in made.changing),
        "note": note,
    }
    return render(request, "console/directory/changes.html", context)


def _saved(request: ConsoleRequest, form: DirectoryForm) -> HttpResponse:
    directory = form.directory
    if directory.kind == DirectoryKind.LOCAL:
        messages.success(request, _("The local list is in use."))
    else:
        messages.success(request, _("Saved. Please look at the changes before they are made."))
    return redirect("console:directory")


def _test_typed(request: ConsoleRequest, form: DirectoryForm, again: DirectoryForm) -> HttpResponse:
    """The result under what was typed; secrets stay in the browser or must be typed again."""
    if not form.is_valid():
        problems = [
            f"{form.fields[name].label}: {error}" if name in form.fields else str(error)
            for name, errors in form.errors.items()
            for error in errors
        ]
        return _form(request, again, problems=problems)
    try:
        steps = test_form(form, request.vault, signed_in(request).login)
    except UserError as error:
        return _form(request, again, problems=[in_words(error)])
    return _form(request, again, steps=steps)


def _form(
    request: ConsoleRequest,
    form: DirectoryForm,
    *,
    steps: list[DirectoryStep] | None = None,
    problems: list[str] | None = None,
) -> HttpResponse:
    context = {
        "here": "directory",
        "form": form,
        "active": active_directory(),
        "steps": steps,
        "problems": problems,
    }
    return render(request, "console/directory/form.html", context)


def _detail(request: ConsoleRequest, *, steps: list[DirectoryStep] | None = None) -> HttpResponse:
    directory = active_directory()
    context = {
        "here": "directory",
        "directory": directory,
        "is_local": directory.kind == DirectoryKind.LOCAL,
        "is_in_doubt": not is_confirmed(request.vault.config.data),
        "status": status_of(directory) if directory.pk else None,
        "runs": DirectoryRun.objects.select_related("directory")[:_RUNS],
        "is_complete": not missing_fields(directory),
        "steps": steps,
        "problems": None,
        "is_unfinished": is_unfinished(),
    }
    return render(request, "console/directory/directory.html", context)
