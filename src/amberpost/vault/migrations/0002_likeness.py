from django.db import migrations, models


def as_before(apps, schema_editor):
    """Until the next rebuild, what was one line stays one line."""
    apps.get_model("vault", "Message").objects.update(likeness=models.F("fork"))


class Migration(migrations.Migration):

    dependencies = [
        ('vault', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='likeness',
            field=models.BinaryField(db_index=True, default=b'', max_length=16),
            preserve_default=False,
        ),
        migrations.RunPython(as_before, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='message',
            name='quarantine',
            field=models.SmallIntegerField(choices=[(0, 'not in quarantine'), (1, 'no archive has one of its addresses'), (2, 'could not be processed'), (3, 'a journal report without a readable envelope')], default=0),
        ),
    ]
