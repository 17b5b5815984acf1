"""Re-planning days of 12, 24 and 60 chairs at 70 % load with one nurse sick: seconds until every goal is proved."""

from bench import replan
from bench.table import Result


def run(*, is_small: bool) -> list[Result]:
    """One result for each size of day."""
    return [
        Result(
            f"re-plan {row.chairs} chairs, {row.appointments} appointments",
            row.seconds * 1000,
            mark=f"≤ {row.mark:.0f} s, all proved",
            is_met=row.is_met,
            facts={"seconds_by_goal": row.seconds_by_goal, "gaps": row.gaps, "moved": row.moved, "left": row.left},
        )
        for row in replan.rows((12,) if is_small else replan.SIZES)
    ]
