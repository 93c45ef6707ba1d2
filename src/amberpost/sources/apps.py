"""Django's name for this package."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "amberpost.sources"
    default_auto_field = "django.db.models.BigAutoField"
