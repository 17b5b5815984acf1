"""Addresses of this room."""

from django.urls import path

import clinic.converters  # noqa: F401  # <date:day>, <month:month>, <clock:time>
from clinic.access import Act
from scheduling.views import appointment as visit
from scheduling.views import closing, emergency, patterns, places, rostering, staffing, waitlist
from scheduling.views.balance import balance, balance_undo
from scheduling.views.board import board
from scheduling.views.book import book, book_another_time
from scheduling.views.book_here import book_here
from scheduling.views.history import patient_history, patient_looked
from scheduling.views.home import home
from scheduling.views.month import month, this_month
from scheduling.views.move_here import move_here
from scheduling.views.patient import patient
from scheduling.views.place import to_day
from scheduling.views.replan import replan
from scheduling.views.reports import report_csv, reports
from scheduling.views.roster import roster
from scheduling.views.series import series, shift
from scheduling.views.undo import undo
from scheduling.views.worklists import worklist_row, worklists

urlpatterns = [
    path("", home, name="home"),
    path("board/<slug:clinic>/", to_day, {"page": "board", "act": Act.SEE_BOARD}, name="board_today"),
    path("board/<slug:clinic>/<date:day>/", board, name="board"),
    path("roster/<slug:clinic>/", to_day, {"page": "roster", "act": Act.SEE_ROSTER}, name="roster_today"),
    path("roster/<slug:clinic>/<date:day>/", roster, name="roster"),
    path("roster/<slug:clinic>/balance/", to_day, {"page": "balance", "act": Act.EDIT_STAFFING}, name="balance_today"),
    path("roster/<slug:clinic>/<date:day>/balance/", balance, name="balance"),
    path("roster/<slug:clinic>/<date:day>/balance/undo/", balance_undo, name="balance_undo"),
    path("load/", this_month, name="month_today"),
    path("load/<month:month>/", month, name="month"),
    path("replan/<slug:clinic>/", to_day, {"page": "replan", "act": Act.REPLAN}, name="replan_today"),
    path("replan/<slug:clinic>/<date:day>/", replan, name="replan"),
    path("staffing/<slug:clinic>/", to_day, {"page": "staffing", "act": Act.SEE_STAFFING}, name="staffing_today"),
    path("staffing/<slug:clinic>/<date:day>/", staffing.staffing, name="staffing"),
    path("staffing/<slug:clinic>/<date:day>/shift/", staffing.shift_add, name="shift_add"),
    path("staffing/<slug:clinic>/<date:day>/close/", closing.clinic_close, name="clinic_close"),
    path("staffing/<slug:clinic>/<date:day>/chair/", closing.chair_out, name="chair_out"),
    path("staffing/<slug:clinic>/<date:day>/copy/", rostering.week_copy, name="week_copy"),
    path("staffing/<slug:clinic>/<date:day>/fill/", rostering.week_fill, name="week_fill"),
    path("staffing/<slug:clinic>/<date:day>/breaks/", rostering.lunches, name="lunches"),
    path("staffing/<slug:clinic>/weekly/", patterns.patterns, name="patterns"),
    path("staffing/<slug:clinic>/weekly/add/", patterns.pattern_add, name="pattern_add"),
    path("weekly-shifts/<int:pattern_id>/", patterns.pattern_change, name="pattern"),
    path("weekly-shifts/<int:pattern_id>/end/", patterns.pattern_end, name="pattern_end"),
    path("staffing/<slug:clinic>/places/", places.places, name="places"),
    path("staffing/<slug:clinic>/places/hours/", places.hours_change, name="hours_change"),
    path("staffing/<slug:clinic>/places/chair/", places.chair_add, name="chair_add"),
    path("chairs/<int:chair_id>/", places.chair_change, name="chair"),
    path("chairs/<int:chair_id>/remove/", places.chair_remove, name="chair_remove"),
    path("chairs/<int:chair_id>/return/", places.chair_return, name="chair_return"),
    path("holidays/", places.holidays, name="holidays"),
    path("holidays/<date:day>/", places.holiday_decide, name="holiday"),
    path("shifts/<int:shift_id>/", staffing.shift_change, name="shift"),
    path("shifts/<int:shift_id>/lend/", rostering.shift_lend, name="shift_lend"),
    path("shifts/<int:shift_id>/off/", staffing.shift_off, name="shift_off"),
    path("shifts/<int:shift_id>/remove/", staffing.shift_remove, name="shift_remove"),
    path("absences/<int:absence_id>/end/", staffing.absence_end, name="absence_end"),
    path("closures/<int:closure_id>/end/", closing.closure_end, name="closure_end"),
    path("outages/<int:outage_id>/end/", closing.outage_end, name="outage_end"),
    path("patients/emergency/", emergency.emergency_open, name="emergency"),
    path("patients/emergency/list/", emergency.emergencies, name="emergencies"),
    path("patients/emergency/<int:access_id>/close/", emergency.emergency_close, name="emergency_close"),
    path("patients/emergency/<int:access_id>/reviewed/", emergency.emergency_reviewed, name="emergency_reviewed"),
    path("patients/<int:patient_id>/", patient, name="patient"),
    path("patients/<int:patient_id>/history/", patient_history, name="patient_history"),
    path("patients/<int:patient_id>/looked/", patient_looked, name="patient_looked"),
    path("book/<int:plan_id>/", book, name="book"),
    path("book/<int:plan_id>/series/", series, name="book_series"),
    path("book/<int:plan_id>/another-time/", book_another_time, name="book_another_time"),
    path("book/here/<slug:clinic>/<date:day>/<int:chair_id>/<clock:clock>/", book_here, name="book_here"),
    path("appointments/<int:appointment_id>/", visit.appointment, name="appointment"),
    path("appointments/<int:appointment_id>/status/", visit.appointment_status, name="appointment_status"),
    path("appointments/<int:appointment_id>/clear/", visit.appointment_clear, name="appointment_clear"),
    path("appointments/<int:appointment_id>/reaction/", visit.appointment_reaction, name="appointment_reaction"),
    path("appointments/<int:appointment_id>/confirm/", visit.appointment_confirm, name="appointment_confirm"),
    path("appointments/<int:appointment_id>/move/", visit.appointment_move, name="appointment_move"),
    path(
        "appointments/<int:appointment_id>/move/<slug:clinic>/<date:day>/<int:chair_id>/<clock:clock>/",
        move_here,
        name="move_here",
    ),
    path("appointments/<int:appointment_id>/shift/", shift, name="appointment_shift"),
    path("appointments/<int:appointment_id>/chair/", visit.appointment_chair, name="appointment_chair"),
    path("appointments/<int:appointment_id>/cancel/", visit.appointment_cancel, name="appointment_cancel"),
    path("appointments/<int:appointment_id>/extend/", visit.appointment_extend, name="appointment_extend"),
    path("appointments/<int:appointment_id>/earlier/", waitlist.waitlist_earlier, name="waitlist_earlier"),
    path(
        "book/here/<slug:clinic>/<date:day>/<int:chair_id>/<clock:clock>/who-fits/",
        waitlist.who_fits_here,
        name="who_fits_here",
    ),
    path("appointments/<int:appointment_id>/who-fits/", waitlist.who_fits, name="who_fits"),
    path("undo/", undo, name="undo"),
    path("waitlist/", waitlist.waitlist, name="waitlist"),
    path("waitlist/add/<int:plan_id>/<int:dose>/", waitlist.waitlist_add, name="waitlist_add"),
    path("waitlist/<int:entry_id>/", waitlist.waitlist_entry, name="waitlist_entry"),
    path("waitlist/<int:entry_id>/close/", waitlist.waitlist_close, name="waitlist_close"),
    path("offers/<int:offer_id>/", waitlist.offer_answer, name="offer_answer"),
    path("reports/", reports, name="reports"),
    path("reports/<slug:section>.csv", report_csv, name="report_csv"),
    path("worklists/", worklists, name="worklists"),
    path("worklists/<slug:name>/<slug:key>/", worklist_row, name="worklist_row"),
]
