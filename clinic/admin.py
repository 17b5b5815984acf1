"""The administration under /admin/: what changes once in years, for whoever set the program up and for no role.

Only `createsuperuser` lets somebody in. Accounts are looked after under Staff, hours and chairs under Staffing.
"""

from django.contrib import admin

from clinic.models import Clinic, Nurse

admin.site.site_header = admin.site.site_title = "Chairside administration"
admin.site.index_title = "What changes once in years"


@admin.register(Clinic)
class ClinicAdmin(admin.ModelAdmin):
    """Locations."""

    list_display = ["name", "slug", "phone", "timezone"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Nurse)
class NurseAdmin(admin.ModelAdmin):
    """Nurses who are rostered. Who has an account is invited under Staff and linked there."""

    list_display = ["name", "home_clinic", "is_active"]
    list_filter = ["home_clinic", "is_active"]
    list_select_related = ["home_clinic"]
    search_fields = ["name"]
    raw_id_fields = ["user"]
