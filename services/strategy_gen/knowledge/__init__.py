"""Texts about trading that a person, the compiler's answers and models can look things up in: read, cut, embedded, searched, cited.

`base.Knowledge` is the way in. Importing this package imports neither chromadb nor numpy, pypdf or httpx: they are loaded when first used.
"""
