"""What this room tells the rooms to its right."""

from django.dispatch import Signal

appointment_changed = Signal()
"""An appointment was booked, moved, cancelled, confirmed or took a status. Sent inside the transaction.

Arguments: `appointment`, `change` ("booked", "moved", "cancelled", "confirmed" or "status"), `by`.
"""
