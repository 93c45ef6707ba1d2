"""The whole configuration as a file to take away, and the time zone, which the browser offers once."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from amberpost.accounts.access import allow
from amberpost.accounts.choices import zone_choices
from amberpost.accounts.installation import current_installation, save_installation
from amberpost.audit.actions import Action
from amberpost.audit.record import record
from amberpost.clock import now
from amberpost.console.request import ConsoleRequest, signed_in
from amberpost.console.setup.forms import ExportForm
from amberpost.governance.configuration import export_configuration, is_untouched


@allow("system:change")
@sensitive_post_parameters("passphrase", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: ConsoleRequest) -> HttpResponse:
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
    return render(request, "console/health/configuration.html", context)


@allow("system:change")
@require_POST
def time_zone(request: ConsoleRequest) -> HttpResponse:
    """The answer to the browser's offer. Either way somebody has decided, and it is not made again."""
    zone = request.POST.get("zone", "") if request.POST.get("answer") == "yes" else "UTC"
    if zone not in dict(zone_choices()) and zone != "UTC":
        messages.error(request, _("This machine does not know the time zone %(zone)s.") % {"zone": zone[:50]})
        return redirect("console:overview")
    row = current_installation()
    with transaction.atomic():
        save_installation(name=row.name, language=row.language, time_zone=zone)
        record(signed_in(request).login, Action.INSTALLATION_CHANGED, fields="time_zone")
    said = _("Times are shown in the time zone %(zone)s.") % {"zone": zone.replace("_", " ")}
    messages.success(request, said)
    return redirect("console:overview")
