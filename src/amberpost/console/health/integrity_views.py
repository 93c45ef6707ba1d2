"""Whether bytes, ledger and catalogue agree: the last verification, the checkpoints, and a new look."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.permissions import may
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.errors import IntegrityError
from amberpost.health.verified import read_verified, standing
from amberpost.health.verify import request_verify
from amberpost.ledger.checkpoint import Checkpoint, verify_checkpoint
from amberpost.road.models import Work, WorkKind
from amberpost.road.open import LogPair, Vault
from amberpost.spoken import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The published head of one log, as it is on disk now."""

    log: str
    checkpoint: Checkpoint | None
    problem: str

    @property
    def root(self) -> str:
        return self.checkpoint.root.hex() if self.checkpoint else ""


@allow("integrity:verify")
@require_GET
def show(request: ConsoleRequest) -> HttpResponse:
    """Checkpoints, the last verification and its findings."""
    verified = read_verified(request.vault.disk)
    found = max(standing(verified), key=lambda run: (bool(run.error), run.findings_count), default=None)
    context = {
        "here": "integrity",
        "heads": [_head(request.vault, pair) for pair in (request.vault.mail, request.vault.audit)],
        "verified": verified,
        "found": found,
        "waiting": Work.objects.filter(kind=WorkKind.VERIFY, finished_at=None).first(),
    }
    return render(request, "console/health/integrity.html", context)


@allow("integrity:verify")
@require_POST
def verify_now(request: ConsoleRequest) -> HttpResponse:
    """Ask the worker for a quick verification, unless one is waiting."""
    request_verify(signed_in(request).login)
    messages.success(request, _("The verification now runs as a job; leaving this page does not stop it."))
    return redirect("console:jobs" if may(signed_in(request), "console:see") else "console:integrity")


def _head(vault: Vault, pair: LogPair) -> Head:
    """Read anew: this process opened the log some time ago."""
    try:
        text = vault.disk.read(f"{pair.name}/ledger/checkpoint")
        checkpoint = verify_checkpoint(text, pair.ledger.verification_key)
    except FileNotFoundError:
        return Head(log=pair.name, checkpoint=None, problem=_("There is no checkpoint yet."))
    except IntegrityError as error:
        return Head(log=pair.name, checkpoint=None, problem=in_words(error))
    return Head(log=pair.name, checkpoint=checkpoint, problem="")
