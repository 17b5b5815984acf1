drop function audit_untrack(regclass);
drop function audit_track(regclass, text, text[]);
drop trigger audit_only_seal on audit_entry;
drop trigger audit_no_delete on audit_entry;
drop trigger audit_no_truncate on audit_entry;
drop trigger audit_no_change on audit_seal;
drop trigger audit_no_truncate on audit_seal;
drop function audit_only_seal();
drop function audit_refuse();
