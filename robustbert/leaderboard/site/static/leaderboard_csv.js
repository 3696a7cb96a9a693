// The table as it is shown, as a CSV file.
"use strict";
(() => {
  // A text that a spreadsheet would take for a formula gets an apostrophe; numbers are written as
  // numbers. Full-width forms of the characters count as well.
  const literal = (text) =>
    /^[=+\-@]/.test(text.normalize("NFKC").trimStart()) ? `'${text}` : text;
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  const names = ({ header }) => {
    const name = header.textContent.trim();
    return "interval" in header.dataset ? [name, `${name} low`, `${name} high`] : [name];
  };
  const values = (cell, header) => {
    const { value, low, high } = cell.dataset;
    const isNumber = header.dataset.kind === "number";
    const marks = [...cell.querySelectorAll(".mark")].map((mark) => mark.textContent).join("");
    const text = cell.querySelector(".text")?.textContent ?? "";
    const first = isNumber ? (value ?? "") : literal(text || marks);
    return "interval" in header.dataset ? [first, low ?? "", high ?? ""] : [first];
  };
  const csv = () => {
    const { columns, rows } = window.leaderboardTable;
    const shown = columns();
    const lines = [["dataset", "track", ...shown.flatMap(names).map(literal)]];
    for (const { row, dataset, track } of rows()) {
      const cells = shown.flatMap(({ header, index }) => values(row.cells[index], header));
      lines.push([literal(dataset), literal(track), ...cells]);
    }
    return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
  };

  document.getElementById("download").addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "leaderboard.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
})();
