"""What is booked months ahead: series for those who like to know their days, nothing for those who call later."""

from datetime import time, timedelta

from patients.plans import end_plan, pause_plan
from scheduling.demo.courses import Course
from scheduling.demo.story import Story

SERIES = 0.1
SERIES_DOSES = (1, 2, 3, 5)
MONTHLY = range(14, 60)
"""Intervals, in days, of the courses that are booked as series."""


def book_series(*, story: Story, courses: list[Course]) -> None:
    """Book some patients' doses months ahead, each on their usual weekday and hour. Stop a few idle courses."""
    at = story.at(story.today - timedelta(days=1), time(16, 40))
    idle = [course for course in courses if max(course.dates.values(), default=story.today) < story.today]
    for course in courses:
        if course.regimen.interval not in MONTHLY or course in idle or story.rng.random() > SERIES:
            continue
        for _ in range(story.rng.choice(SERIES_DOSES)):
            if story.book_next(course, from_day=story.today, at=at) is None:
                break
    for course in idle[:2]:
        pause_plan(plan=course.plan)
    for course in idle[2:4]:
        end_plan(plan=course.plan)
