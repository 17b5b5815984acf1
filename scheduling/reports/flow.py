"""How the day runs for a patient: starting on time, waiting, and staying as long as booked. Pure: no Django."""

from collections.abc import Callable, Sequence

from scheduling.reports.figures import Share, Typical, typical
from scheduling.reports.rows import MINUTE, Visit

TOLERANCE = 15 * MINUTE


def on_time(visits: Sequence[Visit]) -> Share:
    """Seated no later than 15 minutes after the time as booked, of those who were seated."""
    seated = [visit for visit in visits if visit.seated is not None]
    return Share(sum((visit.seated or 0) - visit.start <= TOLERANCE for visit in seated), len(seated))


def wait_for_chair(visits: Sequence[Visit]) -> Typical:
    """From arrival, or from the booked time if the patient came early, until seated."""
    return typical(
        max(visit.seated - max(visit.arrived, visit.start), 0)
        for visit in visits
        if visit.seated is not None and visit.arrived is not None
    )


def wait_in_lobby(visits: Sequence[Visit]) -> Typical:
    """From arrival until seated, however early the patient came."""
    return typical(
        visit.seated - visit.arrived for visit in visits if visit.seated is not None and visit.arrived is not None
    )


def wait_in_chair(visits: Sequence[Visit]) -> Typical:
    """From seated until the infusion runs."""
    return typical(
        visit.infusing - visit.seated for visit in visits if visit.infusing is not None and visit.seated is not None
    )


def stay(visits: Sequence[Visit]) -> Typical:
    """The cycle time: from seated until done, of those who were treated."""
    return typical(length for length, _ in _stays(visits))


def as_booked(visits: Sequence[Visit]) -> Share:
    """Treated within 15 minutes of the length as booked."""
    return _share_of_stays(visits, lambda more: -TOLERANCE <= more <= TOLERANCE)


def longer(visits: Sequence[Visit]) -> Share:
    """Treated, and more than 15 minutes longer in the chair than booked."""
    return _share_of_stays(visits, lambda more: more > TOLERANCE)


def shorter(visits: Sequence[Visit]) -> Share:
    """Treated, and more than 15 minutes shorter in the chair than booked."""
    return _share_of_stays(visits, lambda more: more < -TOLERANCE)


def _share_of_stays(visits: Sequence[Visit], counts: Callable[[int], bool]) -> Share:
    """How many stays count, by how much longer they were than booked."""
    stays = _stays(visits)
    return Share(sum(counts(length - booked) for length, booked in stays), len(stays))


def _stays(visits: Sequence[Visit]) -> list[tuple[int, int]]:
    """How long those who were treated sat in the chair, and how long was booked."""
    return [
        (visit.ended - visit.seated, visit.end - visit.start)
        for visit in visits
        if visit.status == "done" and visit.seated is not None and visit.ended is not None
    ]
