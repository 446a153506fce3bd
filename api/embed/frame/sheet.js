// A sheet that slides up over the frame. The platform's dialog makes the rest inert; Tab goes round inside, because the
// dialog of a frame would let it out into the mall's page.

import { h } from "./dom.js";

const LEAVE_MS = 220;
const CONTROLS = "button, a[href], input, textarea";
const STOPS = `${CONTROLS}, [tabindex]`;

export class Sheets {
  #open = null;
  #opener = null;

  constructor({ holder, words, onClosed }) {
    this.holder = holder;
    this.words = words;
    this.onClosed = onClosed;
  }

  /**
   * Shows one sheet in place of the last; the focus goes to what is marked `data-first`, else to the closing button, and
   * comes back to where it was once the last sheet has gone. `render(body)` fills it and is called again when the language changes;
   * `title()` names it, and `quiet` hides the heading where the content has its own.
   */
  show({ name, title, render, quiet = false }) {
    if (!this.#open) this.#opener = document.activeElement;
    this.#drop();
    const heading = h("h2", { id: "sheet-title", class: quiet ? "unseen" : "" });
    const close = h("button", { type: "button", class: "close", onclick: () => this.close() }, cross());
    const body = h("div", { class: "sheet-body" });
    const dialog = h("dialog", { class: `sheet sheet-${name}`, "aria-labelledby": "sheet-title" },
      h("div", { class: "sheet-head" }, heading, close), body);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    dialog.addEventListener("close", () => this.#open?.dialog === dialog && this.close()); // a browser may close without asking
    dialog.addEventListener("keydown", (event) => event.key === "Tab" && goRound(event, dialog));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) this.close();
    });
    this.#open = { name, title, render, dialog, heading, close, body, gone: new AbortController() };
    this.holder.append(dialog);
    this.relabel();
    dialog.showModal();
    this.holder.scrollIntoView({ block: "nearest" }); // in a mall's long page the frame itself may be half out of sight
    (body.querySelector("[data-first]") ?? close).focus({ preventScroll: true });
    return this.#open;
  }

  #drop() {
    this.#open?.gone.abort();
    this.#open?.dialog.remove();
    this.#open = null;
  }

  /** Aborted once the sheet that is open now has gone. */
  get gone() {
    return this.#open?.gone.signal ?? AbortSignal.abort();
  }

  relabel() {
    if (!this.#open) return;
    const { heading, close, body, title, render } = this.#open;
    heading.textContent = title();
    close.setAttribute("aria-label", this.words().t("sheet.close"));
    body.replaceChildren();
    render(body);
    if (!body.querySelector(CONTROLS)) body.tabIndex = 0; // so that a keyboard can scroll it
  }

  async close() {
    const leaving = this.#open;
    if (!leaving) return;
    this.#open = null;
    leaving.gone.abort();
    leaving.dialog.classList.add("leaving");
    await new Promise((done) => setTimeout(done, matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : LEAVE_MS));
    leaving.dialog.close();
    leaving.dialog.remove();
    if (this.#open) return;
    const back = this.#opener?.isConnected && this.#opener.checkVisibility() ? this.#opener : null;
    this.#opener = null;
    this.onClosed(leaving.name, back);
  }
}

function goRound(event, dialog) {
  const stops = [...dialog.querySelectorAll(STOPS)].filter((stop) => stop.tabIndex >= 0 && stop.checkVisibility());
  const [end, start] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (document.activeElement !== end) return;
  event.preventDefault();
  start.focus();
}

function cross() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M5 5l10 10M15 5L5 15");
  svg.append(path);
  return svg;
}
