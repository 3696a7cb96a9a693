// Draws the charts of a page: figures with data-chart, from the data of the page.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const figures = [...document.querySelectorAll("[data-chart]")];

  // Colours that differ for all common kinds of colour blindness (Okabe and Ito 2008), adapted to
  // the background; lines also differ in their dashes.
  const PALETTES = {
    light: ["#0072b2", "#d55e00", "#00855f", "#b2588c", "#b07a00", "#3a8fc4", "#444444"],
    dark: ["#56b4e9", "#ff8f4a", "#2fc79a", "#e39cc6", "#f0b93a", "#9fd0ee", "#cccccc"],
  };
  const DASHES = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [5, 2], [3, 3], [12, 4]];

  const probe = document.createElement("span");
  const color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const isDark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const config = () => {
    document.body.append(probe);
    const [ink, muted, rule] = ["ink", "muted", "rule"].map(color);
    const font = getComputedStyle(document.body).fontFamily;
    probe.remove();
    const palette = PALETTES[isDark() ? "dark" : "light"];
    return {
      background: null,
      font,
      axis: {
        labelColor: ink, titleColor: muted, gridColor: rule, domainColor: muted, tickColor: muted,
        labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400,
      },
      axisY: { domain: false },
      legend: {
        labelColor: ink, titleColor: muted, labelFontSize: 12, symbolStrokeWidth: 2,
        symbolType: "stroke", symbolSize: 300, orient: "bottom", labelLimit: 110,
      },
      rule: { color: ink },
      range: { category: palette },
      view: { stroke: null },
    };
  };

  const rows = {
    accuracies: (section) => ({ bars: section.accuracies }),
    queries: (section) => ({ curves: section.queries.flatMap(points) }),
    words: (section) => ({ curves: section.words.flatMap(points) }),
  };
  const points = ({ recipe, x, accuracy }) =>
    x.map((place, i) => ({ recipe, x: place, accuracy: accuracy[i] }));

  const BAR_HEIGHT = 27;
  const specOf = (kind, palette, shown) => {
    const spec = structuredClone(window.leaderboardSpecs[kind]);
    const domain = kind === "accuracies" ? null : shown.map(({ recipe }) => recipe);
    for (const { encoding } of spec.layer) {
      if (domain) {
        // with the same domain, colours and dashes share a legend
        encoding.color.scale = { domain };
        if (encoding.strokeDash) encoding.strokeDash.scale = { domain, range: DASHES };
      } else if (encoding.color) {
        // without attack, worst case, core recipes, other recipes
        encoding.color.scale.range = [6, 1, 0, 5].map((i) => palette[i]);
      }
    }
    return spec;
  };

  let drawn = [];
  let generation = 0;
  const draw = async () => {
    generation += 1;
    const mine = generation; // a later call, after a change of the theme, replaces this one
    delete document.documentElement.dataset.charts;
    for (const result of drawn) result.finalize();
    drawn = [];
    const style = config();
    const palette = style.range.category;
    for (const figure of figures) {
      const [kind, section] = [figure.dataset.chart, Number(figure.dataset.section)];
      const place = figure.querySelector(".chart");
      const spec = specOf(kind, palette, data[section][kind]);
      style.legend.columns = Math.max(2, Math.floor(place.clientWidth / 140));
      const result = await window.vegaEmbed(
        place,
        { height: BAR_HEIGHT * data[section].accuracies.length, ...spec, datasets: rows[kind](data[section]), description: figure.dataset.description },
        {
          actions: false, renderer: "svg", ast: true, defaultStyle: false, config: style,
          tooltip: { disableDefaultStyle: true },
        },
      );
      if (mine !== generation) return;
      drawn.push(result);
    }
    document.documentElement.dataset.charts = "drawn";
  };
  document.addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
