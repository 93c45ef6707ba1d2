"""Django's settings, built from the archive's own configuration.

Nothing here is meant to be edited: what an installation decides stands in config.toml or the environment.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from amberpost.config import Config, current
from amberpost.site.secret import session_secret
from amberpost.store.untouched import reading_uri

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_config = current()
_url = urlsplit(_config.url)


def _database(config: Config) -> dict[str, object]:
    catalogue = config.data / "catalogue.db"
    if not config.database and config.read_only:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": reading_uri(catalogue),
            "OPTIONS": {"timeout": 30, "init_command": "PRAGMA query_only=ON;"},
        }
    if not config.database:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(catalogue),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(config.database)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c default_transaction_read_only=on"} if config.read_only else {},
    }


def _hosts(config: Config) -> list[str]:
    """The names we answer to: the public one, and this machine for itself."""
    listen = config.listen.rpartition(":")[0].strip("[]")
    names = {_url.hostname or "", listen, *_LOOPBACK} - {"", "0.0.0.0", "::"}  # noqa: S104  compared, not bound
    return sorted(f"[{name}]" if ":" in name else name for name in names)


SECRET_KEY = SimpleLazyObject(lambda: session_secret(_config.data))  # a command that only reads makes no file
DEBUG = False
ALLOWED_HOSTS = _hosts(_config)
FORCE_SCRIPT_NAME = _url.path or None
CSRF_TRUSTED_ORIGINS = [f"{_url.scheme}://{_url.netloc}"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "amberpost.accounts",
    "amberpost.signin",
    "amberpost.directory",
    "amberpost.sources",
    "amberpost.notice",
    "amberpost.audit",
    "amberpost.road",
    "amberpost.web",
    "amberpost.console",
]

MIDDLEWARE = [
    "amberpost.web.csp.SecurityHeaders",
    "amberpost.site.static.StaticFiles",
    "amberpost.web.fetch_site.SameSiteOnly",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "amberpost.signin.login.SessionRules",
    "amberpost.web.locale.UserLocale",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "amberpost.site.vault.WithVault",
    "amberpost.web.errors.ErrorPages",
]

ROOT_URLCONF = "amberpost.site.urls"
WSGI_APPLICATION = "amberpost.site.wsgi.application"
DATABASES = {"default": _database(_config)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parents[1]],  # a page of the console lies beside its view: console/archives/…
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "amberpost.web.context.page",
            ],
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["amberpost.signin.login.LocalUsers"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "search"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, object]] = [
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "amberpost.signin.login.LongestPassword"},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "name")},
    },
]

# Over plain http only this machine may sign in, unless a test says otherwise (ASVS 3.3).
_secure = not (_config.insecure_cookies or (_url.scheme == "http" and _url.hostname in _LOOPBACK))
_prefix = ("__Secure-" if _url.path else "__Host-") if _secure else ""
SESSION_COOKIE_NAME = f"{_prefix}amberpost"
SESSION_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_PATH = f"{_url.path}/"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = f"{_prefix}amberpost-form"
CSRF_COOKIE_SECURE = _secure
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_PATH = f"{_url.path}/"
CSRF_FAILURE_VIEW = "amberpost.web.errors.form_expired"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # pages take small forms only

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("fr", _("French"))]
LANGUAGE_COOKIE_NAME = f"{_prefix}amberpost-language"
FORMAT_MODULE_PATH = ["amberpost.site.formats"]
LOCALE_PATHS = [str(Path(__file__).parents[1] / "locale")]

STATIC_URL = f"{_url.path}/static/"
STORAGES = {"staticfiles": {"BACKEND": "amberpost.site.static.HashedNames"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING_CONFIG = None  # amberpost.logs sets up logging, once, in the entry point
