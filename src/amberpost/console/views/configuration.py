"""The whole configuration as a file to take away."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from amberpost.accounts.access import allow
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.console.assistant_forms import ExportForm
from amberpost.console.request import Request, signed_in
from amberpost.vault.configuration import export_configuration, is_untouched


@allow("system:change")
@sensitive_post_parameters("passphrase", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: Request) -> HttpResponse:
    """Ask for a passphrase, then hand out the file. Recorded."""
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        passphrase = form.cleaned_data["passphrase"] or None
        data = export_configuration(request.vault.keys.open_setting, passphrase)
        record(signed_in(request).login, Action.CONFIG_EXPORTED, secrets=passphrase is not None)
        day = timezone.localtime(now()).date().isoformat()
        headers = {"Content-Disposition": f'attachment; filename="amberpost-configuration-{day}.json"'}
        return HttpResponse(data, content_type="application/json", headers=headers)
    context = {"here": "system", "form": form, "may_import": is_untouched(signed_in(request))}
    return render(request, "console/configuration.html", context)
