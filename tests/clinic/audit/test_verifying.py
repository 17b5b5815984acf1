"""Nobody tampers unseen, not even a superuser of the database: `verify_audit` names what was touched."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from clinic.audit.models import Entry, Seal
from clinic.audit.sealing import DIGEST, head_of, seal
from clinic.audit.verifying import verify
from clinic.models import Clinic
from tests.clinic.audit.conftest import Hand
from tests.world import make_patient


def test_a_trail_that_nobody_touched_has_no_faults(trail: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    assert verify().faults == []

    call_command("verify_audit")
    assert f"Head {Seal.objects.last()}" in capsys.readouterr().out


def test_what_was_written_since_waits_for_its_seal(trail: list[Entry], madison: Clinic) -> None:
    make_patient(madison)

    report = verify()

    assert (report.unsealed, report.faults) == (1, [])


@pytest.mark.parametrize(
    "change",
    [
        "update audit_entry set after = jsonb_set(after, '{family_name}', '\"Other\"') where id = %s",
        "update audit_entry set at = at + interval '1 second' where id = %s",
        "update audit_entry set origin = '{\"by\": 1}' where id = %s",
        "update audit_entry set patient_id = patient_id + 1 where id = %s",
        "update audit_entry set role = 'somebody' where id = %s",
        "update audit_entry set digest = sha256('') where id = %s",
    ],
)
def test_a_changed_row_is_found(trail: list[Entry], superuser: Hand, change: str) -> None:
    superuser(change, trail[2].pk)

    assert verify().faults == [f"Seal 2: entries {trail[2].pk} were changed."]


def test_a_changed_row_with_a_new_digest_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("update audit_entry set role = 'somebody' where id = %s", trail[2].pk)
    superuser(f"update audit_entry entry set digest = {DIGEST} where id = %s", trail[2].pk)

    assert verify().faults == ["Seal 2: its entries are not those that were sealed."]


def test_a_changed_row_whose_whole_seal_was_forged_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("update audit_entry set role = 'somebody' where id = %s", trail[2].pk)
    superuser(f"update audit_entry entry set digest = {DIGEST} where id = %s", trail[2].pk)
    superuser("""
        update audit_seal set content = (
            select sha256(string_agg(digest, ''::bytea order by id)) from audit_entry where seal_number = 2
        ) where number = 2
    """)
    assert verify().faults == ["Seal 2 does not follow from the one before: it, or the order of seals, was changed."]

    first, forged = Seal.objects.order_by("number")[:2]
    head = head_of(
        before=bytes(first.head),
        number=2,
        sealed_at=forged.sealed_at,
        entries=forged.entries,
        ids=forged.ids,
        content=bytes(forged.content),
    )
    superuser("update audit_seal set head = %s where number = 2", head)
    assert verify().faults == ["Seal 3 does not follow from the one before: it, or the order of seals, was changed."]


def test_a_removed_row_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("delete from audit_entry where id = %s", trail[3].pk)

    assert verify().faults == [f"Seal 2: entries {{[{trail[3].pk},{trail[3].pk + 1})}} were removed."]


def test_two_rows_that_changed_places_are_found(trail: list[Entry], superuser: Hand) -> None:
    one, other = trail[2].pk, trail[3].pk
    superuser("update audit_entry set id = -1 where id = %s", one)
    superuser("update audit_entry set id = %s where id = %s", one, other)
    superuser("update audit_entry set id = %s where id = -1", other)

    assert verify().faults == [f"Seal 2: entries {one}, {other} were changed."]


def test_a_row_that_moved_to_another_seal_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("update audit_entry set seal_number = 3 where id = %s", trail[2].pk)

    moved = f"{{[{trail[2].pk},{trail[2].pk + 1})}}"
    assert verify().faults == [
        f"Seal 2: entries {moved} were removed.",
        f"Seal 3: entries {moved} were slipped in.",
    ]


def test_a_row_slipped_in_under_a_seal_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("insert into audit_entry (id, what, seal_number) values (-5, 'seen', 2)")
    superuser(f"update audit_entry entry set digest = {DIGEST} where id = -5")

    assert verify().faults == ["Seal 2: entries {[-5,-4)} were slipped in."]


def test_a_row_with_a_false_time_is_found_once_it_is_sealed(trail: list[Entry], superuser: Hand) -> None:
    superuser("insert into audit_entry (what, at) values ('seen', now() - interval '1 day')")
    seal()

    (fault,) = verify().faults
    assert fault.startswith("Seal 4: an entry says ")


def test_a_row_that_claims_a_seal_that_is_not_there_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("insert into audit_entry (id, what, seal_number) values (-5, 'seen', 77)")

    assert verify().faults == ["Entries {[-5,-4)} claim seal 77, which is not there."]


def test_a_seal_taken_from_the_middle_is_found(trail: list[Entry], superuser: Hand) -> None:
    superuser("delete from audit_entry where seal_number = 2")
    superuser("delete from audit_seal where number = 2")

    assert verify().faults == [
        "Seals 2 to 2 are missing.",
        "Seal 3 does not follow from the one before: it, or the order of seals, was changed.",
    ]


def test_the_rows_of_the_last_seal_cannot_go_alone(trail: list[Entry], superuser: Hand) -> None:
    superuser("delete from audit_entry where seal_number = 3")

    (fault,) = verify().faults
    assert fault.startswith("Seal 3: entries ")
    assert fault.endswith("were removed.")


def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_noted(trail: list[Entry], superuser: Hand) -> None:
    noted = verify().head
    superuser("delete from audit_entry where seal_number = 3")
    superuser("delete from audit_seal where number = 3")

    assert verify().faults == []
    (fault,) = verify(noted=noted).faults
    assert noted in fault
    with pytest.raises(CommandError):
        call_command("verify_audit", noted=noted)


def test_a_head_noted_earlier_still_stands_when_the_trail_has_grown(trail: list[Entry]) -> None:
    assert verify(noted=str(Seal.objects.get(number=2))).faults == []


def test_triggers_that_were_switched_off_are_found(trail: list[Entry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table patients_patient disable trigger audit_update")
        cursor.execute("alter table audit_entry disable trigger audit_no_delete")

    assert verify().faults == [
        "Changes of patients_patient are not written down: its triggers are missing or switched off.",
        "audit_entry may be changed: its triggers are missing or switched off.",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "update audit_entry set what = 'seen'",
        "update audit_entry set seal_number = 9, what = 'seen' where seal_number is null",
        "update audit_entry set seal_number = seal_number + 1",
        "update audit_entry set seal_number = null",
        "update audit_entry set digest = sha256('')",
        "delete from audit_entry",
        "truncate audit_entry",
        "update audit_seal set entries = 0",
        "delete from audit_seal",
        "truncate audit_seal",
        "truncate patients_patient cascade",
        "truncate clinic_shift cascade",
    ],
)
def test_the_database_refuses_to_change_the_trail_or_to_empty_a_table(
    trail: list[Entry], madison: Clinic, sql: str
) -> None:
    make_patient(madison)
    before = list(Entry.objects.order_by("id").values())

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert list(Entry.objects.order_by("id").values()) == before


@pytest.mark.django_db(transaction=True)
def test_a_row_whose_transaction_ends_late_gets_a_later_seal() -> None:
    late = connection.copy()
    try:
        with transaction.atomic():
            Entry.objects.create(what="seen", patient_id=1)
            with late.cursor() as cursor:
                cursor.execute("insert into audit_entry (what, patient_id) values ('seen', 2)")
            seal_in_another_session(late)
        assert seal()
    finally:
        late.close()

    assert list(Entry.objects.order_by("seal_number").values_list("patient_id", flat=True)) == [2, 1]
    assert [fault for fault in verify().faults if "Seal" in fault] == []


def seal_in_another_session(session) -> None:
    """Seal as the worker would while this process has a transaction open."""
    from django.db import connections

    mine = connections["default"]
    connections["default"] = session
    try:
        assert seal()
    finally:
        connections["default"] = mine
