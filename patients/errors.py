"""What the rules of this room refuse."""


class Refused(ValueError):
    """A fact that cannot be recorded as given. Says why and what to do next; `field` is the form field it is about."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
