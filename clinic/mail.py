"""The e-mail provider that the environment names, in the settings that django-anymail reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from clinic.environment import env_matching, env_secret, env_str, env_together


@dataclass(frozen=True, slots=True)
class _Provider:
    """How anymail names a provider's settings, and what its webhook is verified by."""

    key_setting: str
    hook_setting: str
    url_setting: str
    hook_pattern: str
    hook_example: str


# Both of these anymail supports in full, and both need no more than a key.
_PROVIDERS = {
    "mailgun": _Provider(
        key_setting="MAILGUN_API_KEY",
        hook_setting="MAILGUN_WEBHOOK_SIGNING_KEY",
        url_setting="MAILGUN_API_URL",
        hook_pattern=r"[!-~]{16,}",
        hook_example="the HTTP webhook signing key of your account",
    ),
    "postmark": _Provider(
        key_setting="POSTMARK_SERVER_TOKEN",
        hook_setting="WEBHOOK_SECRET",
        url_setting="POSTMARK_API_URL",
        hook_pattern=r"[!-9;-~]+:[!-~]{12,}",
        hook_example="name:password, the password of 12 characters or more",
    ),
}


def provider_from_environment(*, timeout: int) -> tuple[str, Mapping[str, Any]]:
    """The provider's name, empty without one, and its settings for anymail. Raises `ImproperlyConfigured`."""
    if not env_together("EMAIL_PROVIDER", "EMAIL_API_KEY", "EMAIL_HOOK_SECRET"):
        if env_str("EMAIL_API_URL", ""):
            raise ImproperlyConfigured("EMAIL_API_URL needs EMAIL_PROVIDER, EMAIL_API_KEY and EMAIL_HOOK_SECRET.")
        return "", {}
    name = env_matching("EMAIL_PROVIDER", "", pattern="|".join(_PROVIDERS), example=" or ".join(_PROVIDERS))
    if env_str("EMAIL_HOST", ""):
        raise ImproperlyConfigured("Set EMAIL_HOST for a mail server or EMAIL_PROVIDER for a provider, not both.")
    provider = _PROVIDERS[name]
    found: dict[str, Any] = {
        provider.key_setting: env_secret(
            "EMAIL_API_KEY", pattern=r"[!-~]{16,}", example="the key that the provider gave you"
        ),
        provider.hook_setting: env_secret(
            "EMAIL_HOOK_SECRET", pattern=provider.hook_pattern, example=provider.hook_example
        ),
        "REQUESTS_TIMEOUT": timeout,
    }
    if url := env_matching("EMAIL_API_URL", "", pattern=r"https?://\S+", example="https://api.eu.mailgun.net/v3"):
        found[provider.url_setting] = url
    return name, found
