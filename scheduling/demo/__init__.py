"""Demonstration data: three clinics with four months behind them and full weeks in front of whoever looks.

Everything is made through the rules that staff use (register, start a plan, take over a calendar, cancel, mark, take
off), with the program's clock set to when it would have happened. `seeding.seed` is the way in; `manage.py seed_demo`
calls it. The same date gives the same data.
"""
