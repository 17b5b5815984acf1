"""The guarantees, asked of the whole database in plain SQL that relies on no constraint: for judging after a race."""

from django.db import connection

HELD = "('booked', 'arrived', 'seated', 'infusing', 'observing', 'done')"

BREACHES = {
    "G1": f"""
        select a.id, b.id from scheduling_appointment a join scheduling_appointment b
            on a.chair_id = b.chair_id and a.id < b.id and a.period && b.period
        where a.status in {HELD} and b.status in {HELD}""",
    "G2": f"""
        select a.id, b.id from scheduling_appointment a join scheduling_appointment b
            on a.patient_id = b.patient_id and a.id < b.id and a.period && b.period
        where a.status in {HELD} and b.status in {HELD}""",
    "G3": """
        select a.nurse_id, lower(a.period) from scheduling_nurseassignment a join scheduling_nurseassignment b
            on a.nurse_id = b.nurse_id and b.period @> lower(a.period)
        group by a.id having count(*) > 3 or count(*) <> count(distinct b.place)""",
    "G4": """
        select a.id from scheduling_nurseassignment a where not a.period <@ coalesce(
            (select range_agg(f.period) from clinic_floorperiod f
             where f.nurse_id = a.nurse_id and f.clinic_id = a.clinic_id), '{}')""",
    "G5": f"""
        select a.id from scheduling_appointment a
            left join scheduling_nurseassignment n on n.appointment_id = a.id
        group by a.id
        having case when a.status in {HELD} then
            coalesce(sum(upper(n.period) - lower(n.period)), '0') > upper(a.period) - lower(a.period)
            or not coalesce(range_agg(n.period), '{{}}') <@ a.period::tstzmultirange
            or not (a.short_staffed or coalesce(range_agg(n.period), '{{}}') = a.period::tstzmultirange)
        else count(n.id) > 0 or a.short_staffed end""",
    "G6": """
        select nurse_id, lower(period) from scheduling_nurseassignment where is_start
        group by nurse_id, lower(period) having count(*) > 1""",
    "G7": """
        select a.id, b.id from clinic_floorperiod a join clinic_floorperiod b
            on a.nurse_id = b.nurse_id and a.id < b.id and a.period && b.period""",
    "G8": """
        select a.id from scheduling_appointment a
            join clinic_chair c on c.id = a.chair_id
            join patients_treatmentplan p on p.id = a.plan_id
            left join scheduling_nurseassignment n on n.appointment_id = a.id
        where c.clinic_id <> a.clinic_id or p.patient_id <> a.patient_id or n.clinic_id <> a.clinic_id""",
    "G9": f"""
        select plan_id, dose_number from scheduling_appointment where status in {HELD}
        group by plan_id, dose_number having count(*) > 1""",
    "G10": f"""
        select a.id, b.id from scheduling_appointment a
            join scheduling_appointment b on a.plan_id = b.plan_id and a.dose_number < b.dose_number
            join therapies_dosephase phase on phase.id = b.dose_phase_id
            join clinic_clinic c on c.id = a.clinic_id
        where a.status in {HELD} and b.status in {HELD}
            and (lower(b.period) at time zone c.timezone)::date - (lower(a.period) at time zone c.timezone)::date
                < greatest(phase.min_gap_days, 1)""",
}


def broken() -> dict[str, int]:
    """How often each guarantee is broken in the whole database; those that hold are left out."""
    counts = {}
    with connection.cursor() as cursor:
        for name, sql in BREACHES.items():
            cursor.execute(f"select count(*) from ({sql}) as breach")
            counts[name] = cursor.fetchone()[0]
    return {name: count for name, count in counts.items() if count}
