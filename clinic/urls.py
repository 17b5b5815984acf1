"""Where each address leads. Every room brings its own."""

from importlib.util import find_spec

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import URLPattern, URLResolver, include, path

from . import health, metrics

# One door: its own would let people in without the second step and without limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Accounts are looked after under Staff.
admin.site.unregister([Group, EmailAddress, Authenticator])

handler500 = "clinic.away.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("clinic.accounts.urls")),
    path("admin/", admin.site.urls),
]
urlpatterns += [
    path("", include(f"{room}.urls")) for room in ("scheduling", "patients", "reminders") if find_spec(f"{room}.urls")
]
