"""Words and forms from which dictionary.py makes up mail. The shipped dictionary comes of it."""

NAMES = (
    "Anna Bauer",
    "Ben Carter",
    "Clara Dietz",
    "David Evans",
    "Eva Fischer",
    "Frank Green",
    "Greta Hahn",
    "Henry Irving",
    "Ida Jansen",
    "John King",
    "Karin Lang",
    "Lucas Moore",
    "Maria Neumann",
    "Nick Owen",
    "Olga Peters",
    "Paul Quinn",
    "Rita Schulz",
    "Sam Taylor",
    "Tina Ullrich",
    "Victor Wagner",
)

SUBJECTS = (
    "Re: question about the new version",
    "[list] Problem with the installation",
    "Fwd: meeting on Monday",
    "Re: [users] error message after update",
    "AW: Angebot und Rechnung",
    "WG: Termin nächste Woche",
    "[announce] Release available",
    "Invoice for your order",
    "Re: Re: patch for review",
    "Newsletter",
    "Bestellung Nr.",
    "Automatic reply: Out of office",
    "Undelivered Mail Returned to Sender",
)

FIELDS = (
    "Return-Path: <{box}>",
    "Delivered-To: {box}",
    "Received: from {host} ({host} [{ip}])\r\n\tby {host} (Postfix) with ESMTP id {id}\r\n"
    "\tfor <{box}>; {day}, {n} {month} 20{n} {n}:{n}:{n} +0100 (CET)",
    "Received: from {host} ([{ip}]) by {host} with esmtps\n (TLS1.3:ECDHE_RSA_AES_256_GCM_SHA384:256) (Exim 4.96)"
    "\n id {id}; {day}, {n} {month} 20{n} {n}:{n}:{n} +0000",
    "Received: from localhost (localhost [127.0.0.1])\n\tby {host} (8.12.11/8.12.11) with SMTP id {id}\n"
    "\tfor <{box}>; {day}, {n} {month} 20{n} {n}:{n}:{n} -0700 (PDT)",
    "Received: by {host} with HTTP; {day}, {n} {month} 20{n} {n}:{n}:{n} -0800 (PST)",
    "Received-SPF: pass (sender SPF authorized) identity=mailfrom; client-ip={ip}; helo={host};",
    "Authentication-Results: {host}; dkim=pass (2048-bit key) header.d={host} header.i=@{host};"
    " spf=pass smtp.mailfrom={box}; dmarc=pass (policy=none) header.from={host}",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={host}; s=default; t=17{n}{n}{n}{n};\r\n"
    "\th=from:from:reply-to:subject:subject:date:date:message-id:message-id:to:to:cc:mime-version:mime-version:"
    "content-type:content-type:content-transfer-encoding:in-reply-to:references; bh=",
    "From: {name} <{box}>",
    'From: "{name}" <{box}>',
    "To: {name} <{box}>",
    "To: {box}",
    "Cc: {name} <{box}>, {name} <{box}>",
    "Sender: {box}",
    "Reply-To: {box}",
    "Errors-To: {box}",
    "Subject: {subject}",
    "Subject: =?UTF-8?Q?{subject}?=",
    "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=",
    "Date: {day}, {n} {month} 20{n} {n}:{n}:{n} +0200",
    "Date: {day}, {n} {month} 20{n} {n}:{n}:{n} -0500 (EST)",
    "Message-ID: <{hex}.{id}@{host}>",
    "Message-Id: <20{n}{n}{n}.{hex}@{host}>",
    "In-Reply-To: <{hex}@{host}>",
    "References: <{hex}@{host}>\r\n\t<{hex}@{host}>\r\n\t<{hex}@{host}>",
    "MIME-Version: 1.0",
    "Mime-Version: 1.0",
    'Content-Type: text/plain; charset="utf-8"; format=flowed',
    "Content-Type: text/plain; charset=us-ascii",
    "Content-Type: text/plain; charset=UTF-8",
    'Content-Type: text/plain; charset="iso-8859-1"',
    'Content-Type: multipart/mixed; boundary="----=_NextPart_000_{hex}"\r\n\r\n'
    "This is a multi-part message in MIME format.\r\n\r\n------=_NextPart_000_{hex}",
    'Content-Type: multipart/alternative;\r\n\tboundary="===============0{n}{n}{n}{n}=="',
    'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary="{hex}"',
    'Content-Disposition: attachment; filename="{id}.pdf"',
    "Content-Disposition: inline",
    "Content-Transfer-Encoding: 7bit",
    "Content-Transfer-Encoding: 8bit",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "X-Mailer: Microsoft Outlook 16.0",
    "X-Mailer: Microsoft Outlook Express 6.00.2800.1106\nX-MimeOLE: Produced By Microsoft MimeOLE V6.00.2800.1106",
    "User-Agent: Mozilla Thunderbird\nX-Accept-Language: en-us, en",
    "User-Agent: Mutt/1.5.21 (2010-09-15)",
    "X-Priority: 3\nX-MSMail-Priority: Normal\nImportance: Normal",
    "X-Spam-Checker-Version: SpamAssassin 3.4.6 (2021-04-09) on {host}\nX-Spam-Level: \n"
    "X-Spam-Status: No, score=-2.6 required=5.0 tests=BAYES_00,DKIM_SIGNED,HTML_MESSAGE,SPF_PASS\n"
    "\tautolearn=ham autolearn_force=no version=3.4.6",
    "X-Virus-Scanned: amavisd-new at {host}",
    "X-Originating-IP: [{ip}]",
    "X-BeenThere: users@{host}\nX-Mailman-Version: 2.1.39\nPrecedence: list",
    "List-Id: Discussion list for users <users.{host}>",
    "List-Unsubscribe: <https://{host}/mailman/options/users>,\n <mailto:users-request@{host}?subject=unsubscribe>",
    "List-Archive: <http://{host}/pipermail/users/>\nList-Post: <mailto:users@{host}>",
    "List-Help: <mailto:users-request@{host}?subject=help>",
    "List-Subscribe: <https://{host}/mailman/listinfo/users>,\n <mailto:users-request@{host}?subject=subscribe>",
    "Thread-Topic: {subject}\r\nThread-Index: Ac{id}==\r\nAccept-Language: de-DE, en-US\r\nContent-Language: de-DE\r\n"
    "X-MS-Has-Attach: \r\nX-MS-TNEF-Correlator: ",
    "X-MS-Exchange-Organization-SCL: -1\r\nX-MS-Exchange-Organization-AuthAs: Internal\r\n"
    "X-MS-Exchange-Organization-AuthMechanism: 04\r\nX-MS-Exchange-Organization-AuthSource: {host}",
    "X-MS-Exchange-CrossTenant-OriginalArrivalTime: {n} {month} 20{n} {n}:{n}:{n}.0{n} (UTC)\r\n"
    "X-MS-Exchange-Transport-CrossTenantHeadersStamped: {id}",
    "Status: RO\nX-Status: \nX-Keywords:                  \nContent-Length: {n}{n}\nLines: {n}",
)

