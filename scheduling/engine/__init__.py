"""The functional core: a clinic day as plain values, and what can be done with it. No Django, no database.

The same functions make an offer, check it under the lock, re-deal after a sick call, and plan a better day.
That is why an offer can be trusted.
"""
