"""Django's name for this package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "amberpost.web"
    default_auto_field = "django.db.models.BigAutoField"
