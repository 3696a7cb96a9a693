"""One cell: attack the examples, keep each outcome as it comes, sum up into a record."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from robustbert.assets import PROFILE
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.runner import AttackRun, AttackRunner
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.identity import CellIdentity, make_identity, record_identity
from robustbert.bench.victims import Victim
from robustbert.data import Examples, TextDataset
from robustbert.errors import BatchInvarianceWarning, RecordError
from robustbert.metrics import counts, reliability, summarize
from robustbert.records import (
    append_outcome,
    cell_name,
    defense_names,
    outcomes_path,
    read_outcomes,
    read_record,
    record_path,
    write_outcomes,
    write_record,
)
from robustbert.records.names import replicate_seed
from robustbert.records.schema import (
    AssetsRef,
    BatchInvariance,
    DatasetRef,
    Engine,
    Environment,
    ModelRef,
    Outcome,
    Protocol,
    Record,
    Timing,
    Track,
)
from robustbert.version import __version__


@dataclass(frozen=True)
class CellRun:
    """A cell with all that it needs.

    Args:
        suite: the suite's name, or None for a cell by itself.
        dataset: where the examples come from.
        examples: what is attacked, in order.
        victim: who is attacked.
        runner: the recipe on the victim under the track.
        environment: what the record says of the machine.
        out: the run's folder.
        command: the command line as it was typed, or None.
    """

    suite: str | None
    dataset: TextDataset
    examples: Examples
    victim: Victim
    runner: AttackRunner
    environment: Environment
    out: Path
    command: str | None = None

    @property
    def name(self) -> str:
        """The name of the cell's files."""
        victim, runner = self.victim, self.runner
        return cell_name(
            self.examples.dataset,
            victim.name,
            defense_names(victim.defenses),
            runner.track,
            runner.recipe,
            training_seed=replicate_seed(victim.training_seed, runner.seed),
            variant=victim.variant,
        )

    def run(self, progress: AttackProgress) -> Record:
        """Attack what is not attacked yet, write the cell's outcomes and record.

        A cell that was finished by one of the same identity is read, not run;
        one that was cut short goes on; attacks that failed run again. ``progress`` is
        told what is done.
        """
        finished = self._finished()
        outcomes_file = outcomes_path(self.out, self.name)
        partial = self._journal()
        if finished and outcomes_file.exists() and not finished.counts.error:
            partial.unlink(missing_ok=True)
            for outcome in read_outcomes(outcomes_file):
                progress.add(outcome)
            return finished
        known = self._resume(outcomes_file) if finished else {}
        kept = self._resume(partial)
        known |= kept
        todo = [item for item in self.examples.items if item.example_id not in known]
        for outcome in known.values():
            progress.add(outcome)

        def keep(outcome: Outcome) -> None:
            append_outcome(outcome, partial)
            progress.add(outcome)

        run = self.runner.run(todo, keep, progress.show_queries)
        progress.show_recheck()
        self._score_for_recheck(kept.values(), run)
        environment = self.environment.model_copy(
            update={"batch_invariance": self._batch_invariance(run, finished)}
        )
        known |= {outcome.example_id: outcome for outcome in run.outcomes}
        outcomes = tuple(known[item.example_id] for item in self.examples.items)
        whole = len(todo) == len(self.examples.items)
        timing = Timing(
            train_seconds=self.victim.train_seconds,
            # what an earlier, interrupted run spent is not known
            attack_seconds=run.seconds if whole else None,
            victim_seconds=run.victim_seconds if whole else None,
            victim_queries=run.victim_queries if whole else None,
        )
        record = self._record(outcomes, timing, environment)
        write_outcomes(outcomes, outcomes_file)
        write_record(record, record_path(self.out, self.name))
        partial.unlink(missing_ok=True)
        return record

    def _resume(self, path: Path) -> dict[str, Outcome]:
        """The outcomes of an earlier run, keyed by example id; errors are retried."""
        if not path.exists():
            return {}
        wanted = {item.example_id for item in self.examples.items}
        return {
            outcome.example_id: outcome
            for outcome in read_outcomes(path, unfinished=True)
            if outcome.example_id in wanted and outcome.status != "error"
        }

    def _journal(self) -> Path:
        """Where outcomes are kept, as they come, until the cell is done.

        Raises:
            RecordError: there is one of another identity.
        """
        journal = self.out / "outcomes" / f"{self.name}.{self._identity().sha256()[:12]}.partial"
        for other in journal.parent.glob(f"{self.name}.*.partial"):
            if other != journal:
                raise RecordError(
                    f"{other} is of another model, dtype, defense, data, assets, protocol, "
                    "versions or processor; choose another --out, or remove it if nobody needs it"
                )
        return journal

    def _finished(self) -> Record | None:
        """The record that is there, if this very cell made it.

        Raises:
            RecordError: there is one of another identity; the message says what differs.
        """
        path = record_path(self.out, self.name)
        if not path.exists():
            return None
        found = read_record(path)
        difference = self._identity().difference(record_identity(found))
        if difference is None and found.protocol.n != len(self.examples.items):
            difference = f"{found.protocol.n} examples, not {len(self.examples.items)}"
        if difference:
            raise RecordError(f"{path} is of {difference}; choose another --out")
        return found

    def _identity(self) -> CellIdentity:
        return make_identity(
            dataset=self._dataset_ref(),
            model=self._model_ref(),
            defenses=self.victim.defenses,
            training_seed=self.victim.training_seed,
            track=self.runner.track,
            recipe=self.runner.recipe_ref(),
            assets=self._assets_ref(),
            protocol=self._protocol(),
            environment=self.environment,
        )

    def _model_ref(self) -> ModelRef:
        info = self.victim.classifier.info
        return ModelRef(
            name=self.victim.name,
            variant=self.victim.variant,
            source=info.source,
            sha256=info.sha256,
            dtype=info.dtype,
            max_length=info.max_length,
            num_parameters=info.num_parameters,
            training=self.victim.training,
        )

    def _assets_ref(self) -> AssetsRef:
        return AssetsRef(profile=PROFILE, hashes=self.runner.asset_hashes)

    def _dataset_ref(self) -> DatasetRef:
        split = self.examples.split
        return DatasetRef(
            name=self.examples.dataset,
            source=self.examples.source,
            split=split,
            n=len(self.dataset.split(split)),
            sha256=self.dataset.sha256(),
            length=self.dataset.length,
            label_names=list(self.examples.label_names),
        )

    def _protocol(self) -> Protocol:
        limits = self.runner.active_limits
        return Protocol(
            revision=PROTOCOL_REVISION,
            seed=self.runner.seed,
            n=len(self.examples.items),
            query_budget=limits.queries_per_word if limits else None,
            limits=dict(limits.as_record()) if limits else {},
        )

    def _score_for_recheck(self, kept: Iterable[Outcome], run: AttackRun) -> None:
        """Score and encode texts of an interrupted run again, to be part of this run's samples.

        The samples of that run ended with its process.
        """
        given = {item.example_id: item.text for item in self.examples.items}
        texts = [
            text
            for outcome in kept
            for text in (given[outcome.example_id], outcome.adversarial_text)
            if text is not None
        ]
        if texts:
            run.victim_sample(texts)
            run.encoder_sample(texts)

    def _batch_invariance(self, run: AttackRun, earlier: Record | None) -> BatchInvariance:
        """Ask some answers again, and say what was found; warn if any came out differently.

        If failed examples ran again, ``earlier`` is the record of the cell before that, and what it
        holds is added.
        """
        answers, encodings = self.runner.recheck(run)
        finding = self.runner.batch_invariance
        differing = answers.differing + encodings.differing
        if differing:
            warnings.warn(
                f"{self.name}: of {answers.checked + encodings.checked} answers asked again alone, "
                f"{differing} came out differently, so outcomes may not repeat; please report what "
                "`robustbert doctor` prints",
                BatchInvarianceWarning,
                stacklevel=2,
            )
        found = BatchInvariance(
            status="verified" if finding.verified and not differing else "not verified",
            ladder={layer: list(counts) for layer, counts in finding.ladder.items()},
            answers_checked=answers.checked,
            answers_differing=answers.differing,
            encodings_checked=encodings.checked,
            encodings_differing=encodings.differing,
        )
        before = earlier.environment.batch_invariance if earlier else None
        return found if before is None else before.joined(found)

    def _record(
        self, outcomes: Sequence[Outcome], timing: Timing, environment: Environment
    ) -> Record:
        texts = [item.text for item in self.examples.items]
        truncated = int(self.victim.classifier.truncated(texts).sum())
        return Record(
            robustbert_version=__version__,
            created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            command=self.command,
            suite=self.suite,
            dataset=self._dataset_ref(),
            model=self._model_ref(),
            defenses=list(self.victim.defenses),
            training_seed=self.victim.training_seed,
            track=cast(Track, self.runner.track),
            recipe=self.runner.recipe_ref(),
            assets=self._assets_ref(),
            protocol=self._protocol(),
            counts=counts(outcomes, truncated),
            metrics=summarize(outcomes),
            reliability=reliability(outcomes, environment.batch_invariance),
            timing=timing,
            engine=Engine(
                lanes=self.runner.lanes, token_budget=self.victim.classifier.token_budget
            ),
            environment=environment,
        )
