"""The answer cache of `CallableClassifier`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from robustbert.errors import InputError, ModelError
from robustbert.models import CallableClassifier
from tests.models.adapters.toys import LABELS, Endpoint, word_probabilities
from tests.tiny import toy_reviews

TEXTS = toy_reviews(20)[0]


class TestCache:
    def make(self, path, function=None, labels=LABELS, **options):
        options = {"name": "mine", "cache": path, **options}
        return CallableClassifier(function or Endpoint(), labels, **options)

    def test_answers_are_asked_once(self, tmp_path):
        path = tmp_path / "sub" / "answers.sqlite"
        first = self.make(path).predict_proba(TEXTS)
        endpoint = Endpoint()
        second = self.make(path, endpoint).predict_proba([*TEXTS, "a new text"])
        np.testing.assert_array_equal(second[:-1], first)
        assert endpoint.texts == ["a new text"]

    def test_answers_survive_a_failure(self, tmp_path):
        def function(texts):
            if "scene" in texts[0]:
                raise TypeError("broken")
            return word_probabilities(texts)

        texts = ["one", "two", "scene", "three"]
        with pytest.raises(ModelError, match="TypeError"):
            self.make(tmp_path / "a", function, batch_size=1).predict_proba(texts)
        endpoint = Endpoint()
        self.make(tmp_path / "a", endpoint).predict_proba(texts)
        assert endpoint.texts == ["scene", "three"]

    def test_unbatched_and_exact_bypass_it(self, tmp_path):
        endpoint = Endpoint()
        classifier = self.make(tmp_path / "a", endpoint)
        classifier.predict_proba(TEXTS[:3])
        endpoint.calls.clear()
        classifier.predict_proba_unbatched(TEXTS[:3])
        classifier.predict_proba_exact(TEXTS[:3])
        assert endpoint.calls == [[text] for text in TEXTS[:3]] * 2

    @pytest.mark.parametrize(
        "other", [{"name": "other"}, {"labels": LABELS[::-1]}, {"outputs": "logits"}]
    )
    def test_belongs_to_one_model(self, tmp_path, other):
        self.make(tmp_path / "a").predict_proba(TEXTS[:2])
        endpoint = Endpoint()
        self.make(tmp_path / "a", endpoint, **other).predict_proba(TEXTS[:2])
        assert endpoint.texts == TEXTS[:2]

    def test_unusual_texts_are_kept_apart(self, tmp_path):
        texts = ["a", "a\0b", "a\0c", "A", "å", "a\u030a", "🙂", "'; DROP TABLE answers; --"]
        first = self.make(tmp_path / "a").predict_proba(texts)
        endpoint = Endpoint()
        np.testing.assert_array_equal(
            self.make(tmp_path / "a", endpoint).predict_proba(texts), first
        )
        assert not endpoint.calls

    def test_is_shared_by_threads(self, tmp_path):
        texts = [f"text {i}" for i in range(60)]
        errors = []

        def work(part):
            try:
                self.make(tmp_path / "a", concurrency=2, batch_size=3).predict_proba(part)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(texts[i::4],)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        endpoint = Endpoint()
        found = self.make(tmp_path / "a", endpoint).predict_proba(texts)
        np.testing.assert_allclose(found, word_probabilities(texts), atol=1e-6)
        assert not endpoint.calls

    def test_is_shared_by_processes(self, tmp_path):
        script = (
            "import sys; from tests.models.adapters.toys import *; "
            "from robustbert.models import CallableClassifier; "
            "CallableClassifier(word_probabilities, LABELS, name='mine', batch_size=1, "
            "cache=sys.argv[1]).predict_proba([f'text {i}' for i in range(30)])"
        )
        command = [sys.executable, "-c", script, str(tmp_path / "a")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        processes = [subprocess.Popen(command, env=env) for _ in range(2)]
        assert [process.wait(timeout=120) for process in processes] == [0, 0]
        endpoint = Endpoint()
        self.make(tmp_path / "a", endpoint).predict_proba([f"text {i}" for i in range(30)])
        assert not endpoint.calls

    def test_other_files_are_left_alone(self, tmp_path):
        import sqlite3

        text = tmp_path / "text"
        text.write_text("these are my notes, and much longer than a header\n" * 50)
        database = tmp_path / "database"
        with sqlite3.connect(database) as connection:
            connection.execute("CREATE TABLE answers (model, text, answer)")
        connection.close()
        for path in (text, database):
            before = path.read_bytes()
            with pytest.raises(InputError, match=f"{path} is not an answer cache.*; choose"):
                self.make(path)
            assert path.read_bytes() == before

    def test_needs_a_name_and_a_file(self, tmp_path):
        with pytest.raises(InputError, match="cache needs a name"):
            self.make(tmp_path / "a", name=None)
        with pytest.raises(InputError, match="cache is 3; give a file, or None"):
            self.make(3)
        from robustbert.errors import OutputError

        with pytest.raises(OutputError, match=f"cannot use the answer cache {tmp_path}"):
            self.make(tmp_path)
