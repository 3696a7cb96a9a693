"""Running a recipe on examples: a lane each, their searches checked and told as outcomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from robustbert.assets import ensure_assets
from robustbert.attacks.recipes import Recipe, runnable_recipe
from robustbert.attacks.scheduler.pool import Finished, Pool, Task
from robustbert.attacks.scheduler.recheck import AnswerSample, Recheck
from robustbert.attacks.textattack.bootstrap import import_textattack
from robustbert.attacks.tracks import (
    LiLimits,
    TrackLimits,
    UnifiedLimits,
    assets_of_track,
    check_track,
)
from robustbert.data.loading import check_length
from robustbert.data.words import words_of
from robustbert.errors import AttackError, describe_error
from robustbert.models.classifier import Classifier
from robustbert.models.inference.answer_cache import AnswerCache
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.records.schema import Outcome, Params, RecipeRef
from robustbert.seeds import derive_seed

if TYPE_CHECKING:
    from robustbert.attacks.textattack.model_wrapper import Ask
    from robustbert.attacks.textattack.search import QueryCounts, Search
    from robustbert.attacks.verification import Verdict
    from robustbert.models.sentence_encoder import SentenceEncoder

#: Examples that run at once unless told otherwise.
LANES = 128
#: Batches of the victim's that a round of answers fills at most: more are no faster, and searches
#: that wait for fewer end sooner.
ROUND_BATCHES = 16
#: Of English, as BERT cuts it; only sizes of rounds depend on it.
CHARACTERS_PER_TOKEN = 4


class AttackedExample(Protocol):
    """What the engine reads of an example."""

    @property
    def example_id(self) -> str:
        """What it is called, in every run."""
        ...

    @property
    def text(self) -> str:
        """What is attacked."""
        ...

    @property
    def label(self) -> int:
        """The true label."""
        ...


@dataclass(frozen=True)
class AttackRun:
    """The outcomes of a recipe on some examples, and what they cost.

    Args:
        outcomes: in the order of the examples.
        recipe: what ran, as a record holds it.
        asset_hashes: name to sha256 of every asset the recipe read.
        seconds: wall time.
        victim_seconds: of it, in the victim.
        victim_queries: texts that the victim scored; answers remembered are not counted.
        victim_sample: some of the victim's answers, for :meth:`AttackRunner.recheck`.
        encoder_sample: some of the sentence encoder's encodings, for the same.
    """

    outcomes: tuple[Outcome, ...]
    recipe: RecipeRef
    asset_hashes: dict[str, str]
    seconds: float
    victim_seconds: float
    victim_queries: int
    victim_sample: AnswerSample = field(repr=False)
    encoder_sample: AnswerSample = field(repr=False)


@dataclass
class AttackRunner:
    """A recipe on a victim under a track.

    Args:
        classifier: the victim.
        recipe: a name of ``RECIPES``.
        track: ``published``, ``unified`` or ``unified-li``.
        limits: the limits of the ``unified`` track; the others do not read them.
        length: ``short`` or ``long``, as the dataset of the examples is: the share of words that
            may change depends on it.
        seed: at least 0; every example's own seed is derived from it.
        dtype: the number format of the sentence encoder: auto, float32 or bfloat16.
        device: where the sentence encoder runs.
        lanes: how many examples run at once, at least 1; changes no outcome.
        token_budget: tokens of a batch of the sentence encoder's, at least 1; None takes what
            suits the device. Changes no outcome.
        answers: the classifier's ``predict_proba`` with its answers remembered; give runners on
            one classifier the same, and what one asked is not computed for the next. Changes no
            outcome. None remembers for this runner alone.

    Raises:
        UnknownNameError: no such recipe, track or length.
        MissingAssetError: an asset of the recipe cannot be obtained.
        AttackError: the recipe needs gradients and the victim has none, or there is no lane.
    """

    classifier: Classifier
    recipe: str
    track: str = "unified"
    limits: UnifiedLimits = field(default_factory=UnifiedLimits)
    length: str = "short"
    seed: int = 0
    dtype: str = "auto"
    device: str = "auto"
    lanes: int = LANES
    token_budget: int | None = None
    answers: AnswerCache | None = None

    def __post_init__(self) -> None:
        self._track = TrackLimits(check_track(self.track), check_length(self.length), self.limits)
        if self.lanes < 1:
            raise AttackError(f"lanes is {self.lanes}; give at least 1")
        self._recipe: Recipe = runnable_recipe(self.recipe)
        if self._recipe.gradients and not self.classifier.has_gradients:
            raise AttackError(
                f"recipe {self.recipe!r} reads gradients, which {self.classifier.info.name!r} "
                "does not have; choose a recipe without (robustbert list recipes)"
            )
        assets = (*self._recipe.assets, *assets_of_track(self.track), "sentence-encoder")
        self.asset_hashes = dict(ensure_assets(assets))
        import_textattack()

    def run(
        self,
        examples: Sequence[AttackedExample],
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_round: Callable[[int], None] = lambda _: None,
    ) -> AttackRun:
        """Attack every example.

        Args:
            examples: each with an id of its own.
            on_outcome: called with each outcome as it ends, in no fixed order.
            on_round: called after each round with the cumulative query count.
        """
        from robustbert.attacks.textattack.constraints import ENCODER, EXACT_ENCODER, FRESH_ENCODER
        from robustbert.attacks.textattack.model_wrapper import EXACT_VICTIM, GRADIENTS, VICTIM
        from robustbert.attacks.textattack.remembering import remembered_words
        from robustbert.attacks.textattack.rewriting import fast_rewriting
        from robustbert.attacks.textattack.tagging import fast_tagging

        began = time.perf_counter()
        answers = self.answers or AnswerCache(self.classifier.predict_proba)
        computed_before = answers.computed
        encoder = self.encoder
        sample_seed = derive_seed(self.seed, self.recipe, self.track, "recheck")
        victim_sample = AnswerSample(answers, sample_seed)
        encoder_sample = AnswerSample(encoder.encode, sample_seed)
        pool = Pool(
            {
                VICTIM: victim_sample,
                EXACT_VICTIM: self.classifier.predict_proba_exact,
                GRADIENTS: lambda texts: [self.classifier.token_gradient(text) for text in texts],
                ENCODER: encoder_sample,
                EXACT_ENCODER: encoder.encode_exact,
                FRESH_ENCODER: encoder.encode_uncached,
            },
            lanes=self.lanes,
            round_characters=self.round_characters,
            on_round=lambda: on_round(pool.stats[VICTIM].asked),
        )
        found: dict[str, Outcome] = {}
        with remembered_words(), fast_rewriting(), fast_tagging():
            for outcome in self._outcomes(pool, examples):
                found[outcome.example_id] = outcome
                on_outcome(outcome)
        return AttackRun(
            outcomes=tuple(found[example.example_id] for example in examples),
            recipe=self.recipe_ref(),
            asset_hashes=self.asset_hashes,
            seconds=time.perf_counter() - began,
            victim_seconds=pool.stats[VICTIM].seconds,
            victim_queries=answers.computed - computed_before,
            victim_sample=victim_sample,
            encoder_sample=encoder_sample,
        )

    def recheck(self, run: AttackRun) -> tuple[Recheck, Recheck]:
        """Ask again, each text alone, for some answers of a run: the victim's, the encoder's.

        0.1% of them, at least 200, drawn by seed; no answer should differ in any bit.
        """
        return (
            run.victim_sample.recheck(self.classifier.predict_proba_alone),
            run.encoder_sample.recheck(self.encoder.encode_alone),
        )

    @property
    def limits_in_force(self) -> UnifiedLimits | LiLimits | None:
        """The limits that the track puts over the recipe; None on the ``published`` track."""
        return self._track.limits

    @property
    def batch_invariance(self) -> InvarianceResult:
        """What was found about the victim and the sentence encoder."""
        return self.classifier.batch_invariance & self.encoder.batch_invariance

    def recipe_ref(self) -> RecipeRef:
        """The recipe as a record holds it."""
        from importlib.metadata import version

        params: Params = {"similarity_dtype": self.encoder.dtype}
        return RecipeRef(name=self.recipe, textattack_version=version("textattack"), params=params)

    @property
    def round_characters(self) -> int | None:
        """How much is asked of the models at a time; None for a victim without batches: all."""
        if self.classifier.token_budget is None:
            return None
        return ROUND_BATCHES * CHARACTERS_PER_TOKEN * self.classifier.token_budget

    @property
    def encoder(self) -> SentenceEncoder:
        """What answers for similarities; runners of one dtype, device and token budget share it."""
        from robustbert.models.sentence_encoder import sentence_encoder

        return sentence_encoder(self.dtype, self.device, self.token_budget)

    def _outcomes(self, pool: Pool, examples: Sequence[AttackedExample]) -> Iterator[Outcome]:
        by_id = {example.example_id: example for example in examples}
        if len(by_id) < len(examples):
            raise AttackError("two examples have the same id; give each example once")
        for finished in pool.run([self._task(pool, example) for example in examples]):
            yield self._outcome(by_id[finished.key], finished)

    def _task(self, pool: Pool, example: AttackedExample) -> Task:
        seed = derive_seed(self.seed, self.recipe, self.track, example.example_id)
        return Task(example.example_id, seed, lambda: self._attack(pool.ask, example))

    def _attack(self, ask: Ask, example: AttackedExample) -> _Attacked:
        """Search, and check what was found: what happens in a lane."""
        from robustbert.attacks.textattack.model_wrapper import VICTIM
        from robustbert.attacks.textattack.search import SearchFailedError, search

        try:
            found = search(
                self._recipe, self.classifier, ask, example.text, example.label, self._track
            )
        except SearchFailedError as failure:
            (answer,) = ask(VICTIM, [example.text])
            return _Attacked(
                int(answer.argmax()),
                float(answer[example.label]),
                failure.queries,
                error=str(failure),
            )
        attacked = _Attacked(
            found.clean_prediction, found.label_probability, found.queries, search=found
        )
        if not found.success:
            return attacked
        try:
            return replace(attacked, verdict=self._check(ask, example, found))
        except Exception as error:  # of a constraint that is asked again
            return replace(attacked, search=None, error=describe_error(error))

    def _check(self, ask: Ask, example: AttackedExample, found: Search) -> Verdict:
        from robustbert.attacks.verification import Verifier

        # similarity is reported on every track; only unified has a limit for it
        limits = self.limits if self.track == "unified" else UnifiedLimits()
        min_similarity = limits.min_similarity if self.track == "unified" else None
        return Verifier(ask, min_similarity, limits.similarity_stretch).check(
            example.text, found.adversarial_text, example.label, found.constraints
        )

    def _outcome(self, example: AttackedExample, finished: Finished) -> Outcome:
        if finished.error is not None:  # not of the search: of this engine
            raise finished.error
        attacked: _Attacked = finished.value
        base: dict[str, Any] = {
            "example_id": example.example_id,
            "label": example.label,
            "clean_prediction": attacked.clean_prediction,
            "text": example.text,
            "words": len(words_of(example.text)),
            "queries": attacked.queries.distinct,
            "textattack_queries": attacked.queries.textattack,
            "gradient_queries": attacked.queries.gradients,
            "label_probability": attacked.label_probability,
            "adversarial_label_probability": None,
            "seed": derive_seed(self.seed, self.recipe, self.track, example.example_id),
            "seconds": finished.seconds,
            "retracted": False,
            "adversarial_prediction": None,
            "adversarial_text": None,
            "words_changed": None,
            "similarity": None,
            "error": attacked.error,
        }
        search, verdict = attacked.search, attacked.verdict
        if search is None:
            return Outcome(**base, status="error")
        if attacked.clean_prediction != example.label:
            return Outcome(**base, status="skipped")
        base["adversarial_label_probability"] = search.last_label_probability
        if verdict is None:
            return Outcome(**base, status="exhausted" if search.exhausted else "robust")
        base |= {
            "adversarial_text": search.adversarial_text,
            "adversarial_prediction": verdict.prediction,
            "adversarial_label_probability": verdict.label_probability,
            "words_changed": verdict.words_changed,
            "similarity": verdict.similarity,
            "retracted": not verdict.holds,
        }
        return Outcome(**base, status="broken" if verdict.holds else "robust")


@dataclass(frozen=True)
class _Attacked:
    """What a lane ended with: a search and, if it found something, the verdict; or an error."""

    clean_prediction: int
    label_probability: float
    queries: QueryCounts
    search: Search | None = None
    verdict: Verdict | None = None
    error: str | None = None
