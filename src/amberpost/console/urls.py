"""The operators' pages."""

from django.urls import path

from amberpost.console.archives import views as archives
from amberpost.console.directory import views as directory
from amberpost.console.guides import views as guides
from amberpost.console.health import configuration_views as configuration
from amberpost.console.health import integrity_views as integrity
from amberpost.console.health import records_views as records
from amberpost.console.notices import views as notices
from amberpost.console.overview import views as overview
from amberpost.console.people import views as accounts
from amberpost.console.setup import views as assistant
from amberpost.console.sources import form_views as source_form
from amberpost.console.sources import preview_views as preview
from amberpost.console.sources import views as sources

app_name = "console"

urlpatterns = [
    path("", overview.show, name="overview"),
    path("place/", overview.place, name="place"),
    path("accounts/", accounts.everybody, name="accounts"),
    path("accounts/add/", accounts.add, name="account-add"),
    path("accounts/<int:user_id>/", accounts.edit, name="account"),
    path("accounts/<int:user_id>/password/", accounts.new_password, name="account-password"),
    path("accounts/<int:user_id>/switch/", accounts.switch, name="account-switch"),
    path("directory/", directory.show, name="directory"),
    path("directory/settings/", directory.settings, name="directory-settings"),
    path("directory/test/", directory.test, name="directory-test"),
    path("directory/changes/", directory.changes, name="directory-changes"),
    path("directory/sync/", directory.sync, name="directory-sync"),
    path("archives/", archives.every, name="archives"),
    path("archives/add/", archives.add, name="archive-add"),
    path("archives/readers/", archives.readers, name="archive-readers"),
    path("archives/select/", archives.select, name="archives-select"),
    path("archives/seats/", archives.limit_seats, name="seats"),
    path("archives/plus-addresses/", archives.plus_addresses, name="plus_addresses"),
    path("archives/<int:archive_id>/", archives.show, name="archive"),
    path("archives/<int:archive_id>/release/", archives.give, name="archive-release"),
    path("archives/<int:archive_id>/hand-over/", archives.pass_on, name="archive-hand-over"),
    path("archives/<int:archive_id>/revoke/<int:release_id>/", archives.end, name="archive-revoke"),
    path("sources/", sources.every, name="sources"),
    path("sources/domains/", sources.add_own_domain, name="domain-add"),
    path("sources/domains/<int:domain_id>/remove/", sources.remove_own_domain, name="domain-remove"),
    path("sources/preview/", preview.show, name="preview"),
    path("sources/add/", source_form.add, name="source-add"),
    path("sources/<int:source_id>/", sources.show, name="source"),
    path("sources/<int:source_id>/edit/", source_form.edit, name="source-edit"),
    path("sources/<int:source_id>/test/", sources.test, name="source-test"),
    path("sources/<int:source_id>/trust/", sources.trust, name="source-trust"),
    path("sources/<int:source_id>/remove/", sources.remove, name="source-remove"),
    path("sources/<int:source_id>/switch/", sources.switch, name="source-switch"),
    path("sources/<int:source_id>/fetch/", sources.fetch_now, name="source-fetch"),
    path("guides/", guides.overview, name="guides"),
    path("guides/microsoft-365/", guides.microsoft_365, name="guide-microsoft-365"),
    path("guides/exchange/", guides.exchange, name="guide-exchange"),
    path("guides/postfix/", guides.postfix, name="guide-postfix"),
    path("guides/google/", guides.google, name="guide-google"),
    path("notices/", notices.show, name="notices"),
    path("notices/test/", notices.test, name="notice-test"),
    path("quarantine/", records.quarantine, name="quarantine"),
    path("jobs/", records.jobs, name="jobs"),
    path("audit/", records.audit, name="audit"),
    path("integrity/", integrity.show, name="integrity"),
    path("integrity/verify/", integrity.verify_now, name="verify"),
    path("system/", overview.system, name="system"),
    path("system/time-zone/", configuration.time_zone, name="time-zone"),
    path("system/configuration/", configuration.export, name="configuration"),
    path("assistant/", assistant.resume, name="assistant"),
    path("assistant/<int:number>/", assistant.step, name="assistant-step"),
]
