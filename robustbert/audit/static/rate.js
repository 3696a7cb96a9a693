// Shows one pair of texts after the other and saves the answers as CSV. Texts become text nodes only.
"use strict";
(() => {
  const { columns, labels, items } = JSON.parse(document.getElementById("audit").textContent);
  const questions = columns.slice(1, -1); // between the item and the rater
  const storage = `robustbert-audit-${items[0].id}`;
  const form = document.getElementById("rating");
  const find = (id) => document.getElementById(id);
  const rater = find("rater");

  // Storage may be forbidden or full; answers then last as long as the page.
  const recall = () => {
    try {
      return JSON.parse(localStorage.getItem(storage)) ?? {};
    } catch {
      return {};
    }
  };
  const remember = () => {
    try {
      localStorage.setItem(storage, JSON.stringify({ rater: rater.value, answers }));
    } catch {
      find("message").textContent =
        "This browser does not keep your answers: save them before you close the page.";
    }
  };

  const recalled = recall();
  let answers = Object.fromEntries(items.map(({ id }) => [id, recalled.answers?.[id] ?? {}]));
  let shown = 0;
  rater.value = recalled.rater ?? "";

  const isComplete = ({ id }) => questions.every((question) => question in answers[id]);
  const showProgress = () => {
    const complete = items.filter(isComplete).length;
    const rest = complete === items.length ? "; save them" : "";
    find("progress").textContent = `${complete} of ${items.length} pairs have all answers${rest}`;
  };
  const show = (index) => {
    shown = index;
    const item = items[index];
    find("item-heading").textContent = `Pair ${index + 1} of ${items.length}`;
    for (const side of ["first", "second"]) {
      const text = document.createElement("bdi");
      text.className = "data";
      text.append(item[side]);
      find(`${side}-text`).replaceChildren(text);
    }
    for (const question of questions) {
      for (const choice of form.elements[question]) {
        choice.checked = answers[item.id][question] === choice.value;
      }
    }
    // Not "disabled", which would take the focus away from a button that was just pressed.
    find("previous").ariaDisabled = String(index === 0);
    find("next").ariaDisabled = String(index === items.length - 1);
    showProgress();
  };
  const go = (index) => {
    if (index < 0 || index >= items.length) return;
    show(index);
    find("item-heading").focus();
  };

  // A cell that a spreadsheet would take for a formula starts with an apostrophe.
  const cell = (value) => {
    const text = /^[=+\-@]/.test(value.normalize("NFKC").trimStart()) ? `'${value}` : value;
    return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const written = (item, question) => {
    const answer = answers[item.id][question] ?? "";
    return question.endsWith("_label") && answer !== "" ? labels[Number(answer)] : answer;
  };
  const csv = (name) => {
    const lines = items.map((item) => [item.id, ...questions.map((q) => written(item, q)), name]);
    return `\ufeff${[columns, ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("")}`;
  };
  const save = (name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv(name)], { type: "text/csv;charset=utf-8" }));
    link.download = `answers-${name.replace(/[^\p{L}\p{N}-]+/gu, "-").slice(0, 40)}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  form.addEventListener("change", ({ target }) => {
    if (target.type === "radio") answers[items[shown].id][target.name] = target.value;
    remember();
    showProgress();
  });
  form.addEventListener("submit", (event) => event.preventDefault()); // Enter in the name's field
  find("save").addEventListener("click", () => {
    const name = rater.value.trim();
    find("message").textContent = name ? "" : "Give your name or a code first.";
    if (name) save(name);
    else rater.focus();
  });
  find("previous").addEventListener("click", () => go(shown - 1));
  find("next").addEventListener("click", () => go(shown + 1));
  find("open").addEventListener("click", () => {
    const after = [...items.slice(shown + 1), ...items.slice(0, shown + 1)];
    const open = after.find((item) => !isComplete(item));
    if (open) go(items.indexOf(open));
  });
  find("clear").addEventListener("click", () => {
    answers[items[shown].id] = {};
    remember();
    show(shown);
  });
  find("forget").addEventListener("click", () => {
    answers = Object.fromEntries(items.map(({ id }) => [id, {}]));
    rater.value = "";
    remember();
    go(0);
  });
  show(0);
})();
