"""Finding: what is indexed of a message, the query language, and the full-text index.

Start with index.py (the contract), document.py (what goes in) and query.py (what is asked).
"""
