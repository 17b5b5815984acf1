"""Load the shipped therapies.

The file moves on; this migration does not. It loads the file only while the file still has the shape that the models
of this state can hold. Whoever changes that shape raises `shape` in the file and adds a migration like this one after
the change of the models: a new database then loads there, and this step does nothing.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from therapies.catalog import load_catalog
from therapies.shipped import CATALOG, read_catalog, read_shape

SHAPE = 1


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if read_shape(CATALOG) == SHAPE:
        load_catalog(catalog=read_catalog(CATALOG), apps=apps, today=timezone.localdate())


class Migration(migrations.Migration):
    dependencies = [("therapies", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
