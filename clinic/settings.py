"""Django's settings. Everything a deployment may change comes from the environment (see README)."""

import logging
from pathlib import Path
from typing import Any

import bootstrap_wrapper
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clinic.accounts.keys import checked as checked_keys
from clinic.accounts.keys import demo_keys
from clinic.backup.keys import checked as checked_backup_keys
from clinic.backup.keys import demo_keys as demo_backup_keys
from clinic.embedded import valkey
from clinic.environment import (
    data_directory,
    database_from_url,
    env_bool,
    env_int,
    env_list,
    env_matching,
    env_str,
    env_together,
)
from clinic.logs import lines
from clinic.mail import provider_from_environment
from clinic.secret import demo_key, metrics_token, production_key

BASE_DIR = Path(__file__).resolve().parent.parent

# "demo" runs on this machine for one person to look at; "production" takes every secret from the
# environment, insists on https and never makes demo data.
ENVIRONMENT = env_str("CHAIRSIDE_ENV", "demo")
if ENVIRONMENT not in {"demo", "production"}:
    raise ImproperlyConfigured(f"CHAIRSIDE_ENV must be demo or production, not {ENVIRONMENT!r}.")
PRODUCTION = ENVIRONMENT == "production"

# Where embedded servers, the demo's secret key and files written at run time live.
DATA_DIR = data_directory()

DEBUG = env_bool("DEBUG", default=False)
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("DEBUG must be off when CHAIRSIDE_ENV=production.")
SECRET_KEY = production_key(env_str("SECRET_KEY")) if PRODUCTION else demo_key(DATA_DIR)

if PRODUCTION:
    ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts that serve Chairside, e.g. chairs.example.org")
    # Where links in messages lead; the scheme is always https.
    CSRF_TRUSTED_ORIGINS = [f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS]
else:
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env_list("ALLOWED_HOSTS")]

# The proxy sets X-Forwarded-Proto and X-Forwarded-For, always.
BEHIND_PROXY = env_bool("BEHIND_PROXY", default=False)

# --- Apps, in the order of the rooms -------------------------------------------------------------

INSTALLED_APPS = [
    "clinic",
    "clinic.audit",
    "clinic.backup",
    "therapies",
    "patients",
    "scheduling",
    "reminders",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
]

