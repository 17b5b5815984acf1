"""What goes to the log, and what never does: nothing about a patient, nothing that somebody typed, no secret of a link.

Lines go to stderr, one event each: JSON in production, readable in the demonstration. Text is let in by what it looks
like (`clinic.logs.redaction`), instead of kept out by what it is thought to be.
"""
