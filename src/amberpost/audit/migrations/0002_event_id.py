from uuid import uuid4

from django.db import migrations, models


def give_ids(apps, _schema_editor):
    AuditEvent = apps.get_model("audit", "AuditEvent")
    for pk in AuditEvent.objects.values_list("pk", flat=True):
        AuditEvent.objects.filter(pk=pk).update(event_id=uuid4())


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditevent',
            name='event_id',
            field=models.UUIDField(null=True, editable=False),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='auditevent',
            name='event_id',
            field=models.UUIDField(default=uuid4, editable=False, unique=True),
        ),
    ]
