"""The readers' pages. Stable addresses are listed in docs/reference/urls.md."""

from django.urls import path

from amberpost.web.views import account, entry, message, microsoft, search

urlpatterns = [
    path("", entry.home, name="home"),
    path("health", entry.health, name="health"),
    path("sign-in/", entry.sign_in_page, name="sign-in"),
    path("sign-in/microsoft/", microsoft.go, name="sign-in-microsoft"),
    path("sign-in/microsoft/back/", microsoft.back, name="sign-in-microsoft-back"),
    path("sign-out/", entry.sign_out_page, name="sign-out"),
    path("setup/<str:token>/", entry.set_up, name="set-up"),
    path("search/", search.newest, name="search"),
    path("search/<str:search_id>/", search.results, name="results"),
    path("m/<int:message_id>/", message.show, name="message"),
    path("m/<int:message_id>/html", message.html_frame, name="message-html"),
    path("m/<int:message_id>/print", message.on_paper, name="message-print"),
    path("m/<int:message_id>/raw", message.raw, name="message-raw"),
    path("m/<int:message_id>/part/<path:path>", message.part, name="message-part"),
    path("account/", account.profile, name="account"),
    path("account/password/", account.password, name="change-password"),
]
