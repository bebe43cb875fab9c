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
from .lexical.exact import K1, B, idf
from .overview import Overview, survey
from .pool import Pool
from .readers.fields import facet_name
from .recipe import Recipe
from .repairing import repair
from .sources import Found, articles, find
from .storage import KINDS
from .submission import submitted
from .terms import is_dense, question_terms, terms_of
from .vectors import Keys
from .view import ArticleState, Statistics, View

__all__ = [
    "K1",
    "KINDS",
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
    "check",
    "facet_name",
    "find",
    "idf",
    "is_dense",
    "load_encoder",
    "question_terms",
    "repair",
    "submitted",
    "survey",
    "terms_of",
    "text_digest",
]
