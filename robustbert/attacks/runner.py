"""Run a recipe on many examples concurrently and verify what it finds."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from robustbert.assets.asset_registry import ensure_usable
from robustbert.attacks.attack_run import AttackRun as AttackRun
from robustbert.attacks.attack_run import finish
from robustbert.attacks.outcome_builder import AttackedExample, ExampleResult, build_outcome
from robustbert.attacks.recipes import load_recipe_class, runnable_recipe
from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.scheduler.pool import Pool, Task
from robustbert.attacks.scheduler.recheck import (
    MIN_SAMPLE,
    OutputSample,
    Recheck,
    rounding_tolerance,
)
from robustbert.attacks.tracks import (
    LiLimits,
    TrackLimits,
    UnifiedLimits,
    assets_of_track,
    check_track,
)
from robustbert.data.dataset import check_length
from robustbert.errors import AttackError, describe_error
from robustbert.models.classifier import Classifier
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.inference.output_cache import OutputCache
from robustbert.models.original_encoders import original_encoder
from robustbert.records.schema import Outcome, Params, RecipeRef
from robustbert.seeds import derive_seed

if TYPE_CHECKING:
    from robustbert.models.sentence_encoder import SentenceEncoder

#: The default of ``lanes``, the number of examples that are attacked concurrently.
DEFAULT_LANES = 128
#: Maximum number of the victim's batches per round. More batches are no faster, and each search
#: would wait longer for its results.
ROUND_BATCHES = 16
#: Average number of characters per token in English text; it determines only the size of rounds.
CHARACTERS_PER_TOKEN = 4


@dataclass
class AttackRunner:
    """Attacks a victim with one recipe under one track.

    Args:
        classifier: the victim.
        recipe: a name of ``RECIPES``.
        track: ``published``, ``unified`` or ``unified-li``.
        limits: the limits of the ``unified`` track; ignored on the other tracks.
        length: ``short`` or ``long``, the text length of the dataset, which limits the changes.
        seed: at least 0; the seed of each example is derived from it.
        dtype: the dtype of the sentence encoder: auto, float32 or bfloat16.
        device: the device of the sentence encoder.
        lanes: maximum number of concurrent searches, at least 1. Does not affect outcomes.
        token_budget: maximum number of tokens per batch of the sentence encoder, at least 1; None
            selects a default for the device. Does not affect outcomes.
        output_cache: a cache of the classifier's ``predict_proba``. Share one between the runners
            of a classifier, so that each text is scored only once. None creates a cache for each
            run. Does not affect outcomes.
        min_recheck: the minimum number of outputs of each model that :meth:`recheck` recomputes.

    Raises:
        UnknownNameError: unknown recipe, track or length.
        MissingAssetError: an asset of the recipe cannot be obtained.
        AttackError: the recipe needs gradients and the victim has none, or ``lanes`` is less
            than 1.
    """

    classifier: Classifier
    recipe: str
    track: str = "unified"
    limits: UnifiedLimits = field(default_factory=UnifiedLimits)
    length: str = "short"
    seed: int = 0
    dtype: str = "auto"
    device: str = "auto"
    lanes: int = DEFAULT_LANES
    token_budget: int | None = None
    output_cache: OutputCache | None = None
    min_recheck: int = MIN_SAMPLE

    def __post_init__(self) -> None:
        self._track = TrackLimits(check_track(self.track), check_length(self.length), self.limits)
        if self.lanes < 1:
            raise AttackError(f"lanes is {self.lanes}; it must be at least 1")
        entry = runnable_recipe(self.recipe)
        if entry.gradients and not self.classifier.has_gradients:
            raise AttackError(
                f"recipe {self.recipe!r} needs gradients, which {self.classifier.info.name!r} does "
                "not have; choose a recipe that needs no gradients (see: robustbert list recipes)"
            )
        assets = (*entry.assets_now([self.track]), *assets_of_track(self.track), "sentence-encoder")
        self.asset_hashes = dict(ensure_usable(assets))

    def load_recipe(self) -> None:
        """Import the recipe and TextAttack, which takes seconds; :meth:`run` does it if needed."""
        self._recipe_class = load_recipe_class(self.recipe)

    def run(
        self,
        examples: Sequence[AttackedExample],
        on_outcome: Callable[[Outcome], None] = lambda _: None,
        on_round: Callable[[int], None] = lambda _: None,
    ) -> AttackRun:
        """Attack every example.

        Args:
            examples: examples with unique ids.
            on_outcome: called with each outcome as soon as it is known, in no fixed order.
            on_round: called after each round with the cumulative query count.

        Raises:
            AttackError: two examples have the same id.
        """
        if len({example.example_id for example in examples}) < len(examples):
            raise AttackError("two examples have the same id; pass each example once")
        return finish(self.steps(examples, on_round), on_outcome)

    def steps(
        self,
        examples: Iterable[AttackedExample | None],
        on_round: Callable[[int], None] = lambda _: None,
    ) -> Generator[Outcome, None, AttackRun]:
        """Attack every example: yields each outcome as soon as it is known, and returns the run.

        Args:
            examples: examples with unique ids, which are read while attacks run. None says that
                the next example is not there yet; it must not come while no attack runs.
            on_round: called after each round with the cumulative query count.
        """
        from robustbert.attacks.textattack.patches import PATCHES

        self.load_recipe()  # not timed
        began = time.perf_counter()
        cache = self.output_cache or OutputCache(self.classifier.predict_proba)
        computed_before = cache.computed
        sample_seed = derive_seed(self.seed, self.recipe, self.track, "recheck")
        least = self.min_recheck
        victim_sample = OutputSample(cache, sample_seed, min_sample=least)
        encoder_sample = OutputSample(self.encoder.encode, sample_seed, min_sample=least)
        pool = Pool(
            lanes=self.lanes,
            round_characters=self.round_characters,
            on_round=lambda: on_round(victim.stats.requested),
        )
        victim = PooledVictim(pool, self.classifier, victim_sample)
        encoder = PooledEncoder(
            pool,
            embed=encoder_sample,
            exact=self.encoder.encode_exact,
            uncached=self.encoder.encode_uncached,
            load=lambda asset: original_encoder(asset, self.device),
        )
        by_id: dict[str, Outcome] = {}
        final_texts: dict[str, str] = {}
        given: dict[str, AttackedExample] = {}
        with PATCHES.applied():
            tasks = self._tasks(victim, encoder, examples, given)
            for outcome in self._outcomes(pool, tasks, given, final_texts):
                by_id[outcome.example_id] = outcome
                yield outcome
        return AttackRun(
            outcomes=tuple(by_id[example_id] for example_id in given),
            recipe=self.recipe_ref(),
            asset_hashes=self.asset_hashes,
            seconds=time.perf_counter() - began,
            victim_seconds=victim.stats.seconds,
            victim_queries=cache.computed - computed_before,
            victim_sample=victim_sample,
            encoder_sample=encoder_sample,
            final_texts=final_texts,
        )

    def recheck(self, run: AttackRun) -> tuple[Recheck, Recheck]:
        """Recompute samples of a run's victim outputs and embeddings, one text per batch.

        Each sample is 0.1% of the outputs, at least ``min_recheck``, chosen by seed. All recomputed
        outputs should be bit-identical. The first result is the victim's, the second the encoder's.
        """
        tolerance = rounding_tolerance(self.classifier.info.dtype)
        return (
            run.victim_sample.recheck(self.classifier.predict_proba_unbatched, tolerance),
            run.encoder_sample.recheck(self.encoder.encode_unbatched),
        )

    @property
    def active_limits(self) -> UnifiedLimits | LiLimits | None:
        """The limits that the track applies to the recipe; None on the ``published`` track."""
        return self._track.limits

    @property
    def batch_invariance(self) -> InvarianceResult:
        """The combined result of the batch-invariance checks of victim and sentence encoder."""
        return self.classifier.batch_invariance & self.encoder.batch_invariance

    def recipe_ref(self) -> RecipeRef:
        """The recipe in record format."""
        from importlib.metadata import version

        params: Params = {"similarity_dtype": self.encoder.dtype}
        return RecipeRef(name=self.recipe, textattack_version=version("textattack"), params=params)

    @property
    def round_characters(self) -> int | None:
        """Maximum number of characters per round; None if the victim does not use batches."""
        budget = self.classifier.token_budget
        return None if budget is None else ROUND_BATCHES * CHARACTERS_PER_TOKEN * budget

    @property
    def encoder(self) -> SentenceEncoder:
        """The sentence encoder, shared by runners with the same dtype, device and token budget."""
        from robustbert.models.sentence_encoder import sentence_encoder

        return sentence_encoder(self.dtype, self.device, self.token_budget)

    def _tasks(
        self,
        victim: PooledVictim,
        encoder: PooledEncoder,
        examples: Iterable[AttackedExample | None],
        given: dict[str, AttackedExample],
    ) -> Iterator[Task | None]:
        """A task for each example; adds these to ``given`` by their ids."""
        for example in examples:
            if example is None:
                yield None
                continue
            given[example.example_id] = example
            attack = partial(self._attack, victim, encoder, example)
            yield Task(example.example_id, self.seed_of(example), attack)

    def _outcomes(
        self,
        pool: Pool,
        tasks: Iterable[Task | None],
        given: Mapping[str, AttackedExample],
        final_texts: dict[str, str],
    ) -> Iterator[Outcome]:
        """The outcomes in the order in which their tasks finish; adds to the final texts."""
        for finished in pool.run(tasks):
            if finished.error is not None:  # raised by robustbert, not by the search
                raise finished.error
            example, search = given[finished.key], finished.value.search
            failed = None if search is None else search.failed_text(example.text)
            if failed is not None:
                final_texts[finished.key] = failed
            yield build_outcome(
                example, finished.value, seed=self.seed_of(example), seconds=finished.seconds
            )

    def seed_of(self, example: AttackedExample) -> int:
        """The seed of the attack on an example."""
        return derive_seed(self.seed, self.recipe, self.track, example.example_id)

    def _attack(
        self, victim: PooledVictim, encoder: PooledEncoder, example: AttackedExample
    ) -> ExampleResult:
        """Attack one example and verify the result; runs inside a task."""
        from robustbert.attacks.search_verification import verify
        from robustbert.attacks.textattack.search import SearchFailedError, search

        text, label = example.text, example.label
        try:
            found = search(
                self.recipe, self._recipe_class, victim, encoder, text, label, self._track
            )
        except SearchFailedError as failure:
            (probabilities,) = victim.probabilities([example.text])
            return ExampleResult(
                int(probabilities.argmax()),
                float(probabilities[example.label]),
                failure.queries,
                error=str(failure),
            )
        result = ExampleResult(
            found.clean_prediction, found.label_probability, found.queries, search=found
        )
        if not found.success:
            return result
        try:
            verdict = verify(example, found, victim, encoder, self._track)
            return replace(result, verdict=verdict)
        except Exception as error:  # raised by a constraint that is checked for the final text
            return replace(result, search=None, error=describe_error(error))
