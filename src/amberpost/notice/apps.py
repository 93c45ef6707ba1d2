"""Django's name for this package."""

from django.apps import AppConfig


class NoticeConfig(AppConfig):
    name = "amberpost.notice"
    default_auto_field = "django.db.models.BigAutoField"
