#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from clinic.audit.origin import acting

    try:
        with acting(task=" ".join(["command", *sys.argv[1:2]])):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"chairside: {error}")


if __name__ == "__main__":
    main()
