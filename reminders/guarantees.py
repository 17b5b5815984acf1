"""G11, asked of the whole database in plain SQL: see `clinic.guarantees`."""

from clinic.guarantees import Guarantee

GUARANTEES = (
    Guarantee(
        code="G11",
        says="a message is written once per appointment version, rule and channel, and sent only of a version that was",
        of="message",
        breaches="""
            select max(id) from reminders_message
            group by appointment_id, appointment_version, rule, channel, again having count(*) > 1
            union
            select message.id from reminders_message message
                left join scheduling_appointment appointment on appointment.id = message.appointment_id
            where message.appointment_version <= appointment.version is not true""",
    ),
)
