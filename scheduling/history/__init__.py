"""What was done to a patient's record, and who looked at it: the audit trail in words, for the manager."""
