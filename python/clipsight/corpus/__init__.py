"""Whole corpora: millions of images into a Parquet data set of verdicts, and a report on it.

``python -m clipsight.corpus INPUT OUTPUT`` scores, ``python -m clipsight.corpus report OUTPUT``
reports; ``python/docs/corpus.md`` says more. Scoring needs Ray Data, reports pyarrow alone:
``pip install 'clipsight[ray]'`` brings both.
"""
