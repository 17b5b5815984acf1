"""Addresses of this room. A patient's own page shows appointments, so it belongs to scheduling."""

from django.urls import path

from patients import contact_views, import_views, papers_views, views

urlpatterns = [
    path("patients/", views.patient_search, name="patient_search"),
    path("patients/new/", views.patient_new, name="patient_new"),
    path("patients/<int:patient_id>/edit/", views.patient_edit, name="patient_edit"),
    path("patients/<int:patient_id>/contacts/", contact_views.patient_contacts, name="patient_contacts"),
    path("patients/<int:patient_id>/contacts/<int:point_id>/", contact_views.contact_change, name="contact_change"),
    path("patients/<int:patient_id>/plans/new/", views.plan_new, name="plan_new"),
    path("plans/<int:plan_id>/edit/", views.plan_edit, name="plan_edit"),
    path("plans/<int:plan_id>/doses/new/", views.dose_given_new, name="dose_given_new"),
    path(
        "plans/<int:plan_id>/doses/<int:dose_number>/remove/",
        views.dose_given_remove,
        name="dose_given_remove",
    ),
    path("plans/<int:plan_id>/clearances/", papers_views.plan_clearances, name="plan_clearances"),
    path(
        "plans/<int:plan_id>/clearances/<int:clearance_id>/withdraw/",
        papers_views.clearance_withdraw,
        name="clearance_withdraw",
    ),
    path(
        "patients/<int:patient_id>/authorizations/",
        papers_views.patient_authorizations,
        name="patient_authorizations",
    ),
    path(
        "patients/<int:patient_id>/authorizations/<int:authorization_id>/",
        papers_views.authorization_correct,
        name="authorization_correct",
    ),
    path(
        "patients/<int:patient_id>/authorizations/<int:authorization_id>/withdraw/",
        papers_views.authorization_withdraw,
        name="authorization_withdraw",
    ),
    path("patients/import/", import_views.patient_import, name="patient_import"),
    path("patients/import/template.csv", import_views.patient_import_template, name="patient_import_template"),
    path("patients/import/<uuid:draft_id>/", import_views.patient_import_draft, name="patient_import_draft"),
    path(
        "patients/import/<uuid:draft_id>/errors.csv", import_views.patient_import_errors, name="patient_import_errors"
    ),
]
