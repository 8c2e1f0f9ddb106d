"""``manage.py idp <verb>``: the operator's desk on the command line."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from idp.management.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Hand over to the module of the verb.

    Exit status: 0 fine, 1 findings or a refusal, 2 wrong use. JSON and exported files go to
    standard output, everything else to standard error.
    """

    help = "Works on scopes, policies, clients, consents and keys of the identity provider."
    # A site whose checks fail needs the doctor most.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Give each verb its own arguments."""
        verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
        for name, module_name in VERBS.items():
            module = import_module(module_name)
            summary = (module.__doc__ or "").strip().splitlines()[0]
            verb = verbs.add_parser(name, help=summary, description=summary)
            module.add_arguments(verb)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the verb; leave with its status where that is not 0."""
        module = import_module(VERBS[options["verb"]])
        status = module.run(options, out=self.stdout, err=self.stderr)
        if status:
            sys.exit(status)
