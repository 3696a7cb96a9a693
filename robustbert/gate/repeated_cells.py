"""Load what it takes to attack the cell of a record again: its data, a model and its attack."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from robustbert.attacks import UnifiedLimits
from robustbert.bench import Cell, RunOptions
from robustbert.bench.environment import capture_environment
from robustbert.bench.identity import CellIdentity, cell_identity
from robustbert.bench.job import Job, LoadedJob, load_job
from robustbert.bench.record import CellHeader
from robustbert.bench.victim_spec import VictimSpec, model_spec
from robustbert.bench.victims import Victim, load_classifier, searched_through
from robustbert.data import DATASETS, DatasetSource, TextDataset
from robustbert.data.dataset import ALL
from robustbert.defenses import DefenseSpec, compose, make_defense
from robustbert.errors import InputError
from robustbert.frozen import FrozenMapping
from robustbert.gate.record_conditions import check_same_data, check_same_profile
from robustbert.models.inference.output_cache import OutputCache
from robustbert.models.model_registry import DTYPES
from robustbert.models.searched_through import DEFAULT_VOTES
from robustbert.records import DefenseRef, Environment, Record
from robustbert.registry import is_import_path
from robustbert.reports.conditions import canonical
from robustbert.reports.row_labels import record_label


@dataclass(frozen=True)
class LoadedVictim:
    """A model under the conditions of a record, and a cache of its predictions."""

    victim: Victim
    cache: OutputCache


def loaded_victim(victim: Victim) -> LoadedVictim:
    """A victim with a new cache of the predictions that searches follow."""
    return LoadedVictim(victim, OutputCache(victim.searched.predict_proba))


class RepeatedCells:
    """Loads the datasets and models of cells that are attacked again; each is loaded once.

    Args:
        dataset: a dataset that is not built in; None if there is none.
        named: such datasets by their names in records.
        labels: the names of the models' outputs, in order; None for those that they have.
        device: auto, cpu, cuda, cuda:N or mps.
        advice: what to do about data that are not those of a record.
    """

    def __init__(
        self,
        dataset: DatasetSource | None = None,
        named: Mapping[str, DatasetSource] = FrozenMapping(),
        labels: Sequence[str] | None = None,
        device: str = "auto",
        advice: str = "give the data of the run (--dataset or --test-file, with the same options)",
    ) -> None:
        self._given = [] if dataset is None else [dataset]
        self._named = named
        self._labels = None if labels is None else tuple(labels)
        self._device = device
        self._advice = advice
        self._datasets: dict[str, TextDataset] = {}
        self._victims: dict[str, LoadedVictim] = {}

    def dataset(self, record: Record) -> TextDataset:
        """The data of a record, under its name and with its text length class.

        Raises:
            InputError: it is not built in and not given, what is given is other data, or the record
                has another assets profile than the current one.
        """
        check_same_profile(record)
        ref = record.dataset
        key = canonical([ref.sha256, ref.name])
        if key not in self._datasets:
            loaded = self._load_dataset(record)
            self._datasets[key] = replace(loaded, length=ref.length or loaded.length)
        return self._datasets[key]

    def victim(self, model: str, record: Record, *, same: bool) -> LoadedVictim:
        """A model with the dtype and the defenses of a record, attacked through them if it was.

        Args:
            model: a folder, ``hub:NAME``, or either after ``NAME=``.
            record: a record of the cell.
            same: whether it must be the model of the record.

        Raises:
            InputError: it must be, but its hash differs.
            ModelError: the model cannot be loaded, is not trained, or has other labels.
        """
        dtype = attack_dtype(record)
        defenses = [defense.model_dump() for defense in record.defenses]
        votes = adaptive_votes_of(record)
        key = canonical([model, record.dataset.sha256, dtype, defenses, votes])
        if key not in self._victims:
            self._victims[key] = self._load(model, record, dtype)
        loaded = self._victims[key]
        if same:
            _check_model(loaded.victim, record, model)
        return loaded

    def job(self, loaded: LoadedVictim, record: Record, *, n: int, seed: int) -> LoadedJob:
        """The attack of a record on another model or with another seed; nothing is written.

        Args:
            loaded: the victim.
            record: a record of the cell.
            n: number of examples.
            seed: seed for the selection of examples and for the attack.

        Raises:
            InputError: there are fewer examples, or the record has limits that cannot be set; see
                also :meth:`dataset`.
            UnknownNameError: there is no such recipe.
        """
        dataset, ref = self.dataset(record), record.dataset
        spec = VictimSpec(loaded.victim.name, loaded.victim.classifier.info.sha256)
        job = Job(
            suite=None,
            dataset=DatasetSource(dataset),
            cell=Cell(ref.name, spec, record.track, record.recipe.name, n),
            split=ref.split,
            seed=seed,
            limits=limits_of_record(record),
            options=RunOptions(Path(), dtype=attack_dtype(record), device=self._device),
        )
        return load_job(job, dataset, loaded.victim, self._environment, loaded.cache)

    @cached_property
    def _environment(self) -> Environment:
        return capture_environment(self._device)

    def on_split(self, record: Record, split: str) -> Record:
        """A record as its cell would have it on another split of its data.

        Raises:
            InputError: see :meth:`dataset`.
            DatasetError: there is no such split.
        """
        size = len(self.dataset(record).split(split))
        moved = record.dataset.model_copy(update={"split": split, "n": size})
        return record.model_copy(update={"dataset": moved})

    def _load_dataset(self, record: Record) -> TextDataset:
        """The first dataset that is the data of the record.

        What is given is read first, so that it is never ignored although it cannot be read.
        """
        ref = record.dataset
        sources = list(self._given)
        sources += [self._named[ref.name]] if ref.name in self._named else []
        sources += [DatasetSource(ref.name)] if ref.name in DATASETS else []
        if not sources:
            raise InputError(
                f"{ref.name} is no built-in dataset; give its data with --dataset or --test-file, "
                f"or in a table [gate.dataset.{ref.name}]"
            )
        datasets = (replace(s, whole=ref.split == ALL, name=ref.name).load() for s in sources)
        first = next(datasets)
        same = (d for d in (first, *datasets) if d.sha256() == ref.sha256)
        dataset = next(same, first)
        check_same_data(dataset, record, self._advice)
        return dataset

    def _load(self, model: str, record: Record, dtype: str) -> LoadedVictim:
        named = model_spec(model, self._labels)
        spec = replace(
            named, defenses=defense_specs(record), adaptive_votes=adaptive_votes_of(record)
        )
        dataset = self.dataset(record)
        classifier = load_classifier(
            spec, spec.base, dataset.label_names, dtype=dtype, device=self._device
        )
        victim = Victim(
            name=spec.name,
            variant=None,
            classifier=classifier,
            defenses=_current(record.defenses),
            asset_hashes=compose(spec.defenses).wrapper_assets(),
            training_seed=None,
            training=None,
            train_seconds=None,
            through=searched_through(spec, classifier),
        )
        return loaded_victim(victim)


def attack_dtype(record: Record) -> str:
    """The dtype option that gives the victim and the sentence encoder the dtypes of a record."""
    dtype = str(record.recipe.params.get("similarity_dtype") or record.model.dtype)
    return dtype if dtype in DTYPES else "auto"


def limits_of_record(record: Record) -> UnifiedLimits:
    """The limits of the ``unified`` track as a record has them; the default on other tracks.

    Raises:
        InputError: the record has other limits than this version of robustbert.
    """
    if record.track != "unified":
        return UnifiedLimits()
    given: dict[str, Any] = dict(record.protocol.limits)
    known = UnifiedLimits().as_record()
    if given.keys() != known.keys() or record.protocol.query_budget is None:
        raise InputError(
            f"the limits of {record_label(record)} are {', '.join(sorted(given)) or 'missing'}, "
            f"but this version of robustbert has {', '.join(known)}; run the cell again"
        )
    return UnifiedLimits(**given, queries_per_word=record.protocol.query_budget)


def condition_difference(header: CellHeader, record: Record) -> str | None:
    """In what a job differs from a record; None if it would have the same outcomes."""
    identities = []
    for one in (header, record):
        parts = dict(cell_identity(one).parts)
        del parts["training seed"]  # the hash of the weights tells whether the model is the same
        identities.append(CellIdentity(parts))
    return identities[0].difference(identities[1])


def named_code(record: Record) -> list[str]:
    """The import paths that a record names: of its data, its recipe and its defenses.

    Parameters of defenses count too, because they can name recipes.
    """
    names: list[Any] = [record.dataset.name, record.recipe.name]
    for defense in record.defenses:
        names.append(defense.name)
        for value in defense.params.values():
            names += value if isinstance(value, list | tuple) else [value]
    return [name for name in names if isinstance(name, str) and is_import_path(name)]


def check_trusted(records: Iterable[Record], trusted: Collection[str]) -> None:
    """Check that records name no other code than what the user trusts; nothing is imported.

    Args:
        records: the records of cells that are attacked again.
        trusted: import paths that they may name.

    Raises:
        InputError: one names another import path.
    """
    for record in records:
        for name in named_code(record):
            if name not in trusted:
                raise InputError(
                    f"{record_label(record)} names code, {name}; if you trust it, add --trust "
                    f"{name}"
                )


def defense_specs(record: Record) -> tuple[DefenseSpec, ...]:
    """The defenses of a record, for the specification of a victim."""
    return tuple(DefenseSpec(defense.name, defense.params) for defense in record.defenses)


def adaptive_votes_of(record: Record) -> int | None:
    """The votes that an adaptive attack of a record averages over; None if it is not adaptive."""
    protocol = record.protocol
    return (protocol.adaptive_votes or DEFAULT_VOTES) if protocol.adaptive else None


def _current(defenses: Iterable[DefenseRef]) -> tuple[DefenseRef, ...]:
    """The defenses in the revisions of the installed code, which are those that are applied."""
    return tuple(
        ref.model_copy(update={"revision": make_defense(ref.name, ref.params).revision})
        for ref in defenses
    )


def _check_model(victim: Victim, record: Record, model: str) -> None:
    found, expected = victim.classifier.info.sha256, record.model.sha256
    if found != expected:
        raise InputError(
            f"{model} has the hash {found}, but the model of {record_label(record)} has "
            f"{expected}; give the model that was attacked"
        )
