// Tabs over one panel: arrow keys go between them, and the panel says which of them it belongs to.

import { h } from "./dom.js";

/** The list of tabs and their panel. `fill(panel, name)` shows what belongs to a tab, at once for `chosen` and again when another is. */
export function tabbed({ id, names, label, words, chosen, fill }) {
  const panel = h("div", { class: "panel", role: "tabpanel", id: `${id}-panel`, tabindex: "0" });
  const buttons = names.map((name) =>
    h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `${id}-panel`, onclick: () => choose(name) }, words(name)));
  let now = chosen;

  function choose(name) {
    now = name;
    buttons.forEach((button, place) => {
      button.setAttribute("aria-selected", String(names[place] === name));
      button.tabIndex = names[place] === name ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    fill(panel, name);
  }

  function turn({ key }) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = (names.indexOf(now) + step + names.length) % names.length;
    choose(names[next]);
    buttons[next].focus();
  }

  choose(chosen);
  return [h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: turn }, buttons), panel];
}
