"""What this room tells the rooms to its right."""

from django.dispatch import Signal

appointment_changed = Signal()
"""An appointment was booked, moved, cancelled, confirmed or took a status. Sent inside the transaction.

Arguments: `appointment`, `change` ("booked": it is new; "moved", "cancelled"; "taken_up": it stands again
after it was cancelled, or was kept elsewhere until now; "confirmed" or "status"), `by`.
"""

demonstration_made = Signal()
"""A demonstration was made, with a history up to `now`, at `clinics`. Sent inside the transaction that makes it."""

demonstration_wiped = Signal()
"""A demonstration was wiped: every table that speaks of clinics, people or patients is empty, settings included."""
