"""Django's name for this package."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "amberpost.directory"
    default_auto_field = "django.db.models.BigAutoField"
