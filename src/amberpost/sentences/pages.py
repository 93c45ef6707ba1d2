"""Searches and pages."""

from collections.abc import Mapping

from amberpost.sentences.mark import _

SENTENCES: Mapping[str, str] = {
    # Searches
    "not_a_date": _("This is not a date; write 2024, 2024-05, 2024-05-17 or 17.05.2024"),
    "not_readable": _("Not readable for this user"),
    "index_not_for_writing": _("The search index is not open for writing"),
    "prefix_too_common": _("Too many words begin with what stands before *; write more"),
    "prefix_too_short": _("The wildcard * needs at least %(limit)d letters or digits before it"),
    "operator_alone": _("%(operator)s needs a search term on both sides"),
    "colon_without_term": _("Something to search for is missing after the colon"),
    "search_too_long": _("The search text is too long (at most %(limit)d characters)"),
    "search_without_letter": _("There is no letter or digit to search for"),
    "wildcard_inside": _("The wildcard * is possible only at the end of a word"),
    "prefix_too_long": _("The word before * is too long (at most %(limit)d)"),
    "not_alone": _("NOT needs a search term after it"),
    "not_a_size": _("This is not a size; write 500k, 5M or 1.5G"),
    "not_a_message_number": _("This is not the number of a message"),
    "has_unknown": _("has: knows only has:attachment"),
    "is_unknown": _("is: knows only is:truncated"),
    "parentheses_too_deep": _("Parentheses are nested too deeply (at most %(limit)d)"),
    "phrase_too_long": _("A phrase is too long (at most %(limit)d words)"),
    "terms_too_many": _("There are too many search terms (at most %(limit)d)"),
    "prefix_phrases_too_many": _("Too many of the words with * are made of several (at most %(limit)d)"),
    # Pages
    "password_of_company": _("You sign in with the password of your company's directory"),
    "no_html_part": _("No HTML part"),
}
