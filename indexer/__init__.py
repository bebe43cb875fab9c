"""civicite's indexer: articles in, an index out that can be searched while it changes.

What is exported here is all that ``service`` and other programs use.
"""

from indexer.article import Article, Metadata, Passage, Sentence, Span, text_digest
from indexer.catalog import Watermark
from indexer.editor import Editor, Report
from indexer.encoder import Document, Encoded, Encoder, Vectors
from indexer.encoders import load_encoder
from indexer.errors import (
    ArticleNotFound,
    CiviciteError,
    EncoderError,
    IndexDamaged,
    IndexLocked,
    IndexNotFound,
    IndexTooNew,
    IndexUnusable,
    InputError,
    ReadError,
    RecipeMismatch,
)
from indexer.filters import NO_FILTERS, Filters
from indexer.generations import Generation
from indexer.index import Index
from indexer.lexical.exact import B, K1, idf
from indexer.pool import Pool
from indexer.recipe import Recipe
from indexer.sources import Found, articles, find
from indexer.storage import KINDS
from indexer.terms import is_dense, question_terms, terms
from indexer.vectors import Keys
from indexer.view import ArticleState, Statistics, View

__all__ = [
    "KINDS",
    "K1",
    "NO_FILTERS",
    "Article",
    "ArticleNotFound",
    "ArticleState",
    "B",
    "CiviciteError",
    "Document",
    "Editor",
    "Encoded",
    "Encoder",
    "EncoderError",
    "Filters",
    "Found",
    "Generation",
    "Index",
    "IndexDamaged",
    "IndexLocked",
    "IndexNotFound",
    "IndexTooNew",
    "IndexUnusable",
    "InputError",
    "Keys",
    "Metadata",
    "Passage",
    "Pool",
    "ReadError",
    "Recipe",
    "RecipeMismatch",
    "Report",
    "Sentence",
    "Span",
    "Statistics",
    "Vectors",
    "View",
    "Watermark",
    "articles",
    "find",
    "idf",
    "is_dense",
    "load_encoder",
    "question_terms",
    "terms",
    "text_digest",
]
