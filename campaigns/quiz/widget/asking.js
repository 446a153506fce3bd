// One round on the stage: a question, its options and its clock; then what came of it, and the next.

import { fill, h } from "./dom.js";

const TICK_MS = 200;

export class Asking {
  #state = null;
  #deadline = 0;
  #timer = null;
  #chosen = new Set();
  #isSending = false;
  #end = null;

  constructor({ holder, words, still, lateAfterMs, secondsEach }) {
    Object.assign(this, { holder, words, still, lateAfterMs, secondsEach });
  }

  /** Resolves when the round is over and the member wants to see what it came to; rejects with what stands in the way. */
  run(state, { move, look }) {
    Object.assign(this, { move, look });
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
      this.#show(state);
    });
  }

  stop() {
    clearInterval(this.#timer);
  }

  relabel() {
    if (this.#state) this.#draw();
  }

  #show(state) {
    this.#state = state;
    this.#chosen.clear();
    this.#deadline = performance.now() + (state.left_ms ?? 0);
    clearInterval(this.#timer);
    if (state.left_ms !== null) this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#draw();
    this.holder.querySelector(state.answered ? ".quiz-next" : ".quiz-text")?.focus({ preventScroll: true });
    if (state.is_over && !state.answered) this.#end.resolve();
  }

  #draw() {
    const { question, answered, number, of, points, is_over: isOver } = this.#state;
    const words = this.words();
    this.clock = h("span", { class: "quiz-clock", "aria-hidden": "true" });
    this.bar = h("div", { class: "quiz-bar", "aria-hidden": "true" }, h("i"));
    this.holder.replaceChildren(h("div", { class: "quiz-sheet" },
      h("p", { class: "quiz-head" }, h("span", {}, fill(words.number, { n: number, of })), this.clock, h("span", {}, fill(words.points, { n: points }))),
      this.bar,
      question.picture && h("img", { class: "quiz-picture", src: question.picture, alt: "", referrerpolicy: "no-referrer" }),
      h("h2", { class: "quiz-text", tabindex: "-1" }, question.text),
      question.has_several && !answered && h("p", { class: "quiz-hint" }, words.choose),
      h("div", { class: "quiz-options", role: "group", "aria-label": question.text }, ...question.options.map((option, place) => this.#option(option, place))),
      question.has_several && !answered && h("button", { type: "button", class: "quiz-next", onclick: () => this.#answer([...this.#chosen]) }, words.confirm),
      answered && this.#verdict(answered),
      answered && h("button", { type: "button", class: "quiz-next", onclick: () => this.#goOn() }, isOver ? words.finish : words.next)));
    this.#tick();
  }

  #option(option, place) {
    const { question, answered } = this.#state;
    const words = this.words();
    const isRight = answered?.right.includes(place);
    const isChosen = answered ? answered.chosen.includes(place) : this.#chosen.has(place);
    const className = ["quiz-option", isRight && "right", answered && isChosen && !isRight && "wrong", !answered && isChosen && "chosen"].filter(Boolean).join(" ");
    const note = answered && (isRight ? words.is_right : isChosen && words.is_chosen);
    return h("button", {
      type: "button", class: className, "aria-disabled": answered || this.#isSending ? "true" : null,
      "aria-pressed": question.has_several && !answered ? String(isChosen) : null,
      onclick: () => this.#choose(place),
    }, h("span", {}, option), note && h("small", {}, note));
  }

  #verdict({ outcome, points, explanation }) {
    const words = this.words();
    return h("div", { class: `quiz-verdict ${outcome}`, role: "status" },
      h("strong", {}, words[outcome]),
      points > 0 && h("span", {}, fill(words.earned, { n: points })),
      explanation && h("p", {}, explanation));
  }

  #choose(place) {
    if (this.#state.answered || this.#isSending) return;
    if (!this.#state.question.has_several) return this.#answer([place]);
    if (!this.#chosen.delete(place)) this.#chosen.add(place);
    const options = this.holder.querySelectorAll(".quiz-option");
    options[place].classList.toggle("chosen", this.#chosen.has(place));
    options[place].setAttribute("aria-pressed", String(this.#chosen.has(place)));
  }

  #answer(options) {
    if (!options.length) return;
    options.forEach((place) => this.holder.querySelectorAll(".quiz-option")[place].classList.add("chosen"));
    this.#send({ do: "answer", number: this.#state.number, options });
  }

  #goOn() {
    if (this.#state.is_over) this.#end.resolve();
    else this.#send({ do: "next", number: this.#state.number });
  }

  async #send(move) {
    if (this.#isSending) return;
    this.#isSending = true;
    this.holder.querySelector(".quiz-sheet").classList.add("sending");
    try {
      const state = await this.move(move);
      this.#isSending = false;
      this.#show(state);
    } catch (error) {
      this.#isSending = false;
      this.#end.reject(error);
    }
  }

  #tick() {
    if (this.#state.left_ms === null) return this.#still(this.#state.answered ? null : 0);
    const left = this.#deadline - performance.now();
    this.#still(Math.max(left, 0));
    if (left > -this.lateAfterMs || this.#isSending) return;
    clearInterval(this.#timer);
    this.look().then((state) => this.#show(state), this.#end.reject);
  }

  /** Draws the clock with so much time left; null is none that runs. */
  #still(left) {
    if (left === null) return this.bar.classList.add("off");
    const share = left / (this.secondsEach * 1000);
    this.bar.firstChild.style.transform = `scaleX(${Math.min(share, 1)})`;
    this.bar.classList.toggle("soon", share < 0.25);
    this.clock.textContent = fill(this.words().left, { n: Math.ceil(left / 1000) });
  }
}
