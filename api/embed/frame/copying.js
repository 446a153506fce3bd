// Something to take along: shown as it is, with a button that copies it.

import { h } from "./dom.js";

export function copyable(texts, content, label) {
  const button = h("button", { type: "button", class: "small", onclick: async () => {
    await navigator.clipboard?.writeText(content).then(
      () => (button.textContent = texts.t("award.copied")),
      () => getSelection().selectAllChildren(value),
    );
  } }, texts.t("award.copy"));
  const value = h("code", {}, content);
  return h("div", { class: "code" }, h("span", {}, label, " ", value), button);
}
