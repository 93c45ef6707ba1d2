"""What went wrong is kept as a code with its parameters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('directory', '0004_address_rules')]

    # Rows of the last release held sentences; memory is made anew, not turned into codes
    operations = [
        migrations.RemoveField(model_name='directorystatus', name='last_error'),
        migrations.AddField(model_name='directorystatus', name='last_error', field=models.JSONField(default=dict)),
        migrations.RemoveField(model_name='directorystatus', name='report'),
        migrations.AddField(model_name='directorystatus', name='report', field=models.JSONField(default=dict)),
        migrations.RemoveField(model_name='directoryrun', name='notes'),
        migrations.AddField(model_name='directoryrun', name='notes', field=models.JSONField(default=list)),
        migrations.RemoveField(model_name='directoryrun', name='error'),
        migrations.AddField(model_name='directoryrun', name='error', field=models.JSONField(default=dict)),
    ]
