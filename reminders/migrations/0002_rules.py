"""Load the default rules. As with the shipped therapies: only while the file has the shape of this state's models."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from reminders.rules import load_rules, read_rules, read_shape

SHAPE = 1


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if read_shape() == SHAPE:
        load_rules(rows=read_rules(), apps=apps)


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
