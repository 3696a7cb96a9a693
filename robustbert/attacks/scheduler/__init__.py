"""The engine: TextAttack's own searches, many at once, each as if it ran alone.

A recipe of TextAttack is a goal function, a search method, a transformation and constraints. Its
search is ordinary Python: it calls the victim with a handful of texts, waits, looks at the scores,
calls again. Run so, a model sees small batches one after the other, padded to 512 tokens.

Here each example has its own ``textattack.Attack``, unmodified, in a greenlet of its own: a *lane*.
Its victim is a stand-in (:class:`~robustbert.attacks.textattack.model_wrapper.QueuedVictim`), its
sentence encoder another
(:class:`~robustbert.attacks.textattack.constraints.PooledSentenceEncoder`); when the search calls
one of them, the lane stops inside that call. When all lanes have stopped, the pool
(:mod:`~robustbert.attacks.scheduler.pool`) gathers what was asked, drops what repeats, answers each
model's questions in one go, in batches of like length, and lets every lane go on with its own
answers, until it asks again or ends. A lane that ends takes the next example. Long texts ask for
more than fills the batches; then the lanes that began first are answered, so that examples end one
by one, and not all together at the end of the run.

What a search sees is what it would see alone:

- **answers** do not depend on the batch they were computed in, to the last bit
  (:mod:`robustbert.models.inference.batching`), so that remembering them changes nothing either;
- **random numbers**: TextAttack draws from the global generators of ``random``, NumPy and torch. A
  lane carries its own states of all three, seeded from (run seed, recipe, track, example), which
  are put in place while it runs (:mod:`~robustbert.attacks.scheduler.random_states`);
- **caches** of TextAttack's goal function and constraints are per ``Attack``, and so per example;
- **pure functions** of TextAttack and NLTK that took much of the time are replaced by faster ones
  that return the same (:mod:`~robustbert.attacks.textattack.remembering`,
  :mod:`~robustbert.attacks.textattack.rewriting`, :mod:`~robustbert.attacks.textattack.tagging`).

So the outcome of an example is a function of (victim, recipe, track, example, seed) alone: not of
the number of lanes, the order, the other examples, or what was resumed. What a search claims is
checked before it is believed (:mod:`robustbert.attacks.verification`); one that raises becomes an
outcome with status ``error``, and the others go on.
"""
