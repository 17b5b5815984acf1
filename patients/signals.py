"""What this room tells others, inside the transaction that changed it."""

from django.dispatch import Signal

readiness_changed = Signal()
"""Clearances or authorizations were recorded or withdrawn. Sent by `TreatmentPlan` with `patients`, who are locked."""
