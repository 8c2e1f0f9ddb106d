"""What the tests of commands share."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture
def idp():
    """Run a verb; status, standard output and standard error."""

    def run(*arguments):
        out, err = StringIO(), StringIO()
        status = 0
        try:
            call_command("idp", *arguments, stdout=out, stderr=err)
        except SystemExit as leaving:
            status = leaving.code
        return status, out.getvalue(), err.getvalue()

    return run
