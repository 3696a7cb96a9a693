// Two models side by side, cell by cell; the choice is kept in the link.
"use strict";
(() => {
  const { boards, models } = JSON.parse(document.getElementById("compare-data").textContent);
  const { holm, paired } = window.leaderboardStatistics;
  const ALPHA = 0.05;
  const [dataset, first, second] = ["dataset", "first", "second"].map((id) =>
    document.getElementById(id),
  );
  const datasets = [...new Set(boards.map((board) => board.dataset))];
  const text = (tag, content, className = "") => {
    const element = document.createElement(tag);
    element.textContent = content;
    if (className) element.className = className;
    return element;
  };
  // Of two equally near numbers, Python's format takes the even one and toFixed the larger one.
  const percent = (share) => {
    const number = 100 * share;
    return number % 1 === 0.25 ? `${Math.floor(number)}.2` : number.toFixed(1);
  };
  const signed = (share) => (share > 0 ? "+" : share < 0 ? "−" : "") + percent(Math.abs(share));
  const pText = (p) => (p < 0.0001 ? "< 0.0001" : p.toFixed(4));

  const cellsOf = (model) => model.cells.filter((cell) => boards[cell.b].dataset === dataset.value);
  const ofDataset = () => models.filter((model) => cellsOf(model).length > 0);
  const byFolder = (folder) => models.find((model) => model.folder === folder);
  const label = (model) => `${model.name} (${model.folder.slice(-8)})`;
  const options = (select, entries, value) => {
    select.replaceChildren(
      ...entries.map(([key, name]) => {
        const option = text("option", name);
        option.value = key;
        return option;
      }),
    );
    if (entries.some(([key]) => key === value)) select.value = value;
  };
  const fillModels = (a, b) => {
    const entries = ofDataset().map((model) => [model.folder, label(model)]);
    options(first, entries, a);
    options(second, entries, b ?? entries.find(([folder]) => folder !== first.value)?.[0]);
  };

  const isSameCell = (x, y) => x.b === y.b && x.m === y.m;
  const CLEAN = "no attack";

  /** The cells that both models have, on the same examples; the others are only counted. */
  const compared = (a, b) => {
    const found = [];
    const [cells, others] = [cellsOf(a), cellsOf(b)];
    let left = others.filter((other) => !cells.some((cell) => isSameCell(cell, other))).length;
    for (const cell of cells) {
      const other = others.find((one) => isSameCell(one, cell));
      const isRepeated =
        cell.m === CLEAN &&
        found.some((one) => one.cell.m === CLEAN && one.cell.s === cell.s && one.other.s === other?.s);
      if (isRepeated) continue; // the same test on another track
      if (other && other.e === cell.e) found.push({ cell, other, ...paired(cell.s, other.s) });
      else left += 1;
    }
    const adjusted = holm(found.map(({ p }) => p));
    return { tests: found.map((test, i) => ({ ...test, adjusted: adjusted[i] })), left };
  };

  const HEADINGS = [
    "Attack", "First, %", "Second, %", "Difference", "Only first", "Only second", "p", "p (Holm)", "Examples",
  ];
  const line = ({ cell, n, inA, inB, onlyA, onlyB, p, adjusted }) => {
    const row = document.createElement("tr");
    const heading = text("th", "");
    heading.scope = "row";
    heading.append(text("span", cell.m, "data"));
    const difference = text("td", signed((inA - inB) / n), "number");
    if (adjusted <= ALPHA) difference.classList.add(inA > inB ? "better" : "worse");
    row.append(
      heading,
      text("td", percent(inA / n), "number"),
      text("td", percent(inB / n), "number"),
      difference,
      ...[onlyA, onlyB, pText(p), pText(adjusted), n].map((value) => text("td", value, "number")),
    );
    return row;
  };
  const tableOf = (board, tests) => {
    const table = document.createElement("table");
    const caption = text("caption", "");
    caption.append(text("span", board.dataset, "data"), `, ${board.track} track`);
    const head = document.createElement("tr");
    HEADINGS.forEach((name, i) => {
      const heading = text("th", name, i ? "number" : "");
      heading.scope = "col";
      head.append(heading);
    });
    const body = document.createElement("tbody");
    body.append(...tests.map(line));
    table.append(caption, document.createElement("thead"), body);
    table.tHead.append(head);
    const scroll = document.createElement("div");
    scroll.className = "table-scroll";
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `${board.dataset}, ${board.track} track`);
    scroll.append(table);
    return scroll;
  };

  const summary = (tests, left) => {
    const better = tests.filter((t) => t.adjusted <= ALPHA && t.inA > t.inB).length;
    const worse = tests.filter((t) => t.adjusted <= ALPHA && t.inA < t.inB).length;
    const skipped = left
      ? ` ${left} ${left === 1 ? "cell" : "cells"} that only one has, or that ran on other examples, ${left === 1 ? "is" : "are"} left out.`
      : "";
    if (!tests.length) return `These models have no cell on the same examples.${skipped}`;
    const level = "at the 5% level after Holm's correction";
    const verdict =
      better + worse === 0
        ? `None of the ${tests.length} differences is significant ${level}.`
        : `Of ${tests.length} cells, the first model is significantly better in ${better} and worse in ${worse}, ${level}.`;
    return verdict + skipped;
  };
  const differing = (tests) => [
    ...new Set(tests.flatMap(({ cell, other }) => [cell.d, other.d]).filter(Boolean)),
  ];

  const show = () => {
    const [a, b] = [byFolder(first.value), byFolder(second.value)];
    const place = document.getElementById("comparison");
    if (!a || !b) return;
    const isSame = a === b;
    const { tests, left } = isSame ? { tests: [], left: 0 } : compared(a, b);
    document.getElementById("summary").textContent = isSame
      ? "Choose two different models."
      : summary(tests, left);
    const notes = differing(tests).map((note) => text("p", `Conditions differ: ${note}.`, "notice data"));
    const byBoard = boards
      .map((board, number) => [board, tests.filter(({ cell }) => cell.b === number)])
      .filter(([, of]) => of.length);
    place.replaceChildren(...notes, ...byBoard.map(([board, of]) => tableOf(board, of)));
    for (const [id, model] of [["first-link", a], ["second-link", b]]) {
      const link = document.getElementById(id);
      link.href = `models/${encodeURIComponent(model.folder)}.html`;
      link.textContent = label(model);
    }
  };
  const keep = () => {
    const state = new URLSearchParams({ dataset: dataset.value, a: first.value, b: second.value });
    history.replaceState(null, "", `${location.href.split("#")[0]}#${state}`);
  };
  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    const a = byFolder(state.get("a"));
    const own = a && boards[a.cells[0].b].dataset;
    const wanted = datasets.includes(state.get("dataset")) ? state.get("dataset") : (own ?? datasets[0]);
    options(dataset, datasets.map((name) => [name, name]), wanted);
    fillModels(state.get("a"), state.get("b") ?? undefined);
    show();
  };

  dataset.addEventListener("change", () => {
    fillModels();
    show();
    keep();
  });
  for (const select of [first, second]) {
    select.addEventListener("change", () => {
      show();
      keep();
    });
  }
  document.getElementById("swap").addEventListener("click", () => {
    [first.value, second.value] = [second.value, first.value];
    show();
    keep();
  });
  window.addEventListener("hashchange", () => {
    if (location.hash.includes("=")) restore();
  });
  restore();
  document.getElementById("choice").hidden = false;
})();
