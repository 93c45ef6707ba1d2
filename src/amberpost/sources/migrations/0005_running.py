import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0004_evidence'),
    ]

    operations = [
        migrations.AddField(
            model_name='sourcestatus',
            name='is_running',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='source',
            name='max_size_mb',
            field=models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1, 'The smallest limit is 1 MB, as 0 would take no mail. Leave it empty where there is no limit.')], verbose_name='max. e-mail size (MB)'),
        ),
    ]
