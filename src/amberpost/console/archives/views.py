"""Archives: whose mail is kept, by which addresses, and who else may read it. Shows no mail."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.models import Release, User
from amberpost.accounts.people import get_user
from amberpost.accounts.public_archives import add_public_archive
from amberpost.accounts.readers import find_reader, suggest_readers
from amberpost.accounts.releases import hand_over, release, revoke
from amberpost.accounts.seats import seats, set_seat_limit
from amberpost.console.archives.forms import AddArchiveForm, PlusAddressesForm, SeatsForm
from amberpost.console.archives.listing import Filter, archive_facts, listed
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.directory.active import active_directory, may_have_public_archives, select_archives, status_of
from amberpost.directory.archives.book import has_plus_addresses
from amberpost.directory.archives.local import current_addresses
from amberpost.directory.models import Archive, ArchiveKind, ArchiveOrigin, ArchiveState, DirectoryKind
from amberpost.errors import UserError
from amberpost.road.late import request_assignment, set_plus_addresses
from amberpost.spoken import in_words

_PER_PAGE = 50


@allow("archives:change")
@require_GET
def every(request: ConsoleRequest) -> HttpResponse:
    """All archives, or those that fit; conflicts and seats beside them."""
    chosen = Filter.of(request.GET)
    page = Paginator(listed(chosen), _PER_PAGE).get_page(request.GET.get("page"))
    directory = active_directory()
    context = {
        "here": "archives",
        "page": page,
        "rows": archive_facts(page.object_list),
        "chosen": chosen,
        "query": urlencode(chosen.query),
        "kinds": ArchiveKind.choices,
        "origins": ArchiveOrigin.choices,
        "states": ArchiveState.choices,
        "directory": directory,
        "is_local": directory.kind == DirectoryKind.LOCAL,
        "may_add": directory.kind == DirectoryKind.LOCAL and directory.has_public_archives,
        "conflicts": status_of(directory).report.get("conflicts", []) if directory.pk else [],
        "seats": seats(),
        "plus_form": PlusAddressesForm(initial={"is_on": has_plus_addresses()}),
        "seats_form": SeatsForm(initial={"limit": seats().limit}),
    }
    return render(request, "console/archives/archives.html", context)


@allow("archives:change")
@require_GET
def show(request: ConsoleRequest, archive_id: int) -> HttpResponse:
    """One archive: its addresses in time, its owner, who may read it and who might before."""
    archive = get_object_or_404(Archive, pk=archive_id)
    releases = list(archive.releases.select_related("user", "group").order_by("-id"))
    owner = User.objects.filter(private_archive=archive).first()
    context = {
        "here": "archives",
        "archive": archive,
        "owner": owner,
        "addresses": archive.addresses.order_by("valid_until", "address"),
        "open": [given for given in releases if given.revoked_at is None],
        "ended": [given for given in releases if given.revoked_at is not None],
        "is_private": archive.kind == ArchiveKind.PRIVATE,
        "may_be_passed_on": owner is not None and not owner.is_active,
        "is_manual": active_directory().is_manual,
    }
    return render(request, "console/archives/archive.html", context)


@allow("archives:change")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ConsoleRequest) -> HttpResponse:
    """A public archive by hand, where the local list may have them."""
    form = AddArchiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted, by = form.cleaned_data, signed_in(request).login
        try:
            archive = add_public_archive(
                wanted["name"], wanted["addresses"], origin=ArchiveOrigin(wanted["origin"]), by=by
            )
        except UserError as error:
            form.add_error(None, in_words(error))
        else:
            request_assignment(current_addresses(archive), by)
            return redirect("console:archive", archive.pk)
    context = {"here": "archives", "form": form, "may_add": may_have_public_archives()}
    return render(request, "console/archives/archive_add.html", context)


@allow("archives:change")
@require_GET
def readers(request: ConsoleRequest) -> HttpResponse:
    """Suggestions while one types to whom an archive is released."""
    found = list(suggest_readers(request.GET.get("to", "")[:100]))
    return render(request, "console/archives/_readers.html", {"readers": found})


@allow("archives:change")
@require_POST
def give(request: ConsoleRequest, archive_id: int) -> HttpResponse:
    """Let a user, or the members of a group, read a public archive."""
    archive = get_object_or_404(Archive, pk=archive_id)
    try:
        to = find_reader(request.POST.get("to", ""))
        release(
            archive, to=to, by=signed_in(request).login, reason=request.POST.get("reason", "")[:500].strip()
        )
    except UserError as error:
        messages.error(request, in_words(error))
    else:
        name = to.login if isinstance(to, User) else to.name
        messages.success(request, _("%(reader)s may read this archive from now on.") % {"reader": name})
    return redirect("console:archive", archive.pk)


@allow("archives:change")
@require_POST
def end(request: ConsoleRequest, archive_id: int, release_id: int) -> HttpResponse:
    """End a release; at the next click of the reader it is gone."""
    given = get_object_or_404(Release, pk=release_id, archive_id=archive_id)
    revoke(given, by=signed_in(request).login)
    messages.success(request, _("The release has ended."))
    return redirect("console:archive", archive_id)


@allow("archives:change")
@require_POST
def pass_on(request: ConsoleRequest, archive_id: int) -> HttpResponse:
    """Let a successor read the archive of somebody who has left."""
    archive = get_object_or_404(Archive, pk=archive_id)
    try:
        to = get_user(request.POST.get("to", ""))
        hand_over(archive, to=to, by=signed_in(request).login, reason=request.POST.get("reason", "")[:500])
    except UserError as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, _("%(reader)s may read this archive from now on.") % {"reader": to.login})
    return redirect("console:archive", archive.pk)


@allow("archives:change")
@require_POST
def select(request: ConsoleRequest) -> HttpResponse:
    """Manual selection: of the archives shown, those that are ticked take new mail."""
    shown = {int(pk) for pk in request.POST.getlist("shown") if pk.isdecimal()}
    ticked = {int(pk) for pk in request.POST.getlist("selected") if pk.isdecimal()}
    by = signed_in(request).login
    gained = select_archives({pk: pk in ticked for pk in shown}, by=by)
    request_assignment(gained, by)
    number = len(ticked & shown)
    said = ngettext(
        "%(number)d of those shown takes new mail.", "%(number)d of those shown take new mail.", number
    )
    messages.success(request, said % {"number": number})
    if request.POST.get("from") == "archive" and len(shown) == 1:
        return redirect("console:archive", next(iter(shown)))
    return redirect("console:archives")


@allow("archives:change")
@require_POST
def limit_seats(request: ConsoleRequest) -> HttpResponse:
    """How many seats there are, or that there is no limit."""
    form = SeatsForm(request.POST)
    if form.is_valid():
        set_seat_limit(form.cleaned_data["limit"], by=signed_in(request).login)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Please give a number, or nothing for no limit."))
    return redirect("console:archives")


@allow("archives:change")
@require_POST
def plus_addresses(request: ConsoleRequest) -> HttpResponse:
    """Whether name+anything@ is name@, for the whole archive."""
    form = PlusAddressesForm(request.POST)
    if form.is_valid():
        set_plus_addresses(form.cleaned_data["is_on"], by=signed_in(request).login)
        messages.success(request, _("Saved."))
    return redirect("console:archives")
