// Filters the outcomes and shows a page of them. Data becomes text nodes only, never markup.
"use strict";
(() => {
  const PAGE_SIZE = 25;
  const BADGES = { broken: "bad", robust: "good", exhausted: "info", error: "warn" };

  const { cells, fields, rows } = JSON.parse(document.getElementById("outcomes").textContent);
  const outcomes = rows.map((row) => {
    const outcome = Object.fromEntries(fields.map((field, index) => [field, row[index]]));
    return Object.assign(outcome, cells[outcome.cell]);
  });

  const form = document.getElementById("filters");
  const results = document.getElementById("results");
  const count = document.getElementById("count");
  const section = document.getElementById("results-section");
  const pagers = [...document.querySelectorAll(".pager")];
  const controls = [...form.elements].filter((control) => control.name);
  let shown = [];
  let page = 1;

  const element = (tag, className, ...children) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...children);
    return made;
  };
  const number = (value) => value.toLocaleString("en");
  const texts = (outcome) => {
    outcome.searched ??= [outcome.original, outcome.adversarial]
      .map((pieces) => pieces.join("").toLowerCase())
      .join("\n");
    return outcome.searched;
  };

  // Filters

  const tests = () => {
    const found = [];
    for (const { name, value, tagName } of controls) {
      if (value === "") continue;
      if (name === "text") {
        const words = value.toLowerCase();
        found.push((outcome) => texts(outcome).includes(words));
      } else if (name === "min") {
        found.push(({ similarity }) => similarity !== null && similarity >= Number(value));
      } else if (name === "max") {
        found.push(({ similarity }) => similarity !== null && similarity <= Number(value));
      } else if (name === "status") {
        found.push(({ status }) => status === value || status.startsWith(`${value} (`));
      } else if (tagName === "SELECT") {
        found.push((outcome) => outcome[name] === value);
      }
    }
    return found;
  };

  const fragment = () => {
    const given = new URLSearchParams();
    for (const { name, value } of controls) if (value !== "") given.set(name, value);
    if (page > 1) given.set("page", page);
    return given.toString();
  };
  const remember = () => {
    history.replaceState(history.state, "", `#${fragment()}`);
  };
  const recall = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const control of controls) {
      control.value = given.get(control.name) ?? "";
      if (control.selectedIndex === -1) control.value = ""; // not one of the choices
    }
    page = Number(given.get("page")) || 1;
  };

  // Results

  const marked = (pieces, tag) => {
    const text = element("bdi", "data");
    pieces.forEach((piece, index) => {
      if (piece) text.append(index % 2 ? element(tag, "", piece) : piece);
    });
    return text;
  };
  const article = (outcome, index) => {
    const id = `outcome-${index}`;
    const kind = BADGES[outcome.status.split(" ")[0]];
    const badge = element("span", kind ? `badge badge-${kind}` : "badge", outcome.status);
    const title = element("h3", "", badge, element("span", "data", outcome.classes));
    title.id = id;
    const source = [outcome.dataset, outcome.model, `${outcome.track} track`, outcome.recipe];
    const pairs = element("dl", "texts");
    for (const [name, pieces, tag] of [
      ["original", outcome.original, "del"],
      ["adversarial", outcome.adversarial, "ins"],
    ]) {
      if (pieces.length)
        pairs.append(element("dt", "", name), element("dd", "", marked(pieces, tag)));
    }
    const made = element(
      "article",
      "card outcome",
      title,
      pairs,
      element("p", "outcome-facts", outcome.facts.join(" · ")),
      element("p", "outcome-source", `${source.join(" · ")} · example ${outcome.example}`),
    );
    made.setAttribute("aria-labelledby", id);
    const detail = { outcome, article: made };
    document.dispatchEvent(new CustomEvent("outcome-made", { detail }));
    return made;
  };

  const summary = () => {
    const numbers = new Map();
    for (const { status } of shown) numbers.set(status, (numbers.get(status) ?? 0) + 1);
    const parts = [...numbers].map(([status, times]) => `${number(times)} ${status}`);
    const total = `${number(shown.length)} of ${number(outcomes.length)} outcomes`;
    const listed = parts.length ? `${total}: ${parts.join(", ")}` : total;
    return page > 1 ? `${listed}; page ${number(page)}` : listed;
  };
  const numPages = () => Math.max(1, Math.ceil(shown.length / PAGE_SIZE));

  const render = () => {
    page = Math.min(Math.max(1, Math.trunc(page)), numPages());
    const first = (page - 1) * PAGE_SIZE;
    const made = shown.slice(first, first + PAGE_SIZE).map(article);
    if (!made.length) made.push(element("p", "nothing", "No outcome matches these filters."));
    results.replaceChildren(...made);
    const text = summary();
    if (count.textContent !== text) count.textContent = text;
    for (const pager of pagers) {
      pager.hidden = numPages() === 1;
      pager.querySelector(".pager-place").textContent = `Page ${number(page)} of ${number(numPages())}`;
      for (const [step, end] of [[-1, 1], [1, numPages()]]) {
        // Not "disabled", which would take the focus away from a button that was just pressed.
        pager.querySelector(`[data-step="${step}"]`).ariaDisabled = String(page === end);
      }
    }
  };
  const filter = () => {
    const needed = tests();
    shown = outcomes.filter((outcome) => needed.every((test) => test(outcome)));
    render();
  };
  const change = () => {
    page = 1;
    filter();
    remember();
  };

  let waiting;
  form.addEventListener("input", ({ target }) => {
    clearTimeout(waiting);
    if (target.tagName === "SELECT") change();
    else waiting = setTimeout(change, 120); // after the last key
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("clear").addEventListener("click", () => {
    for (const control of controls) control.value = "";
    change();
  });
  for (const pager of pagers) {
    pager.addEventListener("click", (event) => {
      const { step } = event.target.dataset;
      if (!step) return;
      page += Number(step);
      render();
      remember();
      section.scrollIntoView();
      pagers[0].querySelector(`[data-step="${step}"]`).focus({ preventScroll: true });
    });
  }
  addEventListener("hashchange", () => {
    if (location.hash === "#main") {
      remember(); // the link that skips to the content
    } else {
      recall();
      filter();
    }
  });
  recall();
  filter();
})();
