// The wheel's widget: spins at once, lands where the server said, and shows the same without motion to those who ask.

import "./wheel.css";

import { drawSectors, drawWheel } from "./draw.js";
import { Rotor } from "./rotor.js";
import texts from "./texts.json";

const TIER = "main";

function mount(root, context) {
  const { pools, view } = context.campaign;
  const lines = new Map(pools.flatMap((pool) => pool.lines).map((line) => [line.key, line]));
  const ofTier = pools.filter(({ tier }) => tier === TIER);
  const wheel = document.createElement("div");
  wheel.className = "wheel";
  wheel.setAttribute("role", "img");
  root.append(wheel);
  wheel.append(...drawWheel({ emblem: context.emblem }));
  const rotor = new Rotor(wheel.querySelector(".wheel-rotor"), { still: context.reducedMotion });
  let { locale } = context;
  let pool;
  let shown = [];
  let landedOn = null;

  function draw() {
    const keys = shown.map((sector) => view.sectors[sector]);
    const names = keys.map((key) => context.lineName(lines.get(key), locale));
    const pictures = keys.map((key) => context.linePicture(lines.get(key)));
    wheel.setAttribute("aria-label", texts[locale].label.replace("{names}", [...new Set(names)].join(texts[locale].comma)));
    rotor.carry(drawSectors({ names, pictures }));
    mark(landedOn);
  }

  /** Shows what may be won from a pool: the sectors of its lines, by their places in the campaign's wheel. */
  function show(drawnFrom) {
    pool = drawnFrom;
    shown = sectorsOf(pool, view.sectors);
    draw();
  }

  function mark(sector) {
    landedOn = sector;
    wheel.querySelectorAll(".sector").forEach((part, index) => part.classList.toggle("chosen", sector !== null && index === shown.indexOf(sector)));
    wheel.classList.toggle("landed", sector !== null);
  }

  show(poolOf(context.pools));
  return {
    start() {
      mark(null);
      wheel.classList.add("spinning");
      delete wheel.dataset.sector;
      rotor.start();
    },
    async land({ sector }) {
      // The member may have come to another pool since the wheel was drawn: it lands on what they won all the same.
      if (!shown.includes(sector)) show(ofTier.find((other) => has(other, view.sectors[sector])));
      await rotor.land(shown.indexOf(sector));
      wheel.classList.remove("spinning");
      wheel.dataset.sector = sector;
      mark(sector);
      await rotor.rest();
    },
    async fail() {
      await rotor.halt();
      wheel.classList.remove("spinning");
    },
    setLocale(tag) {
      locale = tag;
      draw();
    },
    setPools(own) {
      if (poolOf(own).key === pool.key) return;
      landedOn = null;
      delete wheel.dataset.sector;
      rotor.reset();
      show(poolOf(own));
    },
  };
}

const poolOf = (pools) => pools.find(({ tier }) => tier === TIER);
const has = ({ lines }, line) => lines.some(({ key }) => key === line);

/** Twice where it is but one, so that there is something to turn. */
function sectorsOf(pool, sectors) {
  const own = [...sectors.keys()].filter((sector) => has(pool, sectors[sector]));
  return own.length > 1 ? own : [...own, ...own];
}

export default { texts, mount };
