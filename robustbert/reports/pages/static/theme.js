// The light or dark theme: the system's, until the button chooses another; it is remembered.
"use strict";
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  // Storage may be forbidden, for example in a private window.
  const stored = () => {
    try {
      return localStorage.getItem("robustbert-theme");
    } catch {
      return null;
    }
  };
  const store = (theme) => {
    try {
      localStorage.setItem("robustbert-theme", theme);
    } catch {
      // The choice then lasts until the page is left.
    }
  };
  const current = () => root.dataset.theme ?? (system.matches ? "dark" : "light");
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  };

  apply(stored()); // before the first paint
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme-toggle");
    const name = () => {
      button.textContent = current() === "dark" ? "Light theme" : "Dark theme";
    };
    button.addEventListener("click", () => {
      apply(current() === "dark" ? "light" : "dark");
      store(current());
      name();
      document.dispatchEvent(new CustomEvent("themechange", { detail: current() }));
    });
    system.addEventListener("change", name);
    name();
    button.hidden = false;
  });
})();
