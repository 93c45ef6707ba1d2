"""How a connection to another server is encrypted."""

from typing import Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

SecurityName = Literal["starttls", "ssl", "none"]


class Security(models.TextChoices):
    STARTTLS = "starttls", "STARTTLS"
    SSL = "ssl", "SSL"
    NONE = "none", _("none (insecure)")
