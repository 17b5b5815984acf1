"""What this room tells others, inside the transaction that changed it."""

from django.dispatch import Signal

readiness_changed = Signal()
"""A clearance or an authorization was recorded or withdrawn. Sent by `TreatmentPlan` with `patient`."""
