#!/usr/bin/env python
"""Django's command line for the reference site."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    if sys.argv[1:2] != ["runserver"]:
        # A command tells on the terminal itself what it does.
        os.environ.setdefault("LOG_LEVEL", "WARNING")
    execute_from_command_line(sys.argv)
