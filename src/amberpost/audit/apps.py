"""Django's name for this package."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "amberpost.audit"
    default_auto_field = "django.db.models.BigAutoField"
