"""Django's name for this package."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "amberpost.signin"
    default_auto_field = "django.db.models.BigAutoField"
