// The coat: a canvas that a finger, a mouse or a pen takes off. How much of it is off is counted on a coarse grid.

const BRUSH = 0.13; // of the card's width
const GRID = 20;
const THROUGH = 0.5; // of the grid: then the rest comes off by itself
const TAP_PX_MAX = 8;
const TAP_MS_MAX = 400;
const FADE_MS = 320;

export class Coat {
  #last = null;
  #pressed = null;
  #off = new Set();
  #isLive = false;
  #isThrough = false;

  constructor({ words, still, onTouch, onThrough }) {
    Object.assign(this, { words, still, onTouch, onThrough });
    this.element = document.createElement("canvas");
    this.element.className = "card-coat";
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) this.element.addEventListener(name, (event) => this.#lift(event));
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** Covers everything; a live one can be scratched. */
  close({ isLive = false } = {}) {
    this.#isLive = isLive;
    this.#isThrough = false;
    this.#off.clear();
    for (const animation of this.element.getAnimations()) animation.cancel();
    this.element.hidden = false;
    this.element.classList.toggle("live", isLive);
    this.#paint();
  }

  /** As it was before it was scratched: what is under it did not come. */
  mend() {
    this.close({ isLive: true });
  }

  async clear() {
    this.#isLive = false;
    if (!this.element.hidden && !this.still()) {
      await this.element.animate([{ opacity: 1 }, { opacity: 0 }], { duration: FADE_MS, easing: "ease-out" }).finished.catch(() => {});
    }
    this.element.hidden = true;
  }

  repaint() {
    if (!this.element.hidden && !this.#off.size) this.#paint();
  }

  #fit() {
    const { clientWidth: width, clientHeight: height, width: had } = this.element;
    const scale = Math.min(devicePixelRatio || 1, 2);
    if (!width || had === Math.round(width * scale)) return;
    Object.assign(this.element, { width: Math.round(width * scale), height: Math.round(height * scale) });
    this.#off.clear();
    this.#paint();
  }

  #paint() {
    const { width, height } = this.element;
    const pen = this.element.getContext("2d");
    const token = (name) => getComputedStyle(this.element).getPropertyValue(name).trim();
    pen.globalCompositeOperation = "source-over";
    const ground = pen.createLinearGradient(0, 0, width, height);
    ground.addColorStop(0, token("--coat-1"));
    ground.addColorStop(0.5, token("--coat-2"));
    ground.addColorStop(1, token("--coat-1"));
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = token("--coat-mark");
    const step = width / 9;
    for (let row = 0; row * step < height + step; row++) {
      for (let column = 0; column <= 9; column++) {
        pen.beginPath();
        pen.arc((column + (row % 2) / 2) * step, (row + 0.5) * step, width * 0.012, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    pen.font = `800 ${Math.round(width * 0.1)}px ${getComputedStyle(this.element).fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = width * 0.03;
    pen.lineJoin = "round";
    pen.strokeStyle = token("--coat-2");
    pen.strokeText(this.words(), width / 2, height / 2);
    pen.fillStyle = token("--coat-ink");
    pen.fillText(this.words(), width / 2, height / 2);
  }

  #press(event) {
    if (!this.#isLive || event.button > 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.#pressed = { x: event.clientX, y: event.clientY, at: performance.now(), moved: 0 };
    this.#last = this.#at(event);
    this.onTouch();
  }

  #move(event) {
    if (!this.#pressed || !this.#isLive) return;
    const pressed = this.#pressed;
    pressed.moved = Math.max(pressed.moved, Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y));
    if (pressed.moved <= TAP_PX_MAX) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) this.#scratchTo(this.#at(each));
    if (!this.#isThrough && this.#off.size >= THROUGH * GRID * GRID) {
      this.#isThrough = true;
      this.onThrough();
    }
  }

  #lift(event) {
    const pressed = this.#pressed;
    this.#pressed = null;
    if (!pressed || event.type === "pointercancel" || !this.#isLive) return;
    if (pressed.moved <= TAP_PX_MAX && performance.now() - pressed.at < TAP_MS_MAX) this.onThrough();
  }

  /** Where a pointer is, in the canvas's own pixels. */
  #at(event) {
    const box = this.element.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * this.element.width, y: ((event.clientY - box.top) / box.height) * this.element.height };
  }

  #scratchTo(point) {
    const { width, height } = this.element;
    const pen = this.element.getContext("2d");
    pen.globalCompositeOperation = "destination-out";
    pen.lineWidth = width * BRUSH;
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(this.#last.x, this.#last.y);
    pen.lineTo(point.x, point.y);
    pen.stroke();
    this.#count(this.#last, point, { width, height });
    this.#last = point;
  }

  #count(from, to, { width, height }) {
    const radius = (BRUSH / 2) * GRID;
    const steps = Math.ceil((Math.hypot(to.x - from.x, to.y - from.y) / width) * GRID) + 1;
    for (let step = 0; step <= steps; step++) {
      const x = ((from.x + ((to.x - from.x) * step) / steps) / width) * GRID;
      const y = ((from.y + ((to.y - from.y) * step) / steps) / height) * GRID;
      for (let column = Math.floor(x - radius); column <= x + radius; column++) {
        for (let row = Math.floor(y - radius); row <= y + radius; row++) {
          const isInside = column >= 0 && row >= 0 && column < GRID && row < GRID;
          if (isInside && Math.hypot(column + 0.5 - x, row + 0.5 - y) <= radius) this.#off.add(row * GRID + column);
        }
      }
    }
  }
}
