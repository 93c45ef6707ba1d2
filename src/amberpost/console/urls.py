"""The operators' pages."""

from django.urls import path

from amberpost.console.views import (
    accounts,
    assistant,
    configuration,
    guides,
    integrity,
    notices,
    overview,
    preview,
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
    path("system/configuration/", configuration.export, name="configuration"),
    path("assistant/", assistant.resume, name="assistant"),
    path("assistant/<int:number>/", assistant.step, name="assistant-step"),
]
