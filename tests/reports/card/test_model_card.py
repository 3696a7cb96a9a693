"""Model cards: what ``huggingface_hub`` and a Markdown parser read from them."""

from __future__ import annotations

import shlex
from html.parser import HTMLParser
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from robustbert.cli import _parser
from robustbert.commands.defense_options import ChosenDefense
from robustbert.console import printable
from robustbert.errors import InputError
from robustbert.metrics import worst_case
from robustbert.records import BatchInvariance, DefenseRef, Metric, Outcome, Record, record_name
from robustbert.reports import card_row, model_card
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_folder import read_finished
from tests.records.builders import ENVIRONMENT, make_outcome, make_outcomes, make_record

RESULTS = Path(__file__).parents[3] / "results" / "rotten_tomatoes"
CORE = ("deepwordbug", "pwws", "textbugger", "textfooler")
HOSTILE = (
    "m\n---\nlicense: mit\n---\r\n<script>alert(1)</script>",
    "- &a *b !c %d @octocat #1 : {x: [y]} | `code` ``` '\"\\",
    "[a](http://b.c) ![i](x) <img src=x onerror=y> https://d.e -->\n# title",
    "\x1b[31m\u202e\u2028\ud800 x: y",
)
TAGS = {
    *("h1", "h2", "h3", "p", "ul", "li", "strong", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}


class Tags(HTMLParser):
    """The elements of a page, and those in each row of its tables."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1


def test_an_adaptive_attack_is_described() -> None:
    outcomes = make_outcomes(robust=2)
    names = {"defense": "safer", "adaptive": True, "adaptive_votes": 32}
    record = make_record(outcomes, **names)
    text = str(card_of(record, outcomes={record_name(record): outcomes}))
    assert "minilm + safer (adaptive)" in text
    known = "adaptive: attacked through the defenses; searches average over 32 votes"
    assert f"**Knowledge of the defenses:** {known}" in text
    assert "--adaptive" in text
    assert "Knowledge" not in str(card_of(make_record(outcomes)))


def card_of(*records: Record, outcomes: dict[str, tuple[Outcome, ...]] | None = None, **options):
    """The card of records, loaded by ``huggingface_hub``."""
    url = options.pop("url", None)
    row = card_row(records, outcomes or {}, place="run", **options)
    return ModelCard(model_card(row, url))


def metrics(card: ModelCard) -> dict[tuple[str, str], tuple[float, object]]:
    """Value and arguments of each metric, by the configuration of its result and its type."""
    return {
        (result.dataset_config, result.metric_type): (result.metric_value, result.metric_args)
        for result in card.data.eval_results
    }


def with_interval(metric: Metric) -> tuple[float | None, object]:
    """What the card has to say about a metric."""
    return metric.value, {"interval_95": [metric.low, metric.high], "n": metric.n}


def commands(text: str) -> list[list[str]]:
    """The arguments of each command of a card."""
    blocks = [token.content for token in MarkdownIt().parse(text) if token.type == "fence"]
    return [shlex.split(block)[1:] for block in blocks]


def html(card: ModelCard) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(card.text))


def test_the_model_index_has_the_numbers_of_the_records(tmp_path):
    run = read_finished(RESULTS)
    path = tmp_path / "README.md"
    row = card_row(run.records, run.outcomes, place="results", row="minilm")
    path.write_text(model_card(row, "https://example.org/results"), encoding="utf-8")
    card = ModelCard.load(path)
    expected = {}
    records = [record for record in run.records if record_label(record) == "minilm"]
    for record in records:
        for kind, metric in (
            ("accuracy", record.metrics.clean_accuracy),
            ("accuracy_under_attack", record.metrics.accuracy_under_attack),
            ("attack_success_rate", record.metrics.attack_success_rate),
        ):
            key = (f"{record.track}, {record.recipe.name}", kind)
            expected[key] = (
                metric.value,
                {"interval_95": [metric.low, metric.high], "n": metric.n},
            )
    for track in ("unified", "published"):
        core = [r for r in records if r.track == track and r.recipe.name in CORE]
        metric = worst_case([run.outcomes[record_name(record)] for record in core])
        expected[f"{track}, worst case", "worst_case_accuracy"] = with_interval(metric)
    assert metrics(card) == expected
    assert card.data.model_name == "minilm"
    assert card.data.language == "en"
    assert card.data.library_name == "transformers"
    assert card.data.datasets == ["rotten_tomatoes"]
    assert {result.source_url for result in card.data.eval_results} == {
        "https://example.org/results"
    }
    # each cell and each worst case is a result of its own, and nothing is lost when it is saved
    assert len(card.data.to_dict()["model-index"][0]["results"]) == len(records) + 2
    assert ModelCard(card.content).data.to_dict() == card.data.to_dict()


def test_the_text_says_what_the_records_say():
    run = read_finished(RESULTS)
    row = card_row(run.records, run.outcomes, place="results", row="minilm")
    text = model_card(row).partition("<!--")[2]
    assert "79.7% of the texts correctly, and 8.3% in the worst case" in text
    assert "| **worst case** | **8.3 [5.7, 12.0]** | 300 |" in text
    assert "| iga | 36.0 [24.1, 49.9] § | 50 |" in text
    assert "- § The query budget ran out" in text
    assert "(n=...)" not in text  # the column of sizes says it
    assert text.index("unified track") < text.index("published track")
    assert row.first.model.sha256 in text
    assert "shares MiniLM's weights" in text
    assert "not comparable with results" in text
    assert "Batch invariance was verified" in text
    assert [_parser().parse_args(words).suite for words in commands(text)] == ["results"]


@pytest.mark.parametrize("name", HOSTILE, ids=["document", "yaml", "markup", "control"])
def test_hostile_names_are_data(name):
    outcomes = make_outcomes(robust=2, broken=1)
    # records cannot hold lone surrogates
    given = name.encode("utf-8", "ignore").decode() or "x"
    record = make_record(outcomes, model=given, dataset=given, recipe=given, defense=given)
    record = record.model_copy(
        update={
            "environment": record.environment.model_copy(update={"processor": given}),
            "dataset": record.dataset.model_copy(update={"source": given, "split": given}),
            "command": f"robustbert bench --out {shlex.quote(given)}",
        }
    )
    card = card_of(record, outcomes={record_name(record): outcomes})
    assert card.data.model_name == printable(f"{given} + {given}")
    assert {result.dataset_name for result in card.data.eval_results} == {printable(given)}
    assert {result.dataset_split for result in card.data.eval_results} == {printable(given)}
    assert "license" not in card.data.to_dict()
    assert card.data.datasets is None  # no name of a repository
    assert card.data.language is None
    assert all(character.isprintable() or character == "\n" for character in card.text)
    page = html(card)
    parsed = Tags(page)
    assert set(parsed.tags) <= TAGS
    assert set(parsed.rows) == {5}
    assert parsed.tags.count("h1") == 1
    assert "<script" not in page


def test_the_commands_of_a_run_from_python_are_constructed_and_parse():
    outcomes = make_outcomes(robust=2, broken=1)
    records = [
        make_record(outcomes, model="-my model", recipe=recipe, dataset="file:my $data.csv")
        for recipe in ("pwws", "deepwordbug")
    ]
    [words] = commands(card_of(*records).text)
    options = _parser().parse_args(words)
    assert options.recipe == ["deepwordbug", "pwws"]
    assert options.model == "-my model=path/to/model"
    assert (options.dataset, options.split) == ("file:my $data.csv", "test")
    assert (options.num_examples, options.seed, options.track) == (3, 0, "unified")
    assert options.dtype == "float32"
    trained = make_record(outcomes, training={"epochs": 1})
    assert "--model=minilm" in commands(card_of(trained).text)[0]
    params = {"recipes": ["pwws", "iga"], "share": 0.5, "is_on": True, "track": "$x", "most": None}
    refs = [DefenseRef(name=name, params=params, revision=1) for name in ("-a", "b")]
    [words] = commands(card_of(trained.model_copy(update={"defenses": refs})).text)
    given = ('recipes=["pwws", "iga"]', "share=0.5", "is_on=true", "track=$x")
    assert _parser().parse_args(words).defenses == (
        ChosenDefense("-a", given),
        ChosenDefense("b", given),
    )


def test_a_classical_model_has_neither_base_weights_nor_the_settings_of_networks():
    run = read_finished(RESULTS)
    card = ModelCard(model_card(card_row(run.records, {}, place="results", row="tfidf-rf")))
    assert card.data.library_name == "sklearn"
    assert "- **Training:** fitted by scikit-learn on the training split, seed 0" in card.text
    assert "Base weights" not in card.text


def test_a_model_from_the_hub_names_its_base():
    record = make_record(make_outcomes(robust=1), dataset="hub:owner/data@main")
    source = {"source": "hub:owner/base@0a1b trained on hub:owner/data@0a1b"}
    card = card_of(record.model_copy(update={"model": record.model.model_copy(update=source)}))
    assert card.data.base_model == "owner/base"
    assert card.data.library_name == "transformers"
    assert card.data.datasets == ["owner/data"]
    assert card.data.eval_results[0].dataset_type == "owner/data"


def test_without_outcomes_there_is_no_worst_case():
    outcomes = make_outcomes(robust=2, broken=1)
    card = card_of(make_record(outcomes))
    assert "its worst case under attack is not available" in card.text
    assert "There is no worst case for minilm: its outcomes are missing." in card.text
    assert "worst_case_accuracy" not in card.data.metrics


def test_a_rate_over_no_texts_is_left_out():
    outcomes = make_outcomes(skipped=3)
    card = card_of(make_record(outcomes))
    assert {kind for _, kind in metrics(card)} == {"accuracy", "accuracy_under_attack"}
    assert "| pwws | 0.0 [0.0, 56.1] | 3 | n/a | n/a |" in card.text


def test_caveats_follow_from_the_records():
    outcomes = (*make_outcomes(robust=2, broken=1), make_outcome("e9", "error"))
    found = BatchInvariance(
        status="not verified",
        ladder={},
        answers_checked=5,
        answers_differing=1,
        answers_changed=0,
        encodings_checked=0,
        encodings_differing=0,
    )
    record = make_record(
        outcomes,
        profile="canonical",
        truncated=2,
        environment=ENVIRONMENT.model_copy(update={"batch_invariance": found}),
    )
    text = card_of(record).text
    assert "1 attack failed with an error" in text
    assert "truncated up to 2 of 4 texts" in text
    assert "Batch invariance is not verified (†)" in text
    assert "### rotten_tomatoes (test), unified track †" in text
    assert "offline replacements" not in text
    assert "MiniLM" not in text


def test_a_row_is_one_model():
    outcomes = make_outcomes(robust=2, broken=1)
    one = make_record(outcomes)
    other = make_record(outcomes, dataset="imdb", model_sha256="d" * 64)
    with pytest.raises(InputError, match="choose one with --dataset: rotten_tomatoes, imdb"):
        card_of(one, other)
    assert card_of(one, other, dataset="imdb").data.datasets == ["imdb"]
    same = make_record(outcomes, dataset="imdb")
    assert card_of(one, same).data.datasets == ["rotten_tomatoes", "imdb"]
    mixed = make_record(outcomes, recipe="deepwordbug", model_sha256="d" * 64)
    with pytest.raises(InputError, match=r"2 models \(weights bbbbbb and dddddd\)"):
        card_of(one, mixed)
    protocol = one.protocol.model_copy(update={"revision": 1})
    older = make_record(outcomes, recipe="deepwordbug", protocol=protocol)
    with pytest.raises(InputError, match="differ in their conditions"):
        card_of(one, older)


@pytest.mark.parametrize("url", ["example.org", "javascript:x", "https://a b", "https://a>b", ""])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InputError, match="--url"):
        card_of(make_record(make_outcomes(robust=1)), url=url)
