// The turning part. Three animations in a row, each starting at the speed the last one ended with:
// run up, run on until the answer is here, run down to the sector.

const DEGREES_PER_MS = 0.62;
const RUN_UP_MS = 500;
const SPIN_MS_MIN = 900;
const TURNS_MIN = 2;
const DOWN_SLOPE = 2.2; // how much faster the run down starts than its own average
const REST_MS = 420;
const FADE_MS = 260;
const OFF_CENTRE_MAX = 0.28; // of a sector's half width, so that a stop looks like a stop and never like a near miss

export class Rotor {
  #animation = null;
  #startedAt = 0;

  constructor(element, { still }) {
    this.element = element;
    this.count = 1;
    this.still = still;
    this.degrees = 0;
  }

  /** Shows these sectors from now on, and goes on turning as it does. */
  carry(sectors) {
    this.element.replaceChildren(...sectors);
    this.count = sectors.length;
  }

  start() {
    this.#startedAt = performance.now();
    if (this.still()) {
      this.#play([{ opacity: 1 }, { opacity: 0.35 }], { duration: FADE_MS, fill: "forwards" });
      return;
    }
    const runUp = (DEGREES_PER_MS * RUN_UP_MS) / 2;
    this.#spin(runUp, { duration: RUN_UP_MS, easing: "cubic-bezier(.33,0,.67,.33)" }).finished.then(() => {
      if (this.#animation) this.#run(runUp);
    }, ignore);
  }

  async land(sector) {
    const width = 360 / this.count;
    const off = (Math.random() * 2 - 1) * (width / 2) * OFF_CENTRE_MAX;
    if (this.still()) return this.#appearAt(-sector * width);
    await pause(this.#startedAt + SPIN_MS_MIN - performance.now());
    await this.#runDownTo(-sector * width + off, TURNS_MIN);
  }

  /** Stops between two sectors: nothing was drawn, so nothing is pointed at. */
  async halt() {
    const between = 180 / this.count;
    if (this.still()) await this.#appearAt(between);
    else await this.#runDownTo(between, 0.5);
  }

  /** Stands at the first sector. */
  reset() {
    this.#turnTo(0);
  }

  /** A breath between landing and what comes of it. */
  rest() {
    return pause(REST_MS);
  }

  #run(from) {
    const base = this.degrees + from;
    this.degrees = base;
    this.#spin(360, { duration: 360 / DEGREES_PER_MS, easing: "linear", iterations: Infinity });
  }

  async #runDownTo(target, turns) {
    const now = this.#angle();
    const distance = turns * 360 + ((((target - now) % 360) + 360) % 360);
    this.degrees = now;
    const duration = (distance * DOWN_SLOPE) / DEGREES_PER_MS;
    const down = this.#spin(distance, { duration, easing: `cubic-bezier(.25,${0.25 * DOWN_SLOPE},.35,1)` });
    await down.finished.catch(ignore);
    this.#turnTo(now + distance);
  }

  async #appearAt(degrees) {
    await pause(this.#startedAt + SPIN_MS_MIN - performance.now());
    this.#turnTo(degrees);
    await this.#play([{ opacity: 0.35 }, { opacity: 1 }], { duration: FADE_MS, fill: "none" }).finished.catch(ignore);
  }

  #spin(by, timing) {
    const turn = (degrees) => ({ transform: `rotate(${degrees}deg)` });
    return this.#play([turn(this.degrees), turn(this.degrees + by)], { fill: "forwards", ...timing });
  }

  #play(frames, timing) {
    this.#animation?.cancel();
    this.#animation = this.element.animate(frames, timing);
    return this.#animation;
  }

  #angle() {
    const matrix = new DOMMatrix(getComputedStyle(this.element).transform);
    return (Math.atan2(matrix.b, matrix.a) * 180) / Math.PI;
  }

  #turnTo(degrees) {
    this.degrees = ((degrees % 360) + 360) % 360;
    this.element.style.transform = `rotate(${this.degrees}deg)`;
    this.#animation?.cancel();
    this.#animation = null;
  }
}

const ignore = () => {};
const pause = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));
