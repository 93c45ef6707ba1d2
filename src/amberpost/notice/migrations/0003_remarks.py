"""What went wrong is kept as a code with its parameters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('notice', '0002_oauth')]

    # Rows of the last release held sentences; memory is made anew, not turned into codes
    operations = [
        migrations.RemoveField(model_name='dispatch', name='error'),
        migrations.AddField(model_name='dispatch', name='error', field=models.JSONField(default=dict)),
    ]
