"""All addresses: the readers' pages at the root, the operators' under /console/."""

from django.urls import include, path

import amberpost.site.checks  # noqa: F401  registers our system checks

urlpatterns = [
    path("", include("amberpost.web.urls")),
    path("console/", include("amberpost.console.urls")),
]

handler400 = "amberpost.web.errors.bad_request"
handler403 = "amberpost.web.errors.no_right"
handler404 = "amberpost.web.errors.not_found"
handler500 = "amberpost.web.errors.broken"
