"""HTML of a mail made safe to show, in addition to the sandboxed frame and its own CSP.

Promises: only allow-listed elements, attributes and CSS properties; nothing that loads from anywhere but the
message itself; links that open apart and tell the target nothing; nothing folded away, no height that depends on
where it is shown. What was left out is counted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import nh3

from amberpost.message import limits
from amberpost.message.markup import html_text, repaired


def _names(text: str) -> set[str]:
    return set(text.split())


_TAGS = _names(
    """
    a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd
    li main mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td
    tfoot th thead time tr tt u ul var wbr
    """
)
_REMOVED_WITH_CONTENT = _names(
    """
    script style title svg math iframe object embed applet template noscript noembed noframes select
    textarea audio video canvas portal xmp plaintext
    """
)
_LAYOUT = {"align", "valign", "width", "height", "bgcolor", "dir", "lang", "title", "style"}
_ATTRIBUTES = {
    "*": _LAYOUT,
    "a": {"href"},
    # srcset and background are never kept; they stand here so that the filter sees and counts them.
    "img": {"src", "alt", "border", "srcset"},
    "table": {"border", "cellpadding", "cellspacing", "background"},
    "td": {"colspan", "rowspan", "nowrap", "background"},
    "th": {"colspan", "rowspan", "nowrap", "background"},
    "tr": {"background"},
    "div": {"background"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "col": {"span"},
    "colgroup": {"span"},
    "blockquote": {"type"},
}
_CSS = _names(
    """
    background background-color border border-bottom border-collapse border-color border-left
    border-radius border-right border-spacing border-style border-top border-width color direction
    display font font-family font-size font-style font-variant font-weight height letter-spacing
    line-height list-style list-style-type margin margin-bottom margin-left margin-right margin-top
    max-width min-width padding padding-bottom padding-left padding-right padding-top table-layout
    text-align text-decoration text-indent text-transform vertical-align white-space width word-break
    word-spacing word-wrap overflow-wrap
    """
)
_DECLARATION = re.compile(
    r"\s{0,20}([a-z-]{1,30})\s{0,20}:\s{0,20}"
    r"((?:[A-Za-z0-9 #%.,!-]|rgba?\([0-9 ,.%]{1,40}\)|hsla?\([0-9 ,.%]{1,40}\)){1,200})\s{0,20}"
)
# Heights that follow the frame, which follows the mail; and what is drawn over that which stands above it.
_NEVER = re.compile(r"\d(?:[sld]?v|cq)(?:h|b|min|max)\b|margin[a-z-]{0,10}:[^;]*-\s*[.\d]")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*+", re.IGNORECASE)
_SCHEMES = {"http", "https", "mailto", "tel", "cid", "data"}
_STYLE_CHARACTERS = 4_000  # of one element: some hundred declarations
_SHOWN_ENTITIES = 100_000  # in one run of text the second tree builder takes quadratic time for them


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeHtml:
    html: str
    blocked_remote: int  # images and the like that would have been loaded from elsewhere
    is_cut: bool = False  # longer than what is shown


class _Filter:
    """Decides on each allow-listed attribute; counts what would have been fetched."""

    def __init__(self, cid_url: Callable[[str], str | None]) -> None:
        self.cid_url = cid_url
        self.blocked = 0

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return self.style(value)
        if name == "href":
            return value.strip() if _LINK.match(value.strip()) else None
        if name == "src":
            return self.source(value.strip())
        if name in ("srcset", "background"):
            self.blocked += 1
            return None
        return value

    def source(self, value: str) -> str | None:
        if value[:4].lower() == "cid:":
            return self.cid_url(value[4:].strip("<> "))
        if _DATA_IMAGE.fullmatch(value):
            return value
        self.blocked += 1
        return None

    def style(self, value: str) -> str | None:
        if "url(" in value.lower():
            self.blocked += 1
        kept: list[str] = []
        for declaration in value[:_STYLE_CHARACTERS].split(";"):
            plain = declaration.replace('"', "").replace("'", "").lower()
            # Our own sheet has the last word, which "!important" would take from it.
            found = _DECLARATION.fullmatch(plain.replace("!important", ""))
            if found and found[1] in _CSS:
                harmless = f"{found[1]}:{found[2].strip()}"
                if not _NEVER.search(harmless):
                    kept.append(harmless)
        return ";".join(kept) or None


def safe_html(html: str, *, cid_url: Callable[[str], str | None]) -> SafeHtml:
    """What may be shown of `html`. `cid_url` gives the address of an inline image, None to leave it out."""
    well_formed = repaired(html)
    is_cut = len(html) > limits.HTML_CHARACTERS
    if well_formed is not None:
        well_formed = well_formed.replace("&nbsp;", "\xa0")
    if well_formed is None or well_formed.count("&") > _SHOWN_ENTITIES:
        return SafeHtml(html=f"<pre>{escape(html_text(html))}</pre>", blocked_remote=0, is_cut=is_cut)
    keep = _Filter(cid_url)
    cleaned = nh3.clean(
        well_formed,
        tags=_TAGS,
        clean_content_tags=_REMOVED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=keep.attribute,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}, "details": {"open": ""}},
        url_schemes=_SCHEMES,
    )
    return SafeHtml(html=cleaned, blocked_remote=keep.blocked, is_cut=is_cut)


def safe_text(text: str) -> str:
    """Plain text as a piece of the same page."""
    return f'<div style="white-space:pre-wrap">{escape(text)}</div>'
