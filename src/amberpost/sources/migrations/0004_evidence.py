from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0003_removed_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='sourcestatus',
            name='evidence',
            field=models.JSONField(default=dict),
        ),
    ]
