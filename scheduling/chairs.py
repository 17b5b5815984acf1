"""Another chair for the same time: nurses and hours stay as they are, so only the chair must be free."""

from clinic.models import Chair, User
from scheduling.engine.day import Day
from scheduling.load import load_day
from scheduling.locks import guarded
from scheduling.models import Appointment, Status
from scheduling.record import day_of, fresh, hold
from scheduling.refusals import NotAvailable
from scheduling.signals import appointment_changed

NOT_YET_SEATED = (Status.BOOKED, Status.ARRIVED)


def free_chairs(*, appointment: Appointment) -> list[Chair]:
    """The other chairs of the clinic that are in service and empty for the whole stay. Of any kind: staff choose."""
    if appointment.status not in NOT_YET_SEATED:
        return []
    clinic, date = day_of(appointment)
    ids = chairs_beside(load_day(clinic=clinic, day=date), appointment.pk)
    return list(Chair.objects.filter(clinic=clinic, pk__in=ids))


def chairs_beside(day: Day, appointment_id: int) -> list[int]:
    """The other chairs of a day that are in service and empty for the whole of one of its stays."""
    stay = next(stay for stay in day.stays if stay.id == appointment_id)
    return [pk for pk, room in day.chair_room.items() if pk != stay.chair and stay.quarters & ~room == 0]


def change_chair(*, appointment: Appointment, chair: Chair, by: User | None) -> Appointment:
    """Give a patient who does not sit yet another chair for the same time. Raises `NotAvailable`."""
    with guarded():
        appointment = hold(appointment)
        if appointment.status not in NOT_YET_SEATED:
            raise NotAvailable(
                f"The patient is {appointment.get_status_display().lower()}; the chair stays as it is.", code="status"
            )
        if chair not in free_chairs(appointment=appointment):
            raise NotAvailable(f"{chair} is not free for the whole stay. Choose another chair.", code="chair")
        appointment.chair = chair
        appointment.save(update_fields=["chair"])
        # Nothing that a patient was told changes, so the version stays: no new message goes out.
        appointment_changed.send(Appointment, appointment=appointment, change="status", by=by)
    return fresh(appointment)