_COMMON = (
    "the of and to in is that it for you on with as are this be have not or at by from was if can will an but we "
    "they all your has one do there would what about which when my more some who out up so no other into than then "
    "could only its any how our like just also been after use two new because these first time should very people "
    "work know need want make way many may even get see think back where much good well here still before through "
    "being those down such same over take does while problem question version file system server message error "
    "list mail address please thanks regards hello sent wrote information available following using software user "
    "users number change support install update running test result change different example program data code "
    "attached document meeting project order invoice customer company team week today tomorrow monday office phone "
    "http://www. https://www. .com/ .org/ .html really probably actually however something anything everything "
    "someone without between another another's doesn't don't can't it's I'm I've you're that's won't isn't let's"
)
_PHRASES = (
    "Best regards,;Kind regards,;Thanks in advance,;Thank you for your help.;Please let me know if you have any "
    "questions.;I have been trying to;does anyone know;On {day}, at wrote:;-----Original Message-----;"
    "_______________________________________________;To unsubscribe from this list, send;mailing list;"
    "as far as I know,;in order to;it would be nice to;I don't think that;if you want to;there is no;"
    "I would like to;Sent from my iPhone;Get your free;-- ;-----BEGIN PGP SIGNATURE-----;"
    "Version: GnuPG v1.4.10 (GNU/Linux);-----END PGP SIGNATURE-----;#include <stdio.h>;return 0;/usr/local/bin/;"
    "The information contained in this e-mail is confidential and may be privileged.;"
    "If you are not the intended recipient, please notify the sender and delete this message.;"
    "--- a/src/main.c;+++ b/src/main.c;@@ -1,7 +1,7 @@;diff --git a/;/etc/init.d/;    if (err)"
)
ENGLISH = (
    *_COMMON.split(),
    *_COMMON.split(),
    *(word + "." for word in _COMMON.split()),
    *_PHRASES.split(";"),
)

