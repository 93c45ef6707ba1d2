"""Signing in, here and at a login server."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    # Sign-in
    "sign_in_wrong": _("Login and password do not match."),
    "sign_in_wait_a_minute": _("Too many attempts. Please try again in a minute."),
    "sign_in_wait": _("Too many attempts. Please try again in %(minutes)d minutes."),
    "sign_in_password_expired": _(
        "Your password has expired. Please change it as you do for your computer, then sign in here."
    ),
    "sign_in_password_must_change": _(
        "Your password must be changed first. Please change it as you do for your computer, then sign"
        " in here."
    ),
    "sign_in_disabled": _("Your account is disabled in the directory."),
    "sign_in_account_expired": _("Your account in the directory has expired."),
    "sign_in_not_now": _("The directory does not let you sign in at this time, or from here."),
    "sign_in_unknown_here": _(
        "Your password is right, but you have no account in this archive. Please ask your operator."
    ),
    "sign_in_directory_down": _(
        "You are not signed in: the directory cannot be reached, so its users cannot sign in at the "
        "moment. A local operator still can."
    ),
    "microsoft_denied": _("Microsoft did not let you in: you declined, or you are not assigned to this app."),
    "microsoft_consent": _(
        "An administrator of your company must first consent to this app. Please tell your operator."
    ),
    "microsoft_tenant": _(
        "This is an account of another company. Please choose the one of your own company."
    ),
    "microsoft_clock": _(
        "The clocks of this archive and of Microsoft differ too much. Please tell your operator."
    ),
    "microsoft_down": _(
        "Microsoft's sign-in cannot be reached at the moment. A local operator can still sign in."
    ),
    "microsoft_settings": _("The sign-in with Microsoft is not set up correctly. Please tell your operator."),
    "microsoft_untrusted": _(
        "Microsoft's answer cannot be accepted. Please try again, then tell your operator: %(code)s"
    ),
    "microsoft_unknown_here": _(
        "You are signed in with Microsoft as %(name)s, but have no account in this archive. Please "
        "ask your operator."
    ),
    "archive_unknown": _("There is no such archive"),
    "account_wrong": _("An account in this configuration cannot be used"),
    "configuration_damaged": _("This is not an exported configuration, or it is damaged"),
    # Microsoft's login: what its codes mean
    "AADSTS7000215": _(
        "The client secret is wrong. Enter the Value of the secret, not its Secret ID. The Value is "
        "shown only once, right after the secret was made; if it is lost, make a new secret."
    ),
    "AADSTS7000222": _(
        "The client secret has expired. Make a new secret for the app and enter its Value here."
    ),
    "AADSTS700016": _(
        "The app is not known in this tenant. Check the client ID (the Application ID, not the Object"
        " ID) and the tenant ID."
    ),
    "AADSTS90002": _("The tenant does not exist. Check the tenant ID."),
    "AADSTS900023": _(
        "The tenant ID is neither a valid ID nor a domain name. Copy it again from the overview."
    ),
    "AADSTS70011": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS1002012": _("The scope is not valid. Leave it as it was preset, it ends in /.default."),
    "AADSTS7000112": _(
        "The app is disabled in the tenant. Enable sign-in for it under Enterprise applications."
    ),
    "AADSTS53003": _(
        "A Conditional Access policy blocks the app. Let it in, or sign in from an allowed place."
    ),
    "oauth_refused": _("Microsoft's sign-in refuses the app. Its words and the code say why."),
    # Login servers
    "login_server_refuses": _("The login server refuses"),
    "login_server_unreachable": _("The login server cannot be reached"),
    "tenant_not_single": _("The tenant must be a single one"),
    "login_server_other_tenant": _("The login server answers for another tenant"),
    "id_token_none": _("The login server gave no ID token"),
    "id_token_other_attempt": _("The ID token is of another attempt"),
    "id_token_other_tenant": _("The ID token is of another tenant"),
    "id_token_nobody": _("The ID token names nobody"),
    "tenant_untold": _("The login server does not tell about the tenant"),
    "login_server_misunderstood": _("The login server gave an answer we do not understand"),
    "id_token_key_unknown": _("The ID token has an unknown key"),
    "login_server_foreign_address": _("The login server names a foreign address"),
    "clocks_differ": _("The clocks differ"),
    "id_token_bad": _("The ID token is not good"),
    "login_server_no_token": _("The login server gave an answer without a token"),
    "login_server_no_lifetime": _("The login server does not say how long the token is good"),
    "login_server_asks_to_wait": _("The login server asks us to wait"),
    "login_server_untrusted": _("The certificate of the login server cannot be trusted"),
    "login_server_timeout": _("The login server did not answer in time"),
    "login_server_too_large": _("The answer of the login server is too large"),
    "login_server_no_http": _("The login server does not speak HTTP"),
    "user_or_server_control_characters": _("The user name or server contains control characters"),
}
