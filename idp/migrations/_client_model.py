"""Which migration creates the model of clients, so that foreign keys to it come after that one.

``swappable_dependency`` would name the *first* migration of the host's app, which on many sites does not
create the model yet; and the setting that it reads does not exist on a site that keeps the toolkit's model.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.db import migrations

from idp.conf import application_label


def application_dependency() -> tuple[str, str]:
    """Return ``(app label, migration name)`` of the migration that creates the model of clients.

    ``IDP["APPLICATION_MIGRATION"]`` names the migration of a site whose migrations do not show it,
    for example because the model was adopted with ``RunSQL`` or renamed into being.
    """
    label, model = application_label().split(".", 1)
    named = getattr(settings, "IDP", {}).get("APPLICATION_MIGRATION")
    return label, named or _creating_migration(label, model) or "__first__"


def _creating_migration(label: str, model: str) -> str | None:
    modules = getattr(settings, "MIGRATION_MODULES", {})
    path = modules.get(label, f"{apps.get_app_config(label).name}.migrations")
    if path is None:
        return None
    package = import_module(path)
    for _finder, name, is_package in sorted(
        pkgutil.iter_modules(package.__path__), key=lambda found: found[1]
    ):
        if is_package or name.startswith(("_", "~")):
            continue
        migration = import_module(f"{path}.{name}").Migration
        for operation in migration.operations:
            if _creates(operation, model.lower()):
                return name
    return None


def _creates(operation: object, model: str) -> bool:
    if isinstance(operation, migrations.CreateModel):
        return operation.name.lower() == model
    if isinstance(operation, migrations.RenameModel):
        return operation.new_name.lower() == model
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return any(_creates(inner, model) for inner in operation.state_operations)
    return False
