"""Header evaluation: what each of the six would find in a message the operator brings; nothing is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from amberpost.accounts.access import allow
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.sources.preview_form import FILE_BYTES, TOO_LARGE, PreviewForm
from amberpost.directory.archives.book import load_address_book
from amberpost.message.types import Flag
from amberpost.reading.preview import Evaluated, EvaluationPreview, archive_names, preview
from amberpost.reading.reasons import LABELS
from amberpost.road.marks import marks_of
from amberpost.road.reasons import Reason
from amberpost.spoken import in_words

_SHOWN = 30  # addresses and archives of one evaluation
_PLAIN = (Reason.X_ENVELOPE_TO, Reason.X_ORIGINAL_TO, Reason.DELIVERED_TO, Reason.CUSTOM)
_CHUNK_BYTES = 64 * 1024
_PATIENCE_BYTES = 64 * 1024 * 1024
_FORM_BYTES = 64 * 1024  # what the other fields and the borders between them need


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """One evaluation in the table."""

    mode: str
    custom: str
    is_chosen: bool  # by the account
    addresses: Sequence[tuple[str, str]]  # with the reason in words
    further_addresses: int
    archives: Sequence[str]
    further_archives: int
    error: str  # why it could not be processed


@allow("sources:change")
@sensitive_post_parameters("text", "file")
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_exempt  # here only: the body may be parsed (for the token) once its handler is set; _checked() has the check
def show(request: ConsoleRequest) -> HttpResponse:
    """The form, and below it what was found."""
    if request.method != "POST":
        return _page(request, PreviewForm())
    if int(request.META.get("CONTENT_LENGTH") or 0) > FILE_BYTES + _FORM_BYTES:
        _let_pass(request)
        return _too_large(request)
    request.upload_handlers = [MemoryFileUploadHandler(request)]  # mail in clear never lies on a disk
    try:
        return _checked(request)
    except RequestDataTooBig:
        return _too_large(request)


@csrf_protect
def _checked(request: ConsoleRequest) -> HttpResponse:
    form = PreviewForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    account = form.cleaned_data["account"]
    seen = preview(form.raw, load_address_book(), form.cleaned_data["custom"])
    record(signed_in(request).login, Action.PREVIEW_MADE, account.name if account else "")
    names = archive_names(archive for mode in seen.modes for archive in mode.archive_ids)
    chosen = account.evaluation if account else ""
    rows = [_row(mode, names, is_chosen=mode.mode == chosen) for mode in seen.modes]
    return _page(request, form, rows=rows, account=account, **_facts(seen))


def _let_pass(request: ConsoleRequest) -> None:
    """A browser shows no answer before it has sent everything."""
    for _ in range(_PATIENCE_BYTES // _CHUNK_BYTES):
        if not request.read(_CHUNK_BYTES):
            return


def _too_large(request: ConsoleRequest) -> HttpResponse:
    return _page(request, PreviewForm(), problem=TOO_LARGE)


def _page(request: ConsoleRequest, form: PreviewForm, **found: object) -> HttpResponse:
    return render(request, "console/sources/preview.html", {"here": "sources", "form": form, **found})


def _facts(seen: EvaluationPreview) -> dict[str, object]:
    return {
        "is_report": seen.is_journal_report,
        "is_from_ndr": seen.is_journal_report and Flag.FROM_NDR in seen.flags,
        "is_suspicious": Flag.SUSPICIOUS in seen.flags,
        "marks": marks_of(seen.flags - {Flag.SUSPICIOUS, Flag.FROM_NDR}),
    }


def _row(mode: Evaluated, names: Mapping[int, str], *, is_chosen: bool) -> EvaluationRow:
    name, _, custom = mode.mode.partition(":")
    return EvaluationRow(
        mode=name,
        custom=custom,
        is_chosen=is_chosen,
        addresses=[(claim.address, _reason(claim.reason)) for claim in mode.claims[:_SHOWN]],
        further_addresses=max(0, len(mode.claims) - _SHOWN),
        archives=[names.get(archive, str(archive)) for archive in mode.archive_ids[:_SHOWN]],
        further_archives=max(0, len(mode.archive_ids) - _SHOWN),
        error=in_words(mode.error),
    )


def _reason(reason: Reason) -> str:
    """In words, where the name of the evaluation does not say it."""
    return "" if reason in _PLAIN else str(LABELS[reason])
