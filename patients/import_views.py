"""Pages to bring patients in from a spreadsheet: choose a file, look at what it would do, import it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clinic.access import Act, allowed, clinics_for
from clinic.once.presses import once
from clinic.spreadsheets import written
from patients import drafts
from patients.forms import ImportForm
from patients.import_file import COLUMNS, REQUIRED, CannotImport
from patients.importing import Result, import_patients
from patients.models import ImportDraft
from therapies.models import Therapy

SHOWN = 200
"""How many errors or changes the page lists; the rest is in the file to download."""


@never_cache
@allowed(Act.IMPORT_PATIENTS)
@require_http_methods(["GET", "POST"])
def patient_import(request: HttpRequest) -> HttpResponse:
    """Choose a file. It is kept for an hour, so that looking at it and importing it are one upload."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        draft = drafts.keep(content=file.read(), name=file.name, owner=_user(request))
        return redirect("patient_import_draft", draft.pk)
    context = {
        "form": form,
        "columns": [(name, name in REQUIRED, note) for name, note in COLUMNS.items()],
        "therapies": Therapy.objects.filter(is_active=True),
        "clinics": clinics_for(user=request.user, act=Act.IMPORT_PATIENTS),
    }
    return render(request, "patients/import.html", context, status=422 if form.errors else 200)


@never_cache
@allowed(Act.IMPORT_PATIENTS)
@require_http_methods(["GET", "POST"])
@once
def patient_import_draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What a file would do; by POST, do it."""
    draft = drafts.find(draft_id=draft_id, owner=_user(request))
    if not draft:
        messages.warning(request, "That file is no longer kept. Nothing was imported since: choose it again.")
        return redirect("patient_import")
    try:
        result = _import(request, draft, commit=request.method == "POST")
    except CannotImport as refused:
        return render(request, "patients/import_draft.html", {"draft": draft, "refused": refused}, status=422)
    if result.is_written:
        drafts.forget(draft=draft)
        messages.success(request, f"{draft.name} is imported: {_in_words(result)}.")
        return redirect("patient_import")
    context = {
        "draft": draft,
        "result": result,
        "counts": sorted(result.counts.items()),
        "errors": result.errors[:SHOWN],
        "changes": result.changes[:SHOWN],
        "shown": SHOWN,
    }
    return render(request, "patients/import_draft.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@allowed(Act.IMPORT_PATIENTS)
@require_GET
def patient_import_errors(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The errors of a file, as a file."""
    draft = drafts.find(draft_id=draft_id, owner=_user(request))
    if not draft:
        return redirect("patient_import")
    try:
        errors = _import(request, draft, commit=False).errors
    except CannotImport:
        return redirect("patient_import_draft", draft.pk)
    rows = [(str(error.line), error.column, error.value, error.message) for error in errors]
    return _csv("import-errors.csv", [("line", "column", "value", "what to do"), *rows])


@allowed(Act.IMPORT_PATIENTS)
@require_GET
def patient_import_template(request: HttpRequest) -> HttpResponse:
    """An empty file with all columns."""
    return _csv("patients.csv", [tuple(COLUMNS)])


def _import(request: HttpRequest, draft: ImportDraft, *, commit: bool) -> Result:
    clinics = clinics_for(user=request.user, act=Act.IMPORT_PATIENTS)
    return import_patients(content=bytes(draft.content), clinics=clinics, by=_user(request), commit=commit)


def _in_words(result: Result) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(result.counts.items()) if number)


def _csv(name: str, rows: list[tuple[str, ...]]) -> HttpResponse:
    return HttpResponse(
        written(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _user(request: HttpRequest) -> Any:
    return request.user
