"""Django's name for this package."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "amberpost.vault"
    default_auto_field = "django.db.models.BigAutoField"