_HAUFIG = (
    "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat "
    "dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis "
    "mehr durch man sein wurde wenn können ich wir Sie Ihnen Ihre unser unsere bitte vielen Dank anbei erhalten "
    "Rechnung Angebot Auftrag Bestellung Kunde Firma Termin Besprechung Projekt Anhang Datei Frage Problem Lösung "
    "Woche Montag Dienstag Mittwoch Donnerstag Freitag Uhr heute morgen gestern Telefon Straße GmbH Geschäftsführer "
    "Amtsgericht Handelsregister HRB USt-IdNr. sehr geehrte geehrter Damen Herren liebe lieber Kollegen Hallo Gruß"
)
_FLOSKELN = (
    "Mit freundlichen Grüßen;Sehr geehrte Damen und Herren,;vielen Dank für Ihre Nachricht.;anbei erhalten Sie;"
    "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen.;Von:;Gesendet:;An:;Betreff:;"
    "Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte sofort den Absender;Am schrieb:;"
    "=C3=BC;=C3=A4;=C3=B6;=C3=9F;=FC;=E4;=F6;=DF;=\n;=20"
)
GERMAN = (*_HAUFIG.split(), *_HAUFIG.split(), *_FLOSKELN.split(";"))

HTML = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">\n<html>\n<head>\n'
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\n<title></title>\n'
    '<style type="text/css">\np.MsoNormal, li.MsoNormal, div.MsoNormal\n\t{margin:0cm;\n\tmargin-bottom:.0001pt;'
    '\n\tfont-size:11.0pt;\n\tfont-family:"Calibri",sans-serif;}\n</style>\n</head>\n<body bgcolor="#ffffff" '
    'text="#000000" link="#0563C1" vlink="#954F72">',
    '<div dir="ltr">{text}</div>',
    '<p class="MsoNormal">{text}<o:p></o:p></p>',
    '<p class="MsoNormal"><span style="font-size:10.0pt;font-family:&quot;Arial&quot;,sans-serif">{text}'
    "<o:p>&nbsp;</o:p></span></p>",
    '<font face="Verdana, Arial, Helvetica, sans-serif" size="2">{text}</font><br>',
    '<table width="100%" border="0" cellspacing="0" cellpadding="0"><tr><td align="left" valign="top">{text}</td>'
    "</tr></table>",
    '<a href="https://www.example.org/" target="_blank">{text}</a>&nbsp;',
    '<img src="cid:image001.png" width="1" height="1" border="0" alt="">',
    '<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex">{text}',
    '<div class=3D"gmail_quote">{text}</div>=20',
    '<td style=3D"font-family:Arial,sans-serif;font-size:14px;line-height:20px;color:#333333">{text}</td>',
)
