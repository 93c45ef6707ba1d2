from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0003_runs'),
    ]

    operations = [
        migrations.CreateModel(
            name='AddressRules',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('has_plus_addresses', models.BooleanField(default=False)),
            ],
        ),
    ]
