"""Parts of an address: `<date:day>` is an ISO date such as 2026-03-09, `<month:month>` a month such as 2026-03,
`<clock:time>` a time of day such as 09:15."""

from datetime import date, time

from django.urls import register_converter


class IsoDate:
    """A day of the calendar in an address. An impossible one is a page that is not there."""

    regex = "20[0-9]{2}-[01][0-9]-[0-3][0-9]"

    def to_python(self, value: str) -> date:
        """The date. Raises `ValueError`, which Django answers with 404."""
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        """The date as it stands in an address."""
        return value if isinstance(value, str) else value.isoformat()


register_converter(IsoDate, "date")


class IsoMonth:
    """A month of the calendar in an address, given to the page as its first day."""

    regex = "20[0-9]{2}-[01][0-9]"

    def to_python(self, value: str) -> date:
        """The first day. Raises `ValueError`, which Django answers with 404."""
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date | str) -> str:
        """The month as it stands in an address."""
        return value if isinstance(value, str) else value.strftime("%Y-%m")


register_converter(IsoMonth, "month")


class WallClock:
    """A time of day in an address, on the clinic's wall clock: 09:15."""

    regex = "[0-2][0-9]:[0-5][0-9]"

    def to_python(self, value: str) -> time:
        """The time. Raises `ValueError`, which Django answers with 404."""
        return time.fromisoformat(value)

    def to_url(self, value: time | str) -> str:
        """The time as it stands in an address."""
        return value if isinstance(value, str) else value.strftime("%H:%M")


register_converter(WallClock, "clock")
