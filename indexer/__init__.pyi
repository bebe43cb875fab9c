from .article import Article, Metadata, Passage, Sentence, Span, text_digest
from .catalog import Watermark
from .checking import check
from .editor import Editor, Report
from .encoder import Document, Encoded, Encoder, Vectors
from .encoders import LoadedEncoder, Precision, Runtime, load_encoder
from .errors import (
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
from .filters import NO_FILTERS, Filters
from .findings import Finding
from .generations import Generation
from .index import Index
from .matching import Statistics
from .overview import Overview, survey
from .pool import Pool
from .readers.fields import facet_name
from .recipe import Recipe
from .repairing import repair
from .scoring import bm25, tabulate
from .sources import Found, articles, find
from .storage import KINDS
from .submission import submitted
from .terms import is_dense, question_terms, terms_of
from .vectors import Keys
from .view import ArticleState, View

__all__ = [
    "KINDS",
    "NO_FILTERS",
    "Article",
    "ArticleNotFound",
    "ArticleState",
    "CiviciteError",
    "Document",
    "Editor",
    "Encoded",
    "Encoder",
    "EncoderError",
    "Filters",
    "Finding",
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
    "LoadedEncoder",
    "Metadata",
    "Overview",
    "Passage",
    "Pool",
    "Precision",
    "ReadError",
    "Recipe",
    "RecipeMismatch",
    "Report",
    "Runtime",
    "Sentence",
    "Span",
    "Statistics",
    "Vectors",
    "View",
    "Watermark",
    "articles",
    "bm25",
    "check",
    "facet_name",
    "find",
    "is_dense",
    "load_encoder",
    "question_terms",
    "repair",
    "submitted",
    "survey",
    "tabulate",
    "terms_of",
    "text_digest",
]
