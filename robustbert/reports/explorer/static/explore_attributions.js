// Puts the words of explained texts on coloured ground when their outcome is shown.
"use strict";
(() => {
  const ground = (level) => `${level > 0 ? "for" : "against"}-${Math.abs(level)}`;
  const textNodes = (text) => {
    const found = [];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };
  const tint = (text, words) => {
    let start = 0; // of the node within the text
    for (const node of textNodes(text)) {
      const { data } = node;
      const parts = [];
      let done = 0;
      for (const [first, last, level] of words) {
        const from = Math.max(first - start, 0);
        const to = Math.min(last - start, data.length);
        if (from >= to) continue;
        const word = document.createElement("span");
        word.className = ground(level);
        word.append(data.slice(from, to));
        parts.push(data.slice(done, from), word);
        done = to;
      }
      if (parts.length) node.replaceWith(...parts, data.slice(done));
      start += data.length;
    }
  };
  document.addEventListener("outcome-made", ({ detail: { outcome, article } }) => {
    const { attributions } = outcome;
    if (!attributions) return;
    const [original, adversarial] = article.querySelectorAll(".texts bdi");
    tint(original, attributions.original);
    tint(adversarial, attributions.adversarial);
    const facts = document.createElement("p");
    facts.className = "outcome-facts";
    facts.append(attributions.facts.join(" · "));
    article.querySelector(".outcome-facts").after(facts);
  });
})();
