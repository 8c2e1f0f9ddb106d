"""Write the page of the doctor's findings: ``python -m tools.findings``."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "findings.md"

HEAD = """\
# Findings

What `python manage.py idp doctor` can say, and what the start page of the admin shows. Nothing else
can be found. The start page counts what can be counted in one statement whenever it is opened;
everything else is what the doctor found last, so let it run every night. `{subject}` and `{detail}`
stand for what a finding is about.
"""

WORDS = {"error": "Error", "warning": "Warning", "info": "For information"}


def page() -> str:
    """Return the page."""
    from idp.services.doctor_code import Code
    from idp.services.doctor_finding import TEXTS

    lines = [HEAD]
    for code in Code:
        words = TEXTS[code]
        lines += [f"\n## `{code}`\n\n"]
        lines += [f"**{WORDS[words.severity]}: {words.title}.** {words.message}\n\n"]
        lines += [f"*What to do:* {words.remedy}\n"]
        if words.reference:
            lines += [f"\n*See:* {words.reference}\n"]
    return "".join(lines)


def main() -> None:
    """Write the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
