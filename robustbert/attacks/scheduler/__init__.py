"""Run many TextAttack searches concurrently, with the same outcomes as one at a time.

A TextAttack recipe consists of a goal function, a search method, a transformation and constraints.
Its search is ordinary Python: it calls the victim with a few texts, waits, looks at the scores and
calls again. Run one search at a time, a model gets many small batches, each padded to 512 tokens.

Here each example has its own ``textattack.Attack`` in its own greenlet. Its victim is a proxy
(:class:`~robustbert.attacks.textattack.model_wrapper.PooledModelWrapper`), and so is its sentence
encoder (:class:`~robustbert.attacks.textattack.constraints.PooledSentenceEncoder`). Both call the
clients of a pool (:mod:`~robustbert.attacks.scheduler.clients`), and such a call suspends the
search. When every search is suspended, the pool (:mod:`~robustbert.attacks.scheduler.pool`)
collects the requested texts, drops duplicates, calls each model once for all of them (the model
forms batches of texts of similar length), and resumes each search with its results. This is one
round. When a search ends, the next example starts, so that ``lanes`` searches run concurrently (the
name is that of the option). If the requests exceed the capacity of a round, the searches that
started first are served first, so that examples finish one by one instead of all together at the
end of the run.

Each search gets exactly the results that it would get if it ran by itself:

- **Model outputs** are bit-identical in every batch
  (:mod:`robustbert.models.inference.batching`), so caching them does not change outcomes.
- **Random numbers**: TextAttack draws from the global generators of ``random``, NumPy and torch.
  Each search has its own states of all three, seeded by (run seed, recipe, track, example). They
  are restored whenever the search is resumed
  (:mod:`~robustbert.attacks.scheduler.random_states`).
- **Caches** of TextAttack's goal function and constraints belong to one ``Attack``, and so to one
  example.
- **Patches**: slow pure functions of TextAttack and NLTK are replaced by faster ones that return
  the same values (:mod:`~robustbert.attacks.textattack.patches`).

So the outcome of an example is a function of (victim, recipe, track, example, seed) alone. It does
not depend on the number of concurrent searches, the order, the other examples, or whether the run
was resumed. Each success that a search reports is verified
(:mod:`robustbert.attacks.verification`). A search that raises yields an outcome with status
``error``, and the others continue.
"""
