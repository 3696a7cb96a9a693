// The paired test of two models, as robustbert.metrics computes it.
"use strict";
(() => {
  // The natural logarithm of n!, for all n that were needed so far.
  const logFactorials = [0];
  const logFactorial = (n) => {
    for (let i = logFactorials.length; i <= n; i += 1) {
      logFactorials.push(logFactorials[i - 1] + Math.log(i));
    }
    return logFactorials[n];
  };

  /** The p-value of the exact two-sided McNemar test, from the numbers of discordant examples. */
  const mcnemar = (onlyA, onlyB) => {
    const n = onlyA + onlyB;
    let tail = 0;
    for (let i = 0; i <= Math.min(onlyA, onlyB); i += 1) {
      const logShare = logFactorial(n) - logFactorial(i) - logFactorial(n - i) - n * Math.LN2;
      tail += Math.exp(logShare);
    }
    return Math.min(1, 2 * tail);
  };

  /** P-values adjusted by the step-down method of Holm, in the order of the tests. */
  const holm = (pValues) => {
    const adjusted = new Array(pValues.length).fill(0);
    let largest = 0;
    pValues
      .map((p, index) => ({ p, index }))
      .sort((a, b) => a.p - b.p || a.index - b.index)
      .forEach(({ p, index }, rank) => {
        largest = Math.max(largest, Math.min(1, (pValues.length - rank) * p));
        adjusted[index] = largest;
      });
    return adjusted;
  };

  /** Two strings with one digit per example: accuracies, and the discordant examples. */
  const paired = (a, b) => {
    let [onlyA, onlyB, inA, inB] = [0, 0, 0, 0];
    for (let i = 0; i < a.length; i += 1) {
      const [x, y] = [a[i] === "1", b[i] === "1"];
      inA += x;
      inB += y;
      onlyA += x && !y;
      onlyB += y && !x;
    }
    return { n: a.length, inA, inB, onlyA, onlyB, p: mcnemar(onlyA, onlyB) };
  };

  window.leaderboardStatistics = { holm, mcnemar, paired };
})();