MIDDLEWARE = [
    "clinic.logs.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "clinic.headers.HeadersMiddleware",
    "clinic.headers.SizeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.audit.middleware.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.accounts.middleware.LockMiddleware",
    # Fails closed: a view is for people who are logged in unless it says @login_not_required.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "clinic.accounts.middleware.SecondStepMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database ------------------------------------------------------------------------------------

DATABASE_URL = env_str("DATABASE_URL", "")
if PRODUCTION and not DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL 18 server when CHAIRSIDE_ENV=production.")

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **(
            database_from_url(DATABASE_URL)
            if DATABASE_URL
            else {
                "ENGINE": "clinic.embedded",
                "NAME": "chairside",
                # Two keys of our own engine: where its files are, and whether a power cut may lose them.
                "HOME": DATA_DIR / "postgres",
                "VOLATILE": False,
            }
        ),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

# --- Backups -------------------------------------------------------------------------------------

# The newest first: it encrypts, all of them open.
BACKUP_KEYS = checked_backup_keys(
    env_list("BACKUP_KEYS") if PRODUCTION else env_list("BACKUP_KEYS") or demo_backup_keys(DATA_DIR)
)
BACKUP_EVERY_HOURS = env_int("BACKUP_EVERY_HOURS", 4, most=7 * 24)  # 0: somebody else sees to it
BACKUP_DIR = (BASE_DIR / env_str("BACKUP_DIR", str(DATA_DIR / "backups"))).resolve()
if PRODUCTION and BACKUP_EVERY_HOURS and not env_str("BACKUP_DIR", ""):
    raise ImproperlyConfigured(
        "BACKUP_DIR must name a directory on another disk or machine than the database's (or BACKUP_EVERY_HOURS=0)."
    )
BACKUP_KEEP_DAYS = env_int("BACKUP_KEEP_DAYS", 14)
BACKUP_KEEP_WEEKS = env_int("BACKUP_KEEP_WEEKS", 8)
BACKUP_KEEP_MONTHS = env_int("BACKUP_KEEP_MONTHS", 12)
# Where pg_dump and pg_restore are; empty: wherever they are found.
POSTGRES_PROGRAMS = env_str("POSTGRES_PROGRAMS", "")

# In the database: shared by all web processes, and there when the broker is not.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clinic_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# --- Background work -----------------------------------------------------------------------------

EMBEDDED_BROKER: Path | None = None
REDIS_URL = env_str("REDIS_URL", "")
if not REDIS_URL:
    if PRODUCTION:
        raise ImproperlyConfigured("REDIS_URL must name a Valkey or Redis server when CHAIRSIDE_ENV=production.")
    EMBEDDED_BROKER = DATA_DIR / "valkey"
    REDIS_URL = valkey.url(EMBEDDED_BROKER)

# --- People, sessions, security ------------------------------------------------------------------

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["clinic.accounts.backend.Backend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

ACCOUNT_ADAPTER = "clinic.accounts.signing_in.Adapter"
ACCOUNT_FORMS = {
    "login": "clinic.accounts.signing_in.SignInForm",
    "reauthenticate": "clinic.accounts.signing_in.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
# Counted in the shared cache: of all web processes together. "key" is a user name, or a locked session.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "unlock": "5/12h/key",
    "emergency": "10/h/user",
    "visit_page": "60/m/ip",
    "birth_date": "20/10m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# A second step after the password: asked of everyone in production, offered elsewhere.
SECOND_STEP_REQUIRED = env_bool("SECOND_STEP", default=PRODUCTION)
if PRODUCTION and not SECOND_STEP_REQUIRED:
    raise ImproperlyConfigured("SECOND_STEP must be on when CHAIRSIDE_ENV=production.")
# The newest first: it encrypts, all of them decrypt.
SIGN_IN_KEYS = checked_keys(env_list("SIGN_IN_KEYS") if PRODUCTION else env_list("SIGN_IN_KEYS") or demo_keys(DATA_DIR))
MFA_ADAPTER = "clinic.accounts.second_step.Adapter"
MFA_FORMS = {
    "authenticate": "clinic.accounts.second_step.AuthenticateForm",
    "reauthenticate": "clinic.accounts.second_step.ReauthenticateForm",
    "activate_totp": "clinic.accounts.second_step.ActivateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Chairside"
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_RECOVERY_CODES_SHOW_ONCE = True

SESSION_ENGINE = "clinic.accounts.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60  # one long clinic day
# Without anything done for so long a screen locks: a nurse's tablet, a desk.
IDLE_SECONDS_TABLET = env_int("IDLE_SECONDS_TABLET", 5 * 60, least=60, most=15 * 60)
IDLE_SECONDS_DESK = env_int("IDLE_SECONDS_DESK", 15 * 60, least=60, most=30 * 60)
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
# The platform's own probes and monitor speak plain http to the process.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the HSTS preload list is for the owner of the whole domain to join
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# The largest thing sent here is a spreadsheet of patients of 5 MB. It stays in memory: no copy of it in /tmp.
MOST_BYTES_SENT = FILE_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
SECURE_REFERRER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Pages ---------------------------------------------------------------------------------------

TEMPLATES = [
    {
        # Without DEBUG Django caches compiled templates by itself.
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.navigation.header",
                "clinic.accounts.context.lock",
                "clinic.once.context.once",
                "patients.context.emergencies",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", bootstrap_wrapper.get_bootstrap_dir())]
# Production serves hashed names from `collectstatic`; elsewhere files are served as they lie, with no build step.
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Language and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Chicago"

# --- E-mail: to a server or a provider when one is named, else into files that can be looked at ----

EMAIL_HOST = env_str("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env_str("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env_str("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_TLS", default=True)
EMAIL_TIMEOUT = env_int("SEND_TIMEOUT_SECONDS", 10, least=1, most=60)
# A provider also reports to /hooks/email/ what bounced later.
EMAIL_PROVIDER, ANYMAIL = provider_from_environment(timeout=EMAIL_TIMEOUT)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env_matching(
    "EMAIL_FROM",
    "Smart Infusion <no-reply@localhost>",
    pattern=r"[^\s<>@]+@[^\s<>@]+|[^<>@]+<[^\s<>@]+@[^\s<>@]+>",
    example="Smart Clinics <no-reply@clinics.example.org>",
)
if EMAIL_PROVIDER and not env_str("EMAIL_FROM", ""):
    raise ImproperlyConfigured("EMAIL_FROM must be set too: an address that your provider may send for.")
EMAIL_FILE_PATH = DATA_DIR / "mail"
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
else:
    EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"

# --- Messages to patients -------------------------------------------------------------------------

# Where links in messages lead.
PUBLIC_URL = env_matching(
    "PUBLIC_URL",
    f"https://{ALLOWED_HOSTS[0].removeprefix('.')}" if PRODUCTION else f"http://localhost:{env_int('PORT', 8000)}",
    pattern=r"https://[^/\s]+" if PRODUCTION else r"https?://[^/\s]+",
    example="https://chairs.example.org",
)
# Who is calling, where a clinic has no name of its own for messages: it must betray no illness and no treatment.
SENDER_NAME = env_matching(
    "SENDER_NAME", "Smart Clinics", pattern=r"[A-Za-z0-9 .,&'-]{2,20}", example="Northside Clinic (20 plain characters)"
)

# Texts go by Twilio when its account is named. Without, and without a way for e-mail, messages of the demonstration are
# kept in the outbox only, and in production they are withheld and listed.
TWILIO: dict[str, str] | None = None
if env_together("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"):
    TWILIO = {
        "account": env_matching(
            "TWILIO_ACCOUNT_SID", "", pattern=r"AC[0-9a-f]{32}", example="AC and 32 digits of 0-9a-f"
        ),
        "token": env_str("TWILIO_AUTH_TOKEN"),
        "from": env_matching(
            "TWILIO_FROM",
            "",
            pattern=r"\+[1-9]\d{7,14}|MG[0-9a-f]{32}",
            example="+17155550100 or a messaging service (MG…)",
        ),
        # Somewhere else than the provider, for tests.
        "url": env_matching(
            "TWILIO_URL", "https://api.twilio.com", pattern=r"https?://[^/\s]+", example="https://host:port"
        ),
    }

# Seconds: waiting for a provider, between two looks at what is due, until a worker that took messages counts as lost.
SEND_TIMEOUT = env_int("SEND_TIMEOUT_SECONDS", 10, least=1, most=60)
DISPATCH_EVERY = env_int("DISPATCH_SECONDS", 60, least=1, most=300)
MESSAGE_LEASE = env_int("MESSAGE_LEASE_SECONDS", 300, least=2, most=3600)
if MESSAGE_LEASE <= SEND_TIMEOUT:
    raise ImproperlyConfigured("MESSAGE_LEASE_SECONDS must be more than SEND_TIMEOUT_SECONDS.")

# --- Whoever keeps it running ---------------------------------------------------------------------

# What the monitor shows to read /metrics. Without it nobody reads them in production.
METRICS_TOKEN = metrics_token(env_str("METRICS_TOKEN", ""))

# --- Log: one line per event, to stderr -------------------------------------------------------------

LOGGING = lines.from_environment()
logging.captureWarnings(PRODUCTION)
