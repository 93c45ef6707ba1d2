"""What went wrong is kept as a code with its parameters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('sources', '0006_mail_system')]

    # Rows of the last release held sentences; memory is made anew, not turned into codes
    operations = [
        migrations.RemoveField(model_name='sourcestatus', name='last_error'),
        migrations.AddField(model_name='sourcestatus', name='last_error', field=models.JSONField(default=dict)),
        migrations.RemoveField(model_name='leftmessage', name='reason'),
        migrations.AddField(model_name='leftmessage', name='reason', field=models.JSONField(default=dict)),
        migrations.RemoveField(model_name='fetchrun', name='notes'),
        migrations.AddField(model_name='fetchrun', name='notes', field=models.JSONField(default=list)),
        migrations.RemoveField(model_name='fetchrun', name='error'),
        migrations.AddField(model_name='fetchrun', name='error', field=models.JSONField(default=dict)),
    ]
