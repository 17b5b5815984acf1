"""Editing therapies. A version in force, or booked with, is shown but not changed: copy it and change the copy."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from clinic.models import ChairKind
from therapies.catalog import is_frozen, new_version_from, next_number
from therapies.models import DosePhase, Prerequisite, Therapy, TherapyVersion
from therapies.series import PhaseFacts, faults_of

# Long enough to edit a copy and have it read by a second person before it counts.
TIME_TO_EDIT = timedelta(days=14)


class FrozenOnceUsed:
    """For the admin of a version and of what hangs on it: no change once the version is in force or booked with."""

    def has_change_permission(self, request: HttpRequest, obj: TherapyVersion | None = None) -> bool:
        """Whether the signed-in person may change this version."""
        return _may_change(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: TherapyVersion | None = None) -> bool:
        """Whether the signed-in person may delete this version."""
        return _may_change(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class FrozenRows(FrozenOnceUsed):
    """The same for inlines, which also may not gain rows."""

    def has_add_permission(self, request: HttpRequest, obj: TherapyVersion | None = None) -> bool:
        """Whether the signed-in person may add a row to this version."""
        return _may_change(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]


def _may_change(version: TherapyVersion | None) -> bool:
    return version is None or version.pk is None or not is_frozen(version=version, today=timezone.localdate())


class DosePhaseForm(forms.ModelForm):
    """One dose phase; the chair kinds as boxes to tick."""

    chair_kinds = forms.MultipleChoiceField(
        choices=ChairKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: any chair.",
    )

    class Meta:
        model = DosePhase
        exclude = ["version"]  # noqa: DJ006 the parent sets it, and every other fact is edited here


class DosePhaseFormSet(forms.BaseInlineFormSet):
    """The phases of a version, which together must make a course."""

    def clean(self) -> None:
        """Refuse phases that overlap or leave a dose out."""
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        kept = [row for row in rows if not row.get("DELETE")]
        if any(self.errors):
            return
        facts = [PhaseFacts(**{name: row[name] for name in PhaseFacts.__slots__}) for row in kept]
        if faults := faults_of(facts):
            raise ValidationError(faults)


class DosePhaseInline(FrozenRows, admin.StackedInline):
    model = DosePhase
    form = DosePhaseForm
    formset = DosePhaseFormSet
    extra = 0
    readonly_fields = ["stay"]
    fieldsets = [
        (None, {"fields": [("first_dose", "last_dose", "variant"), ("dose", "acuity"), "needs_prior_tolerance"]}),
        (
            "Minutes",
            {
                "fields": [
                    ("setup_minutes", "premedication_minutes", "infusion_minutes"),
                    ("observation_minutes", "turnover_minutes", "stay"),
                ]
            },
        ),
        (
            "Days",
            {
                "fields": [
                    ("target_days", "anchor_dose", "min_gap_days"),
                    ("green_before", "green_after", "amber_before", "amber_after"),
                    "is_consecutive",
                ]
            },
        ),
        ("Chair", {"fields": ["chair_kinds"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DosePhase]:
        """With the therapy that each phase is called after."""
        return super().get_queryset(request).select_related("version__therapy")

    @admin.display(description="Minutes in the chair")
    def stay(self, phase: DosePhase) -> str:
        """The booked length of the stay."""
        return f"{phase.stay_minutes()}" if phase.pk else "shown once saved"


class PrerequisiteInline(FrozenRows, admin.TabularInline):
    model = Prerequisite
    extra = 0


class TherapyVersionForm(forms.ModelForm):
    """A version; its day may not lie in the past, where other facts are already on record."""

    class Meta:
        model = TherapyVersion
        fields = ["therapy", "effective_from", "source"]

    def clean_effective_from(self) -> date:
        """Refuse a day that has passed."""
        day: date = self.cleaned_data["effective_from"]
        if day < timezone.localdate():
            raise ValidationError("This day has passed. A version takes effect today or later.")
        return day


@admin.register(TherapyVersion)
class TherapyVersionAdmin(FrozenOnceUsed, admin.ModelAdmin):
    form = TherapyVersionForm
    inlines = [DosePhaseInline, PrerequisiteInline]
    list_display = ["therapy", "number", "effective_from", "state"]
    list_display_links = ["therapy", "number"]
    list_filter = ["therapy"]
    list_select_related = ["therapy"]
    ordering = ["therapy__name", "-number"]
    actions = ["copy_as_new_version"]

    def get_readonly_fields(self, request: HttpRequest, obj: TherapyVersion | None = None) -> list[str]:
        """A version never moves to another therapy."""
        return ["therapy", "number"] if obj else []

    def get_fields(self, request: HttpRequest, obj: TherapyVersion | None = None) -> tuple[str, ...]:
        """The number is given, not chosen."""
        return ("therapy", "number", "effective_from", "source") if obj else ("therapy", "effective_from", "source")

    def save_model(self, request: HttpRequest, obj: TherapyVersion, form: Any, change: bool) -> None:
        """Number a new version."""
        if not change:
            obj.number = next_number(obj.therapy)
        super().save_model(request, obj, form, change)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The version's page; a frozen one says how its facts can be changed all the same."""
        version = self.get_object(request, object_id)
        if version and request.method == "GET" and not _may_change(version):
            self.message_user(
                request,
                f"{version} is in force or was booked with, so it stays as it is. To change its facts, go to the list"
                " of versions, tick this one and choose “New version from this one”.",
                messages.INFO,
            )
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description="State")
    def state(self, version: TherapyVersion) -> str:
        """Whether this version already counts."""
        return "in force or replaced" if version.effective_from <= timezone.localdate() else "takes effect later"

    @admin.action(description="New version from this one", permissions=["add"])
    def copy_as_new_version(self, request: HttpRequest, queryset: QuerySet[TherapyVersion]) -> HttpResponse | None:
        """Copy the chosen versions, to be edited before they take effect; open the copy when there is one."""
        effective_from = timezone.localdate() + TIME_TO_EDIT
        copies = [new_version_from(version=version, effective_from=effective_from) for version in queryset]
        for copy in copies:
            self.message_user(
                request,
                f"{copy} was made. It takes effect on {effective_from:%B %-d, %Y}: edit it, or its day, before then.",
                messages.SUCCESS,
            )
        if len(copies) == 1:
            return redirect("admin:therapies_therapyversion_change", copies[0].pk)
        return None


class VersionsInline(admin.TabularInline):
    """The versions of a therapy, to look at and to open."""

    model = TherapyVersion
    fields = ["link", "effective_from", "source"]
    readonly_fields = ["link", "effective_from", "source"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Therapy | None = None) -> bool:
        """Versions are added by copying one."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[TherapyVersion]:
        """With the therapy that each version is called after."""
        return super().get_queryset(request).select_related("therapy")

    @admin.display(description="Version")
    def link(self, version: TherapyVersion) -> str:
        """The way to the version's phases."""
        url = reverse("admin:therapies_therapyversion_change", args=[version.pk])
        return format_html('<a href="{}">Version {}</a>', url, version.number)


@admin.register(Therapy)
class TherapyAdmin(admin.ModelAdmin):
    list_display = ["name", "substance", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "substance"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [VersionsInline]
