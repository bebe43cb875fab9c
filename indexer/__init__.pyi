from .addresses import is_address, normal_address
from .article import Article, Metadata, Passage, Sentence, Span, day_range, is_text, normal_id, text_digest
from .article_state import ArticleState
from .backups import Restored, backup, restore
from .checking import check
from .commits import Change, Commit, Difference, commits_at, difference, list_commits
from .compacting import Compacted, compact
from .copies import Copy, Kin, Stretch, precedence
from .editor import Editor
from .encoder import Document, Encoded, Encoder, Vectors
from .encoders import LoadedEncoder, Precision, Runtime, load_encoder
from .errors import (
    ArticleDamaged,
    ArticleErased,
    ArticleLost,
    ArticleNotFound,
    CiviciteError,
    EncoderError,
    FetchError,
    IndexDamaged,
    IndexLocked,
    IndexNotFound,
    IndexTooNew,
    IndexUnusable,
    InputError,
    ReadError,
    RecipeMismatch,
    shown,
)
from .fetching import Fetcher, chosen_limits
from .filters import LONGEST_VALUE, MOST_FACETS, MOST_VALUES, NO_FILTERS, Filters
from .findings import Finding
from .gathering import Gathered, gather, remember_pages
from .generations import Generation, GenerationState
from .holders import Holder
from .holdings import Holdings
from .horizon import history_from
from .index import Index
from .leave import Leave
from .listing import ORDERS, Listed, Order, Wanted
from .locking import check_vacant
from .manifest import Manifest
from .marks import Watermark
from .matching import Statistics
from .moments import Moment
from .overview import Overview, survey
from .pool import Pool
from .pulling import pull_feed
from .readers.fields import facet_name
from .rebuilding import Rebuilt, rebuild
from .recipe import Recipe
from .repairing import repair
from .roster import pin_generation, survey_generations
from .scoring import bm25, tabulate
from .sources import Found, Source, articles, find, source_at
from .storage import KINDS
from .submission import submitted, uploaded, uploaded_suffix
from .subscriptions import Feed, remembered, remembering
from .taking import Report
from .terms import is_dense, question_terms, terms_of
from .tracing import Trace, trace
from .variants import Variant
from .vectors import Keys
from .view import View

__all__ = [
    "KINDS",
    "LONGEST_VALUE",
    "MOST_FACETS",
    "MOST_VALUES",
    "NO_FILTERS",
    "ORDERS",
    "Article",
    "ArticleDamaged",
    "ArticleErased",
    "ArticleLost",
    "ArticleNotFound",
    "ArticleState",
    "Change",
    "CiviciteError",
    "Commit",
    "Compacted",
    "Copy",
    "Difference",
    "Document",
    "Editor",
    "Encoded",
    "Encoder",
    "EncoderError",
    "Feed",
    "FetchError",
    "Fetcher",
    "Filters",
    "Finding",
    "Found",
    "Gathered",
    "Generation",
    "GenerationState",
    "Holder",
    "Holdings",
    "Index",
    "IndexDamaged",
    "IndexLocked",
    "IndexNotFound",
    "IndexTooNew",
    "IndexUnusable",
    "InputError",
    "Keys",
    "Kin",
    "Leave",
    "Listed",
    "LoadedEncoder",
    "Manifest",
    "Metadata",
    "Moment",
    "Order",
    "Overview",
    "Passage",
    "Pool",
    "Precision",
    "ReadError",
    "Rebuilt",
    "Recipe",
    "RecipeMismatch",
    "Report",
    "Restored",
    "Runtime",
    "Sentence",
    "Source",
    "Span",
    "Statistics",
    "Stretch",
    "Trace",
    "Variant",
    "Vectors",
    "View",
    "Wanted",
    "Watermark",
    "articles",
    "backup",
    "bm25",
    "check",
    "check_vacant",
    "chosen_limits",
    "commits_at",
    "compact",
    "day_range",
    "difference",
    "facet_name",
    "find",
    "gather",
    "history_from",
    "is_address",
    "is_dense",
    "is_text",
    "list_commits",
    "load_encoder",
    "normal_address",
    "normal_id",
    "pin_generation",
    "precedence",
    "pull_feed",
    "question_terms",
    "rebuild",
    "remember_pages",
    "remembered",
    "remembering",
    "repair",
    "restore",
    "shown",
    "source_at",
    "submitted",
    "survey",
    "survey_generations",
    "tabulate",
    "terms_of",
    "text_digest",
    "trace",
    "uploaded",
    "uploaded_suffix",
]
