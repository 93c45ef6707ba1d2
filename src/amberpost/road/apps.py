"""Django's name for this package."""

from django.apps import AppConfig


class RoadConfig(AppConfig):
    name = "amberpost.road"
    default_auto_field = "django.db.models.BigAutoField"
