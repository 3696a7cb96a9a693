"""Measure the quality of explanation methods, and what attacks do to explanations.

    python benchmarks/explanations.py [--datasets …] [--models …] [-n 200] [--attacked RUN …]

For each dataset and model, each method explains the predictions for test examples:
comprehensiveness and sufficiency, infidelity and sensitivity for methods that need a network,
seconds per text, and the rank correlation with the other methods. With ``--attacked``, broken
examples of runs are explained before and after the attack; the run ``runs/audit``, which ``make
audit`` makes, has those of minilm.

What is measured of one method and a few texts, or of one method and recipe, is kept in ``--runs``
and not measured again: an interrupted command is resumed. The records are written to ``--out``, one
file per dataset and model, with numbers and ids, without texts.

Expected for MiniLM on one thread: an hour for the quality of all methods on 200 reviews of
rotten_tomatoes, most of it for integrated gradients, whose sensitivity needs eleven explanations of
each text; two to three times as long for the longer texts of bbc_news; and for the changes of 50
broken examples of each of eight cells (four recipes on two tracks), 20 minutes on rotten_tomatoes
and 27 on bbc_news. tfidf-svm takes a few minutes. The seconds of a method are those of the clock:
explain nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench.victim_spec import model_spec, replicates
from robustbert.bench.victims import prepare_victim
from robustbert.commands.arguments import names
from robustbert.data import Examples, load_dataset, select_examples
from robustbert.errors import ModelError, RobustbertError
from robustbert.explanations import EXPLAINERS, Explainer, make_explainer
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.explanation_quality import (
    RANDOM,
    TimedExplanations,
    measure_changes,
    measure_method,
    measure_random,
    timed_explanations,
)
from robustbert.explanations.method_agreement import method_agreement
from robustbert.explanations.network_quality import NetworkQualityConfig
from robustbert.explanations.quality_records import (
    QUALITY_VERSION,
    Agreement,
    ExplanationQuality,
    MethodQuality,
    RecipeChange,
)
from robustbert.frozen import FrozenMapping
from robustbert.io import write_bytes, write_text
from robustbert.machine import processor_name
from robustbert.models import Classifier
from robustbert.models.inference.threads import thread_count
from robustbert.packages import package_version
from robustbert.records import Outcome
from robustbert.records.fields import StrictModel
from robustbert.records.strict_json import encode, parse_object, read_file, validated
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import Selection, select_cells

SPLIT, SEED = "test", 0
#: The number of texts whose quality is kept as one: a minute or a few, of integrated gradients.
PART = 20
#: The libraries whose versions records contain.
LIBRARIES = ("captum", "lime", "shap", "torch", "transformers")
Kept = TypeVar("Kept", bound=StrictModel)


@dataclass(frozen=True)
class Subject:
    """What is explained.

    Args:
        dataset: the name of the dataset.
        model: the name of the model.
        classifier: the model.
        examples: the examples.
        kept: the folder of what has been measured.
    """

    dataset: str
    model: str
    classifier: Classifier
    examples: Examples
    kept: Path

    def methods(self) -> Iterator[Explainer]:
        """The built-in methods that can explain the model."""
        for entry in EXPLAINERS.built_in():
            explainer = make_explainer(entry.name, {})
            try:
                explainer.check(self.classifier)
            except ModelError as error:
                print(f"{self.model}: left out: {error}", flush=True)
            else:
                yield explainer


def load_subject(dataset: str, model: str, n: int, runs: Path) -> Subject:
    """Load a dataset and a model, which is trained if it is not cached.

    Predictions are in float32: in bfloat16 the small scores of some methods would be noise.
    """
    data = load_dataset(dataset)
    (spec,) = replicates([model_spec(model, None)], [SEED])
    victim = prepare_victim(spec, data, seed=SEED, dtype="float32")
    sha256 = victim.classifier.info.sha256
    return Subject(
        dataset,
        model,
        victim.classifier,
        select_examples(data, SPLIT, n, SEED),
        runs / dataset / f"{model}-{sha256[:8]}-{n}",
    )


def explained(subject: Subject, explainer: Explainer) -> TimedExplanations:
    """The explanations of a method, or those that have been kept."""
    path = subject.kept / f"{explainer.name}.attributions.json"
    if path.exists():
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [_attribution(fields) for fields in content["attributions"]]
        return TimedExplanations(tuple(found), content["seconds"])
    print(f"{subject.dataset}, {subject.model}: explaining by {explainer.name}", flush=True)
    texts = [example.text for example in subject.examples]
    made = timed_explanations(explainer, subject.classifier, texts)
    attributions = [one.as_dict() for one in made.attributions]
    write_text(path, json.dumps({"seconds": made.seconds, "attributions": attributions}))
    return made


def _attribution(fields: dict[str, Any]) -> Attribution:
    """The attribution of :meth:`Attribution.as_dict`."""
    lists = {name: tuple(fields[name]) for name in ("words", "scores")}
    mappings = {name: FrozenMapping(fields[name]) for name in ("params", "diagnostics")}
    spans = tuple((start, end) for start, end in fields["spans"])
    return Attribution(**{**fields, **lists, **mappings, "spans": spans})


def kept(path: Path, kind: type[Kept], measure: Callable[[], Kept]) -> Kept:
    """What has been measured and kept; otherwise it is measured."""
    if path.exists():
        return validated(kind, parse_object(read_file(path), str(path)), str(path))
    print(f"measuring {path}", flush=True)
    found = measure()
    write_bytes(path, encode(found))
    return found


def quality_of(
    subject: Subject, explainer: Explainer, explanations: TimedExplanations
) -> MethodQuality:
    """The quality of a method, measured and kept in parts of the texts."""
    items, attributions = list(subject.examples), explanations.attributions
    parts = [
        kept(
            subject.kept / f"{explainer.name}-{start}.json",
            MethodQuality,
            lambda part=slice(start, start + PART): measure_method(
                explainer,
                subject.classifier,
                items[part],
                TimedExplanations(attributions[part], explanations.seconds),
            ),
        )
        for start in range(0, len(items), PART)
    ]
    texts = [text for part in parts for text in part.texts]
    return parts[0].model_copy(update={"texts": texts})


def measure_quality(subject: Subject) -> tuple[list[MethodQuality], list[Agreement]]:
    """The quality of each method and of random scores, and the agreement of each pair."""
    methods = list(subject.methods())
    explanations = {one.name: explained(subject, one) for one in methods}
    measured = [quality_of(subject, one, explanations[one.name]) for one in methods]
    some = explanations[methods[0].name].attributions
    random = kept(
        subject.kept / f"{RANDOM}.json",
        MethodQuality,
        lambda: measure_random(subject.classifier, subject.examples, some, SEED),
    )
    agreements = [
        Agreement(
            first=first,
            second=second,
            rank_correlations=method_agreement(
                explanations[first].attributions, explanations[second].attributions
            ),
        )
        for first, second in combinations(explanations, 2)
    ]
    return [*measured, random], agreements


def broken_of(run: Path, subject: Subject) -> Iterator[tuple[str, str, Sequence[Outcome]]]:
    """The track, the recipe and the broken examples of each cell of the same model."""
    for cell in select_cells(run, Selection()):
        record = cell.record
        if (record.dataset.name, record_label(record)) != (subject.dataset, subject.model):
            continue
        if record.model.sha256 != subject.classifier.info.sha256:
            raise ModelError(f"{run}: {subject.model} has other weights there; attack it again")
        if record.recipe.name in CORE_RECIPES:
            yield record.track, record.recipe.name, cell.outcomes


def changes(subject: Subject, runs: Sequence[Path], most: int) -> Iterator[RecipeChange]:
    """What each recipe did to the explanations of each method."""
    for run in runs:
        for track, recipe, outcomes in broken_of(run, subject):
            for explainer in subject.methods():
                name = f"{track}-{recipe}-{_digest(outcomes[:most])}-{explainer.name}.json"
                yield kept(
                    subject.kept / name,
                    RecipeChange,
                    lambda explainer=explainer, track=track, recipe=recipe, outcomes=outcomes: (
                        RecipeChange(
                            track=track,
                            recipe=recipe,
                            method=explainer.name,
                            texts=measure_changes(
                                explainer,
                                subject.classifier,
                                outcomes[:most],
                                known=explained(subject, explainer).attributions,
                            ),
                        )
                    ),
                )


def _digest(outcomes: Sequence[Outcome]) -> str:
    """Stands for outcomes in the name of a file, so that those of another run get another file."""
    lines = "\n".join(outcome.model_dump_json() for outcome in outcomes)
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def measure(subject: Subject, attacked: Sequence[Path], most: int) -> ExplanationQuality:
    """Measure everything about a model on a dataset."""
    methods, agreements = measure_quality(subject)
    return ExplanationQuality(
        quality_version=QUALITY_VERSION,
        dataset=subject.dataset,
        split=SPLIT,
        model=subject.model,
        model_sha256=subject.classifier.info.sha256,
        seed=SEED,
        processor=processor_name(),
        threads=thread_count(),
        libraries=[f"{name}=={package_version(name)}" for name in LIBRARIES],
        network_quality=asdict(NetworkQualityConfig()),
        methods=methods,
        agreements=agreements,
        changes=list(changes(subject, attacked, most)),
    )


def main() -> int:
    """Measure each dataset and model; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=names, default=["rotten_tomatoes", "bbc_news"])
    parser.add_argument("--models", type=names, default=["minilm", "tfidf-svm"])
    parser.add_argument("-n", "--num-examples", type=int, default=200)
    parser.add_argument("--attacked", type=Path, nargs="*", default=[], metavar="RUN")
    parser.add_argument("--num-broken", type=int, default=50, help="per recipe, at most")
    parser.add_argument("--runs", type=Path, default=Path("runs/explanations"))
    parser.add_argument("--out", type=Path, default=Path("results/explanations"))
    options = parser.parse_args()
    for dataset in options.datasets:
        for model in options.models:
            try:
                subject = load_subject(dataset, model, options.num_examples, options.runs)
                found = measure(subject, options.attacked, options.num_broken)
            except RobustbertError as error:
                parser.error(str(error))
            path = options.out / f"{dataset}-{model}.json"
            write_bytes(path, encode(found, indent=1))
            print(path, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
