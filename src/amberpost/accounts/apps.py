"""Django's name for this package."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "amberpost.accounts"
    default_auto_field = "django.db.models.BigAutoField"
