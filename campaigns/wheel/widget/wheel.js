// The wheel: sectors around a hub, under a pointer.

import "./wheel.css";

import { drawSectors, drawWheel } from "./draw.js";
import { Rotor } from "./rotor.js";

export class Wheel {
  constructor(root, { emblem, still }) {
    this.element = document.createElement("div");
    this.element.className = "wheel";
    this.element.setAttribute("role", "img");
    root.append(this.element);
    this.element.append(...drawWheel({ emblem }));
    this.rotor = new Rotor(this.element.querySelector(".wheel-rotor"), { still });
  }

  /** Twice where it is but one, so that there is something to turn. */
  places(own) {
    return own.length > 1 ? own : [...own, ...own];
  }

  label(words) {
    this.element.setAttribute("aria-label", words);
  }

  draw({ names, pictures }) {
    this.rotor.carry(drawSectors({ names, pictures }));
  }

  mark(place) {
    this.element.querySelectorAll(".sector").forEach((part, index) => part.classList.toggle("chosen", index === place));
    this.element.classList.toggle("landed", place !== null);
  }

  start() {
    this.element.classList.add("spinning");
    this.rotor.start();
  }

  async land(place) {
    await this.rotor.land(place);
    this.element.classList.remove("spinning");
  }

  async fail() {
    await this.rotor.halt();
    this.element.classList.remove("spinning");
  }

  rest() {
    return this.rotor.rest();
  }

  reset() {
    this.rotor.reset();
  }
}
