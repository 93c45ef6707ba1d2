from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notice', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='noticesettings',
            name='authority',
            field=models.URLField(blank=True),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='client_id',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='client_secret_set_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='login',
            field=models.CharField(choices=[('password', 'User and password, or neither'), ('oauth', 'OAuth 2 (Exchange Online)')], default='password', max_length=10),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='scope',
            field=models.CharField(blank=True, max_length=260),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='sealed_client_secret',
            field=models.BinaryField(blank=True, default=b''),
        ),
        migrations.AddField(
            model_name='noticesettings',
            name='tenant_id',
            field=models.CharField(blank=True, max_length=260),
        ),
    ]
