"""Signing in, one's own account, and staff.

Of allauth's pages only those named here exist: there is no sign-up, and no password is reset by mail.
"""

from allauth.account.views import logout, reauthenticate
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.decorators.http import require_POST

from clinic.accounts import staff_views, views

sign_out = login_not_required(require_POST(logout))

urlpatterns = [
    # Twice each: allauth looks for its own names.
    path("login/", views.sign_in, name="login"),
    path("login/", views.sign_in, name="account_login"),
    path("logout/", sign_out, name="logout"),
    path("logout/", sign_out, name="account_logout"),
    path("login/code/", mfa.authenticate, name="mfa_authenticate"),
    path("login/passkey/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("login/closed/", views.closed, name="account_inactive"),
    path("welcome/<str:token>/", views.welcome, name="welcome"),
    path("account/", views.account, name="account"),
    path("account/", views.account, name="mfa_index"),
    path("account/", views.account, name="mfa_list_webauthn"),
    path("account/password/", views.password, name="password"),
    path("account/pin/", views.pin, name="pin"),
    path("account/sessions/<slug:name>/end/", views.end_session, name="end_session"),
    path("account/idle/", views.idle_state, name="idle"),
    path("account/lock/", views.lock, name="lock"),
    path("account/unlock/", views.unlock, name="unlock"),
    path("account/confirm/", reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/second-step/", views.second_step, name="second_step"),
    path("account/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", views.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
    path("account/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("staff/", staff_views.staff_list, name="staff"),
    path("staff/invite/", staff_views.invite, name="staff_invite"),
    path("staff/<int:pk>/", staff_views.member, name="staff_member"),
    path("staff/<int:pk>/link/", staff_views.link, name="staff_link"),
    path("staff/<int:pk>/remove/", staff_views.remove, name="staff_remove"),
    path("staff/<int:pk>/back/", staff_views.bring_back, name="staff_back"),
    path("staff/<int:pk>/second-step/reset/", staff_views.reset_second_step, name="staff_reset_second_step"),
]
