from datetime import timedelta
from amberpost.clock import now
from amberpost.notice.alarm import Alarm, Kind, Level
from amberpost.notice.models import Channel, Dispatch
from amberpost.notice.rounds import follow
from tests.browser.conftest import Served

def test_look(served: Served) -> None:
    at = now()
    a = Alarm(kind=Kind.SOURCE_FAILING, level=Level.GRAVE, subject="1", arguments={"source": "Journal", "error": "the server does not accept the user name or password: [AUTHENTICATIONFAILED]"})
    b = Alarm(kind=Kind.DISK_FILLING, level=Level.WARNING, stage=1, arguments={"percent": 83, "stops": 0})
    c = Alarm(kind=Kind.JOBS_FAILED, level=Level.WARNING, stage=1, arguments={"number": 1})
    follow([a, b, c], [Channel.MAIL], at - timedelta(hours=30))
    follow([a, b], [Channel.MAIL], at - timedelta(hours=1))
    Dispatch.objects.update(tries=3, error="Nothing answers on this port. Check the port and whether the server runs: mail:587")
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            page = served.page("otto", viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(f"{served.url}/console/notices/")
            page.screenshot(path=f"/tmp/notice-{scheme}-{width}.png", full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, wide
    page.goto(f"{served.url}/console/")
    page.screenshot(path="/tmp/notice-overview.png", full_page=True)
