// Draws the figures of the page. Colours stand in the data as "@ink", or "@ink~" for a quarter of it, and are those of the theme
// at the time of drawing.
(async () => {
  "use strict";
  const root = document.documentElement, trouble = document.getElementById("trouble"), button = document.getElementById("theme");
  const figures = JSON.parse(document.getElementById("data").textContent);
  const names = JSON.parse(document.getElementById("colours").textContent);
  const config = {displayModeBar: false, responsive: true};
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let printing = false;

  const colours = () => {
    const style = getComputedStyle(root);
    const value = (name) => style.getPropertyValue("--" + name).trim();
    return new Map(names.flatMap((name) => [["@" + name, value(name)], [`@${name}~`, value(name) + "40"]]));
  };
  const painted = (value, of) => {
    if (typeof value === "string") return of.get(value) ?? value;
    if (Array.isArray(value)) return value.map((inner) => painted(inner, of));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === "bdata" ? inner : painted(inner, of)]));
  };
  const draw = (id, of) => {
    const {data, layout} = painted(figures[id], of);
    return Plotly.react(id, data, layout, printing ? {...config, responsive: false} : config);
  };
  const drawAll = () => {
    const of = colours();
    return Promise.all(Object.keys(figures).map((id) => draw(id, of)));
  };
  const isDark = () => (root.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const sayTheme = () => { button.textContent = isDark() ? "Light" : "Dark"; };

  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };
  try {
    if (typeof DecompressionStream === "undefined") throw new Error("it cannot unpack gzip (Chrome 80, Firefox 113 and Safari 16.4 can)");
    const script = document.createElement("script");
    script.textContent = await unpacked(document.getElementById("plotly").textContent);
    document.head.append(script);
    const of = colours();
    for (const id of Object.keys(figures)) {
      await draw(id, of);
      await new Promise((go) => setTimeout(go));  // the page stays alive between figures
    }
  } catch (fault) {
    trouble.textContent = `This browser draws no figures: ${fault.message}. The tables are complete without.`;
    trouble.hidden = false;
    root.dataset.drawn = "failed";
    return;
  }

  button.hidden = false;
  sayTheme();
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; sayTheme(); drawAll(); });
  dark.addEventListener("change", () => { if (!printing) { sayTheme(); drawAll(); } });

  const opened = [];
  window.addEventListener("beforeprint", () => {  // in light, at the width of paper, tables unfolded
    const theme = root.dataset.theme;
    printing = true;
    root.classList.add("printing");
    root.dataset.theme = "light";
    for (const one of document.querySelectorAll("details:not([open]):not(.long)")) { one.open = true; opened.push(one); }
    drawAll();
    if (theme === undefined) delete root.dataset.theme; else root.dataset.theme = theme;
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    root.classList.remove("printing");
    for (const one of opened.splice(0)) one.open = false;
    drawAll();
  });
  root.dataset.drawn = "done";
})();
