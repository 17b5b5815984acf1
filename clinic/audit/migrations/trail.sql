-- The trail is only added to. `audit_track` puts a table under watch: one function and four triggers of its own.

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: what was written stays', lower(tg_op), tg_table_name
        using errcode = 'insufficient_privilege',
              hint = 'Delete rows one by one; each is then in the audit trail.';
end $$;

-- An entry may be changed once: when it is sealed, and then in nothing but its seal.
create function audit_only_seal() returns trigger language plpgsql as $$
declare
    unsealed audit_entry := new;
begin
    unsealed.seal_number := null;
    unsealed.digest := null;
    if new.seal_number is null or unsealed is distinct from old then
        raise exception 'an entry of the audit trail is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create trigger audit_only_seal before update on audit_entry for each row execute function audit_only_seal();
create trigger audit_no_delete before delete on audit_entry for each statement execute function audit_refuse();
create trigger audit_no_truncate before truncate on audit_entry for each statement execute function audit_refuse();
create trigger audit_no_change before update or delete on audit_seal
    for each statement execute function audit_refuse();
create trigger audit_no_truncate before truncate on audit_seal for each statement execute function audit_refuse();

-- Watch a table. `patient` is SQL for the id of the patient whom a row, `this`, is about; `leave_out` names columns that
-- must not be copied: secrets, and what the program only steers itself by.
-- The triggers see each statement once, with all its rows: a bulk write costs one more statement, not one per row.
create function audit_track(watched regclass, patient text default 'null::bigint', leave_out text[] default '{}')
returns void language plpgsql as $track$
declare
    table_name text := (select relname from pg_class where oid = watched);
begin
    execute format($make$
        create function %1$I() returns trigger language plpgsql as $watch$
        begin
            if tg_op = 'INSERT' then
                insert into audit_entry (what, table_name, row_id, patient_id, after)
                select 'insert', %2$L, this.id, %3$s, to_jsonb(this) - %4$L::text[] from new_rows this order by this.id;
            elsif tg_op = 'DELETE' then
                insert into audit_entry (what, table_name, row_id, patient_id, before)
                select 'delete', %2$L, this.id, %3$s, to_jsonb(this) - %4$L::text[] from old_rows this order by this.id;
            else
                insert into audit_entry (what, table_name, row_id, patient_id, before, after)
                select case when this.id is null then 'delete' when was.id is null then 'insert' else 'update' end,
                       %2$L, coalesce(this.id, was.id), %3$s, difference.before, difference.after
                from old_rows was full join new_rows this on this.id = was.id
                    cross join lateral (
                        select jsonb_object_agg(key, o.value) filter (where o.value is not null) as before,
                               jsonb_object_agg(key, n.value) filter (where n.value is not null) as after
                        from jsonb_each(to_jsonb(was) - %4$L::text[]) o
                            full join jsonb_each(to_jsonb(this) - %4$L::text[]) n using (key)
                        where o.value is distinct from n.value
                    ) difference
                where difference.before is not null or difference.after is not null
                order by 3;
            end if;
            return null;
        end $watch$
    $make$, 'audit_' || table_name, table_name, patient, leave_out);
    execute format($make$
        create trigger audit_insert after insert on %1$s
            referencing new table as new_rows for each statement execute function %2$I();
        create trigger audit_update after update on %1$s
            referencing old table as old_rows new table as new_rows for each statement execute function %2$I();
        create trigger audit_delete after delete on %1$s
            referencing old table as old_rows for each statement execute function %2$I();
        create trigger audit_no_truncate before truncate on %1$s for each statement execute function audit_refuse();
    $make$, watched, 'audit_' || table_name);
end $track$;

create function audit_untrack(watched regclass) returns void language plpgsql as $$
begin
    execute format('drop trigger audit_no_truncate on %s', watched);
    execute format('drop function %I() cascade', 'audit_' || (select relname from pg_class where oid = watched));
end $$;
