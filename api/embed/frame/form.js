// The fields of a form and the button that sends it: an error stands beside its field, and what was typed survives it.

import { h } from "./dom.js";

/** A labelled field that holds `value` and says beside itself what is wrong with it; `rows` makes it as many lines high. */
export function field({ id, label, hint, value = "", error = "", rows, oninput, ...rest }) {
  const input = h(rows ? "textarea" : "input", {
    id, rows, required: true, ...rest,
    "aria-invalid": String(Boolean(error)),
    "aria-describedby": `${id}-error${hint ? ` ${id}-hint` : ""}`,
    oninput: () => oninput(input.value),
  });
  input.value = value;
  return h("div", { class: "field" },
    h("label", { for: id }, label),
    input,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    h("p", { class: "error", id: `${id}-error`, role: "alert" }, error));
}

/** Says beside a field what is wrong with it; no words take that back. */
export function blame(id, words) {
  const input = document.getElementById(id);
  if (!input) return;
  input.setAttribute("aria-invalid", String(Boolean(words)));
  document.getElementById(`${id}-error`).textContent = words;
}

/** What the button says, and whether it may be pressed again. */
export function setBusy(button, sending, words) {
  button.textContent = words;
  button.setAttribute("aria-disabled", String(sending));
}
