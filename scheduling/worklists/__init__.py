"""Worklists: who needs something done, list by list, with the action beside each row.

A list is a `Worklist`, made known by `register`; other rooms register theirs from their `AppConfig.ready`. `page` puts
the lists together with what staff have marked: who works on a patient (`marks.claim`), and until when a row need not be
shown (`marks.snooze`).
"""

from scheduling.worklists.lists import Button, Question, Reading, Row, Worklist, register

__all__ = ["Button", "Question", "Reading", "Row", "Worklist", "register"]
