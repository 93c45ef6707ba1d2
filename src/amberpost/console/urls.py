"""The operators' pages."""

from django.urls import path

from amberpost.console.views import (
    accounts,
    archives,
    directory,
    integrity,
    overview,
    records,
    source_form,
    sources,
)

app_name = "console"

urlpatterns = [
    path("", overview.show, name="overview"),
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
    path("archives/<int:archive_id>/", archives.show, name="archive"),
    path("archives/<int:archive_id>/release/", archives.give, name="archive-release"),
    path("archives/<int:archive_id>/hand-over/", archives.pass_on, name="archive-hand-over"),
    path("archives/<int:archive_id>/revoke/<int:release_id>/", archives.end, name="archive-revoke"),
    path("sources/", sources.every, name="sources"),
    path("sources/domains/", sources.add_own_domain, name="domain-add"),
    path("sources/domains/<int:domain_id>/remove/", sources.remove_own_domain, name="domain-remove"),
    path("sources/add/", source_form.add, name="source-add"),
    path("sources/<int:source_id>/", sources.show, name="source"),
    path("sources/<int:source_id>/edit/", source_form.edit, name="source-edit"),
    path("sources/<int:source_id>/test/", sources.test, name="source-test"),
    path("sources/<int:source_id>/trust/", sources.trust, name="source-trust"),
    path("sources/<int:source_id>/remove/", sources.remove, name="source-remove"),
    path("sources/<int:source_id>/switch/", sources.switch, name="source-switch"),
    path("sources/<int:source_id>/fetch/", sources.fetch_now, name="source-fetch"),
    path("quarantine/", records.quarantine, name="quarantine"),
    path("jobs/", records.jobs, name="jobs"),
    path("audit/", records.audit, name="audit"),
    path("integrity/", integrity.show, name="integrity"),
    path("integrity/verify/", integrity.verify_now, name="verify"),
    path("system/", overview.system, name="system"),
]
