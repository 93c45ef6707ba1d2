"""Keeps bytes exactly: once, compressed, encrypted, write-once. See docs/formats/store.md."""
