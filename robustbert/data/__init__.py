"""Text-classification datasets: loading, cleaning, splitting and selecting examples."""

from robustbert.data.dataset import Cleaning, Rows, SourceOrder, TextDataset
from robustbert.data.dataset_registry import DATASETS
from robustbert.data.dataset_source import DatasetSource
from robustbert.data.examples import Example, Examples, select_examples
from robustbert.data.loading import load_dataset

__all__ = [
    "DATASETS",
    "Cleaning",
    "DatasetSource",
    "Example",
    "Examples",
    "Rows",
    "SourceOrder",
    "TextDataset",
    "load_dataset",
    "select_examples",
]
