"""Evening out the nurses of a day, laid out: who goes from whom to whom, and what each nurse has then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clinic.models import Clinic, Nurse
from clinic.quarters import ClinicDate
from scheduling.engine.day import Care
from scheduling.engine.rebalance import Share, shares
from scheduling.models import Appointment
from scheduling.rebalancing import Proposal
from scheduling.wording import clock_words, span_words


@dataclass(frozen=True, slots=True)
class Switch:
    """A patient who would get another nurse."""

    time: str
    patient: str
    treatment: str
    chair: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NurseRow:
    """What a nurse starts on this day, as it is and as it would be."""

    name: str
    before: Share
    after: Share

    @property
    def changes(self) -> bool:
        """Whether anything would be different."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class BalancePage:
    """All that the page shows of a proposal."""

    version: int
    switches: tuple[Switch, ...]
    nurses: tuple[NurseRow, ...]
    has_patients: bool


def balance_page(*, clinic: Clinic, grid: ClinicDate, proposal: Proposal) -> BalancePage:
    """Lay a proposal out. Two queries."""
    names = _short(Nurse.objects.filter(pk__in=[nurse.id for nurse in proposal.day.nurses]).order_by("name"))
    before = shares(proposal.day, weights=proposal.weights)
    after = shares(proposal.after, weights=proposal.weights)
    return BalancePage(
        version=proposal.version,
        switches=tuple(_switches(grid, proposal, names)),
        nurses=tuple(NurseRow(name, before[pk], after[pk]) for pk, name in names.items()),
        has_patients=bool(proposal.day.stays),
    )


def _switches(grid: ClinicDate, proposal: Proposal, names: Mapping[int, str]) -> Iterable[Switch]:
    stays = {stay.id: stay for stay in proposal.day.stays}
    rows = (
        Appointment.objects.filter(pk__in=proposal.care)
        .select_related("patient", "plan__therapy", "chair")
        .order_by("period", "pk")
    )
    for one in rows:
        yield Switch(
            time=span_words(one.start, one.end, grid.zone),
            patient=str(one.patient),
            treatment=f"{one.plan.therapy} dose {one.dose_number}",
            chair=str(one.chair),
            before=_care_words(stays[one.pk].care, names, grid),
            after=_care_words(proposal.care[one.pk], names, grid),
        )


def _care_words(care: Sequence[Care], names: Mapping[int, str], grid: ClinicDate) -> str:
    """Anna until 12:00 PM, then Bea."""
    return ", then ".join(
        names.get(piece.nurse, "?")
        if piece is care[-1]
        else f"{names.get(piece.nurse, '?')} until {clock_words(grid.moment_of(piece.end), grid.zone)}"
        for piece in care
    )


def _short(nurses: Iterable[Nurse]) -> dict[int, str]:
    return {nurse.pk: nurse.name for nurse in nurses}
