"""Journal reports around list mail, as Exchange writes them."""

from amberpost.demo.chance import Chance
from benchmarks.letters import Letter


def report(letter: Letter) -> bytes:
    """The report of one letter; the letter is in it byte for byte."""
    chance = Chance(f"report/{letter.number}")
    boundary = f"_{chance.hex(8)}-{chance.hex(4)}-{chance.hex(4)}_"
    envelope = [
        f"Sender: {letter.sender}",
        f"Subject: {letter.subject}",
        f"Message-Id: <{letter.message_id}>",
    ]
    envelope += [f"To: {address}" for address in letter.recipients]
    head = (
        "Received: from outbound.example by mx1.archive.example with ESMTPS id "
        f"{chance.hex(12)}\nFrom: Microsoft Outlook <exchange@lindenhof.example>\n"
        f"Sender: Microsoft Outlook <exchange@lindenhof.example>\nTo: <journal@archive.example>\n"
        f"Subject: {letter.subject}\nMessage-ID: <{chance.hex(32)}@journal.report.generator>\n"
        "X-MS-Journal-Report:\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n'
        f"--{boundary}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n"
    )
    text = "\n".join(envelope).encode("utf-8")
    middle = (
        f"\n--{boundary}\nContent-Type: message/rfc822\nContent-Disposition: attachment\n"
        "Content-Transfer-Encoding: 8bit\n\n"
    )
    before = b"".join((head.encode("utf-8"), text, b"\n", middle.encode("ascii"))).replace(b"\n", b"\r\n")
    return before + letter.raw + f"\r\n--{boundary}--\r\n".encode("ascii")
