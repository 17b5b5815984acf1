"""What always holds of shifts and floor time, asked in plain SQL: see `clinic.guarantees`."""

from clinic.guarantees import Guarantee, overlapping

GUARANTEES = (
    Guarantee(
        code="G7",
        says="a nurse is at one clinic at a time, and on the floor only within a shift there",
        of="floor period",
        breaches=f"""
            {overlapping("clinic_floorperiod", same="nurse_id")}
            union
            select floor.id from clinic_floorperiod floor left join clinic_shift shift
                on shift.id = floor.shift_id and shift.nurse_id = floor.nurse_id and shift.clinic_id = floor.clinic_id
            where floor.period <@ shift.period is not true""",
    ),
    Guarantee(
        code="G7, shifts",
        says="a nurse works one shift at a time",
        of="shift",
        breaches=overlapping("clinic_shift", same="nurse_id"),
    ),
)
