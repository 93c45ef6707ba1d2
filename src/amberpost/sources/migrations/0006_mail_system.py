from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0005_running'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='mail_system',
            field=models.CharField(choices=[('microsoft-365', 'Microsoft 365'), ('exchange', 'Exchange server'), ('postfix', 'Postfix'), ('google', 'Google Workspace'), ('other', 'Other mailbox')], default='other', max_length=20, verbose_name='mail system'),
        ),
    ]
