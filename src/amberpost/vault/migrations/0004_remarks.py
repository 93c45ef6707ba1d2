"""What went wrong is kept as a code with its parameters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('vault', '0003_the_clock')]

    # Rows of the last release held sentences; memory is made anew, not turned into codes
    operations = [
        migrations.RemoveField(model_name='work', name='error'),
        migrations.AddField(model_name='work', name='error', field=models.JSONField(default=dict)),
        migrations.RemoveField(model_name='message', name='error'),
        migrations.AddField(model_name='message', name='error', field=models.JSONField(default=dict)),
    ]
