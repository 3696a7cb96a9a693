// The table of all rows: sorting, filters, columns, and a link that keeps them.
"use strict";
(() => {
  const table = document.getElementById("leaderboard");
  const headers = [...table.tHead.rows[0].cells];
  const keys = headers.map((header) => header.dataset.key);
  const modelIndex = keys.indexOf("model");
  const filters = [...document.querySelectorAll("[data-filter]")];
  const columns = [...document.querySelectorAll("[data-column]")];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const boards = [...table.tBodies].map((body) => ({
    body,
    heading: body.rows[0],
    rows: [...body.rows].slice(1).map((element) => ({
      element,
      cells: [...element.cells],
      name: `${element.cells[modelIndex].textContent} ${element.dataset.defense}`.toLowerCase(),
    })),
  }));
  let order = { key: "", descending: false };

  // Sorting: every table of a dataset and track by itself; rows without a number come last.
  const sortValue = (cell, isNumber) => {
    if (isNumber) return "value" in cell.dataset ? Number(cell.dataset.value) : null;
    return cell.textContent;
  };
  const sort = () => {
    const index = keys.indexOf(order.key);
    const isNumber = index >= 0 && headers[index].dataset.kind === "number";
    const sign = order.descending ? -1 : 1;
    for (const { body, rows } of boards) {
      let sorted = rows;
      if (index >= 0) {
        const values = new Map(rows.map((row) => [row, sortValue(row.cells[index], isNumber)]));
        sorted = [...rows].sort((a, b) => {
          const [x, y] = [values.get(a), values.get(b)];
          if (x === null || y === null) return (x === null) - (y === null);
          return sign * (isNumber ? x - y : collator.compare(x, y));
        });
      }
      body.append(...sorted.map((row) => row.element));
    }
    headers.forEach((header, i) => {
      if (i === index) {
        header.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      } else {
        header.removeAttribute("aria-sort");
      }
    });
  };
  const addSortButtons = () => {
    headers.forEach((header) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const first = header.dataset.kind === "number" && header.dataset.key !== "rank";
        const isSame = order.key === header.dataset.key;
        if (isSame && order.descending !== first) order = { key: "", descending: false };
        else order = { key: header.dataset.key, descending: isSame ? !order.descending : first };
        sort();
        keep();
      });
    });
  };

  // Filters
  const chosen = () =>
    Object.fromEntries(filters.map((filter) => [filter.dataset.filter, filter.value]));
  const matches = (row, choice) => {
    const data = row.element.dataset;
    if (choice.search && !row.name.includes(choice.search.toLowerCase())) return false;
    if (choice.marks === "no mark" && data.marks) return false;
    if (choice.marks && choice.marks !== "no mark" && !data.marks.includes(choice.marks)) {
      return false;
    }
    return ["family", "size", "defense"].every((key) => !choice[key] || data[key] === choice[key]);
  };
  const filter = () => {
    const choice = chosen();
    let [shown, all] = [0, 0];
    for (const { body, rows } of boards) {
      const isChosen = ["dataset", "track"].every(
        (key) => !choice[key] || body.dataset[key] === choice[key],
      );
      let inBoard = 0;
      for (const row of rows) {
        row.element.hidden = !(isChosen && matches(row, choice));
        inBoard += !row.element.hidden;
      }
      body.hidden = inBoard === 0;
      shown += inBoard;
      all += rows.length;
    }
    document.getElementById("shown").textContent =
      shown === all ? `${all} rows` : `${shown} of ${all} rows`;
    document.getElementById("nothing").hidden = shown > 0;
    document.getElementById("reset").hidden = shown === all;
  };

  // Columns
  const isShown = (key) => columns.find((box) => box.dataset.column === key)?.checked ?? true;
  const showColumns = () => {
    const visible = keys.map(isShown);
    headers.forEach((header, i) => (header.hidden = !visible[i]));
    for (const { heading, rows } of boards) {
      heading.cells[0].colSpan = visible.filter(Boolean).length;
      for (const { cells } of rows) cells.forEach((cell, i) => (cell.hidden = !visible[i]));
    }
  };

  // The link: only what differs from the page as it opens.
  const state = () => {
    const found = new URLSearchParams();
    for (const [key, value] of Object.entries(chosen())) if (value) found.set(key, value);
    for (const box of columns) {
      if (box.checked !== "default" in box.dataset) {
        found.append(box.checked ? "show" : "hide", box.dataset.column);
      }
    }
    if (order.key) found.set("sort", `${order.descending ? "-" : ""}${order.key}`);
    return found.toString();
  };
  const keep = () => {
    const fragment = state();
    const place = location.href.split("#")[0];
    history.replaceState(null, "", fragment ? `${place}#${fragment}` : place);
  };
  const restore = () => {
    const found = new URLSearchParams(location.hash.slice(1));
    for (const filter of filters) {
      const value = found.get(filter.dataset.filter) ?? "";
      filter.value = value;
      if (filter.value !== value) filter.value = ""; // an option that this table does not have
    }
    const [show, hide] = [found.getAll("show"), found.getAll("hide")];
    for (const box of columns) {
      const key = box.dataset.column;
      box.checked = show.includes(key) || ("default" in box.dataset && !hide.includes(key));
    }
    const key = found.get("sort") ?? "";
    const name = key.replace(/^-/, "");
    order = keys.includes(name)
      ? { key: name, descending: key.startsWith("-") }
      : { key: "", descending: false };
    showColumns();
    filter();
    sort();
  };

  addSortButtons();
  document.getElementById("filters").addEventListener("input", (event) => {
    if (event.target.dataset.column) showColumns();
    else filter();
    keep();
  });
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset").addEventListener("click", () => {
    for (const one of filters) one.value = "";
    filter();
    keep();
    filters[0].focus();
  });
  document.getElementById("copy-link").addEventListener("click", async (event) => {
    keep();
    const button = event.currentTarget;
    const text = button.textContent;
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copy it from the address bar";
    }
    setTimeout(() => (button.textContent = text), 2000);
  });
  // A fragment without "=" is a place on this page.
  window.addEventListener("hashchange", () => {
    if (!location.hash || location.hash.includes("=")) restore();
  });
  restore();
  document.getElementById("controls").hidden = false;

  /** What the table shows, row by row, for other scripts. */
  window.leaderboardTable = {
    columns: () => headers.map((header, index) => ({ header, index })).filter(({ header }) => !header.hidden),
    rows: () =>
      boards.flatMap(({ body }) =>
        [...body.rows]
          .slice(1)
          .filter((row) => !row.hidden)
          .map((row) => ({ row, dataset: body.dataset.dataset, track: body.dataset.track })),
      ),
  };
})();
