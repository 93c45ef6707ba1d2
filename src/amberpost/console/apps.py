"""Django's name for this package."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "amberpost.console"
    default_auto_field = "django.db.models.BigAutoField"
