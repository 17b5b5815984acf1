"""Patients in the admin, for what the pages do not offer: several numbers of a kind, corrections of old records."""

from django.contrib import admin

from patients.models import ContactPoint, DoseGiven, Patient, TreatmentPlan


class ContactPointInline(admin.StackedInline):
    """Numbers and addresses, on the patient's page."""

    model = ContactPoint
    extra = 0


@admin.register(Patient)
class PatientAdmin(admin.ModelAdmin):
    """People."""

    list_display = ["mrn", "family_name", "given_name", "birth_date", "home_clinic", "is_active"]
    list_filter = ["home_clinic", "is_active"]
    list_select_related = ["home_clinic"]
    search_fields = ["search_name", "mrn"]
    inlines = [ContactPointInline]


class DoseGivenInline(admin.StackedInline):
    """Doses given, on the plan's page."""

    model = DoseGiven
    extra = 0
    raw_id_fields = ["recorded_by"]


@admin.register(TreatmentPlan)
class TreatmentPlanAdmin(admin.ModelAdmin):
    """Courses of treatment."""

    list_display = ["patient", "therapy", "status", "start_on", "interval_days", "prescriber"]
    list_filter = ["therapy", "status"]
    list_select_related = ["patient", "therapy"]
    search_fields = ["patient__search_name", "patient__mrn"]
    raw_id_fields = ["patient"]
    inlines = [DoseGivenInline]
