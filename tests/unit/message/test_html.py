"""HTML made safe to show, and HTML made words."""

import pytest

from amberpost.message import html
from amberpost.message.html import SafeHtml, safe_html
from amberpost.message.markup import html_text


def safe(text: str) -> SafeHtml:
    return safe_html(text, cid_url={"logo@x": "/part/2"}.get)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<style>@import url(http://evil.example)</style>",
        "<svg><style>*{}</style><a href='https://evil.example'>x</a></svg>",
        "<math><mi href='https://evil.example'>x</mi></math>",
        "<iframe src='https://evil.example'></iframe>",
        "<object data='https://evil.example'></object>",
        "<embed src='https://evil.example'>",
        "<meta http-equiv=refresh content='0;https://evil.example'>",
        "<link rel=stylesheet href='https://evil.example'>",
        "<base href='https://evil.example'>",
        "<template><img src='https://evil.example'></template>",
        "<noscript><img src='https://evil.example'></noscript>",
        "<video src='https://evil.example' poster='https://evil.example'></video>",
        "<p style='background:url(https://evil.example)'></p>",
        "<p style='background:u\\72l(https://evil.example)'></p>",
        "<p style='background-image:image-set(\"https://evil.example\" 1x)'></p>",
        "<p style='position:fixed'></p>",
        "<p style='width:expression(evil.example)'></p>",
        "<table background='https://evil.example'></table>",
        "<img src='https://evil.example/x.png'>",
        "<img src='//evil.example/x.png'>",
        "<img srcset='https://evil.example/x.png 1x'>",
        "<img src='data:image/svg+xml;base64,AAAA'>",
        "<p onclick='evil.example'>",
        "<a href='javascript:evil.example'></a>",
        "<a href='data:text/html,evil.example'></a>",
        "<a href='/logout'></a>",
        "<p id='evil.example' class='evil.example' name='evil.example'>",
    ],
)
def test_nothing_hostile_is_left(hostile: str) -> None:
    shown = safe(hostile).html.lower()
    for word in ("evil.example", "script", "style>", "logout", "svg", "position", "onclick", "url("):
        assert word not in shown


def test_forms_lose_everything_that_sends() -> None:
    assert (
        safe("<form action=https://evil.example><input name=x><button>go</button>text</form>").html
        == "gotext"
    )


def test_remote_content_is_counted() -> None:
    found = safe(
        "<img src=https://a.example/1><img srcset='https://a.example/2 1x'><div background=https://a.example/3>"
        "<p style='background:url(https://a.example/4)'>"
    )
    assert found.blocked_remote == 4


def test_images_of_the_message_itself_stay() -> None:
    found = safe(
        "<img src='cid:logo@x' alt=Logo><img src='CID:<logo@x>'><img src='cid:none'>"
        "<img src='data:image/png;base64,AAAA'>"
    )
    assert found.html.count('src="/part/2"') == 2
    assert 'alt="Logo"' in found.html
    assert "data:image/png" in found.html
    assert found.blocked_remote == 0


def test_links_open_apart_and_tell_nothing() -> None:
    shown = safe(
        "<a href=' https://x.example/?a=1&amp;b '>x</a>"
        "<a href='mailto:a@b.example'>m</a><a href='tel:1'>t</a>"
    ).html
    assert shown.count('rel="noopener noreferrer nofollow"') == shown.count('target="_blank"') == 3
    assert 'href="https://x.example/?a=1&amp;b"' in shown


def test_harmless_style_stays() -> None:
    shown = safe(
        "<p style=\"COLOR: Red; font-family:'Arial', sans-serif; margin : 0 auto !important;;x;"
        'color:rgb(1,2,3)">x</p>'
    ).html
    assert shown == '<p style="color:red;font-family:arial, sans-serif;margin:0 auto;color:rgb(1,2,3)">x</p>'


@pytest.mark.parametrize(
    "style",
    [
        "height:150vh",
        "height: 90DVH",
        "width:3vmax",
        "padding:2cqb",
        "margin-top:-9px",
        "margin:0 0 -.5em",
        "margin:0 - 4px",
    ],
)
def test_nothing_depends_on_the_frame_or_reaches_out_of_its_place(style: str) -> None:
    assert "style" not in safe(f'<p style="{style}!important">x</p>').html


def test_what_is_folded_away_is_shown() -> None:
    assert 'open=""' in safe("<details><summary>x</summary>y</details>").html


def test_tables_keep_their_shape() -> None:
    row = '<tr><td colspan="2" align="left">x</td></tr>'
    text = f'<table border="0" cellpadding="1"><tbody>{row}</tbody></table>'
    assert safe(text).html == text


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 200_000,
        "&" * 200_000,
        "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">",
        "<b>" * 15_000,
    ],
)
def test_what_would_take_minutes_is_shown_as_text(bomb: str) -> None:
    assert safe(bomb + "<img src=x>words <x> &amp;").html.startswith("<pre>")
    assert "words" in safe(bomb + " words").html or len(bomb) > html._SHOWN_CHARACTERS


def test_long_but_simple_html_is_shown_as_html() -> None:
    assert safe("<table>" + "<tr><td>x</td></tr>" * 5_000 + "</table>").html.startswith("<table>")
    assert safe("<p>" + "word " * 9_000 + "</p>").html.startswith("<p>")


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("fo<b>o</b>bar", "foobar"),
        ("<td>a</td><td>b</td>", "a b"),
        ("a<img src=x>b", "a b"),
        ("a\nb   c", "a b c"),
        ("<pre>a\nb</pre>", "a\nb"),
        ("<style>x{}</style>a<script>b</script>c", "ac"),
        ("<SCRIPT>b</SCRIPT >c", "c"),
        ("<title>t</title>a<!-- c -->b", "ab"),
        ("a<!-- never closed", "a"),
        ("a<script>never closed", "a"),
        ("<!--[if !mso]><!-->seen<!--<![endif]-->", "seen"),
        ("&lt;b&gt; &amp; &uuml; &#252; &#xD800;", "<b> & ü ü \ufffd"),
        ("so\xadft\u200b&shy;x\xa0y", "softx y"),
        ("<a title='>'>x</a>", "x"),
        ('<a title="never closed>x</a> y', "x y"),
        ("1 < 2 <3", "1 < 2 <3"),
        ("a<", "a<"),
        ("<o:p>x</o:p>", "x"),
        ("İ<style>x</style>y", "İy"),
        ("", ""),
    ],
)
def test_html_becomes_words(markup: str, words: str) -> None:
    assert html_text(markup) == words
