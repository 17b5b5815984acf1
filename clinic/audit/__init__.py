"""The audit trail: every change of clinical and scheduling data, every look at a patient, every sign-in and export.

Changes are written by triggers in the database, so raw SQL and bulk writes are seen too; who and why travel with each
statement (`origin`). Looks, sign-ins and exports are written by `log`. `sealing` chains the rows by hashes once a
minute, `verifying` finds what was changed, removed or slipped in, `watching` says which tables are watched.
"""
