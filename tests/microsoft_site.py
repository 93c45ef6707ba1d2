"""An archive whose people come from Entra ID and sign in at Microsoft, both played by stand-ins."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client

from amberpost.directory.active import activate, get_directory, rules_of, save_directory
from amberpost.directory.entra.reader import read_entra
from amberpost.directory.models import Directory, DirectoryKind
from amberpost.directory.plan.plan import plan
from amberpost.governance import sync as accounts_sync
from amberpost.road.open import open_keys_of
from tests.opened import Opened
from tests.servers.graph import GraphTenant
from tests.servers.microsoft import Microsoft
from tests.servers.openid import SignInPages


@dataclass
class MicrosoftSite:
    opened: Opened
    tenant: GraphTenant
    pages: SignInPages
    directory: Directory
    anna: str  # object ids
    gone: str

    def depart(self, client: Client, next_page: str = "") -> dict[str, str]:
        """Click the button; what the browser asks Microsoft."""
        answer = client.get("/sign-in/microsoft/", {"next": next_page} if next_page else {})
        assert answer.status_code == 302, answer.content
        url = urlsplit(answer.headers["Location"])
        assert f"{url.scheme}://{url.netloc}" == self.pages.server.authority
        return {name: values[0] for name, values in parse_qs(url.query).items()}

    def come_back(self, client: Client, query: dict[str, str], object_id: str) -> HttpResponse:
        """Choose an account at Microsoft and follow it back."""
        back = urlsplit(self.pages.choose(query, object_id))
        return client.get(f"{back.path}?{back.query}")

    def attempt(self, object_id: str, client: Client | None = None) -> HttpResponse:
        client = client or Client()
        return self.come_back(client, self.depart(client), object_id)


def make_site(opened: Opened, server: Microsoft) -> MicrosoftSite:
    """With Anna, who may sign in, somebody disabled, a shared mailbox, and the local operator otto."""
    opened.add_user("otto", role="operator")
    tenant = GraphTenant(server)
    anna = tenant.user("Anna Amann", "anna@firma.example")
    gone = tenant.user("Gone Gans", "gone@firma.example", accountEnabled=False)
    tenant.user("Info", "info@firma.example", purpose="shared")
    directory = get_directory(DirectoryKind.ENTRA)
    settings = tenant.settings()
    names = ("tenant_id", "client_id", "authority", "graph", "ca_pem")
    directory.settings = {name: getattr(settings, name) for name in names}
    keys = open_keys_of(opened.config)
    save_directory(directory, {"client_secret": settings.client_secret}, keys.seal_setting, by="test")
    keys.close()
    activate(directory, by="test")
    found = read_entra(settings)
    accounts_sync.apply(plan(accounts_sync.current_state(), found, rules_of(directory)), by="test")
    pages = SignInPages(server, tenant.app, f"{opened.config.url}/sign-in/microsoft/back/")
    pages.accounts = {anna: "anna@firma.example", gone: "gone@firma.example"}
    return MicrosoftSite(opened, tenant, pages, directory, anna, gone)
