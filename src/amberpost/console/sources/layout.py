"""In which order and under which headings the fields of a remote account stand."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Heading, fields, and whether it is folded while nothing stands in it
LAYOUT: tuple[tuple[Promise, tuple[str, ...], bool], ...] = (
    (_("Account"), ("name", "protocol", "mail_system", "enabled"), False),
    (_("Server"), ("server", "security", "allow_insecure_oauth"), False),
    (
        _("Sign-in"),
        ("user", "password", "tenant_id", "client_id", "client_secret", "secret_expires_on"),
        False,
    ),
    (_("Advanced: national clouds"), ("authority", "scope"), True),
    (
        _("Collecting"),
        ("interval_minutes", "keep_mails", "max_size_mb", "folders_text", "silence_hours"),
        False,
    ),
    (_("Whose mail it is"), ("evaluation_mode", "custom_header"), False),
    (_("Certificate of the server"), ("ca_pem", "ca_file", "certificate_sha256"), True),
)
