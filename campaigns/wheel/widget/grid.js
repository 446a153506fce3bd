// The nine-grid (九宫格): eight prizes around a middle, and a light that runs round them until the answer is here.

import "./grid.css";

/** Where the sectors lie, clockwise from the corner at the top left, as column and row. */
const AROUND = [[1, 1], [2, 1], [3, 1], [3, 2], [3, 3], [2, 3], [1, 3], [1, 2]];
const STEP_MS = 70;
const RUN_UP_MS = [230, 170, 130, 100];
const RUN_DOWN_MS = [80, 95, 115, 140, 170, 205, 250, 310];
const RUN_MS_MIN = 900;
const FADE_MS = 260;
const REST_MS = 520;

export class Grid {
  #run = 0;
  #startedAt = 0;
  #at = null;

  constructor(root, { emblem, still }) {
    this.still = still;
    this.element = make("div", "wheel grid-face");
    this.element.setAttribute("role", "img");
    this.cells = AROUND.map(([column, row]) => {
      const cell = make("div", "cell sector");
      cell.style.gridArea = `${row} / ${column}`;
      return cell;
    });
    this.middle = make("div", "cell middle");
    this.middle.innerHTML = emblem;
    this.word = make("span", "middle-word");
    this.middle.append(this.word);
    this.board = make("div", "grid-board");
    this.board.setAttribute("aria-hidden", "true");
    this.board.append(...this.cells, this.middle);
    this.element.append(this.board);
    root.append(this.element);
  }

  /** The member's own sectors stay where they are; what they cannot win gives its place to what they can, in turn. */
  places(own) {
    let next = 0;
    return AROUND.map((_, place) => (own.includes(place) ? place : own[next++ % own.length]));
  }

  label(words) {
    this.element.setAttribute("aria-label", words);
  }

  draw({ names, pictures, hub }) {
    this.word.textContent = hub;
    this.cells.forEach((cell, place) => {
      cell.innerHTML = pictures[place] ?? "";
      const name = make("span", "sector-name");
      name.textContent = names[place];
      cell.append(name);
    });
  }

  mark(place) {
    this.#light(place);
    this.cells.forEach((cell, index) => cell.classList.toggle("chosen", index === place));
    this.element.classList.toggle("landed", place !== null);
  }

  start() {
    const run = ++this.#run;
    this.#startedAt = performance.now();
    this.element.classList.add("spinning");
    if (this.still()) this.board.animate([{ opacity: 1 }, { opacity: 0.4 }], { duration: FADE_MS, fill: "forwards" });
    else this.#runOn(run);
  }

  async land(place) {
    await pause(this.#startedAt + RUN_MS_MIN - performance.now());
    this.#run += 1;
    if (this.still()) this.#appear();
    else await this.#runDownTo(place);
    this.#light(place);
    this.element.classList.remove("spinning");
  }

  /** Goes out: nothing was drawn, so nothing is pointed at. */
  async fail() {
    this.#run += 1;
    if (this.still()) this.#appear();
    this.#light(null);
    this.element.classList.remove("spinning");
  }

  rest() {
    return pause(REST_MS);
  }

  reset() {
    this.#light(null);
  }

  async #runOn(run) {
    for (const ms of RUN_UP_MS) {
      if (run !== this.#run) return;
      this.#step();
      await pause(ms);
    }
    while (run === this.#run) {
      this.#step();
      await pause(STEP_MS);
    }
  }

  async #runDownTo(place) {
    const ahead = (place - RUN_DOWN_MS.length - (this.#at ?? -1) + 2 * AROUND.length) % AROUND.length;
    for (let left = ahead; left > 0; left--) {
      this.#step();
      await pause(STEP_MS);
    }
    for (const ms of RUN_DOWN_MS) {
      this.#step();
      await pause(ms);
    }
  }

  #step() {
    this.#light(((this.#at ?? -1) + 1) % AROUND.length);
  }

  #light(place) {
    if (this.#at !== null) this.cells[this.#at].classList.remove("lit");
    this.#at = place;
    if (place !== null) this.cells[place].classList.add("lit");
  }

  #appear() {
    for (const animation of this.board.getAnimations()) animation.cancel();
    this.board.animate([{ opacity: 0.4 }, { opacity: 1 }], { duration: FADE_MS });
  }
}

function make(tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));
