// The wheel's widget: runs at once, stops where the server said, and shows the same without motion to those who ask. It has two
// faces, the wheel itself and the nine-grid; what is shown on which sector is the same for both.

import { Grid } from "./grid.js";
import texts from "./texts.json";
import { Wheel } from "./wheel.js";

const TIER = "main";
const FACES = { wheel: Wheel, grid: Grid };

function mount(root, context) {
  const { pools, view } = context.campaign;
  const lines = new Map(pools.flatMap((pool) => pool.lines).map((line) => [line.key, line]));
  const ofTier = pools.filter(({ tier }) => tier === TIER);
  const face = new FACES[view.face](root, { emblem: context.emblem, still: context.reducedMotion });
  let { locale } = context;
  let pool;
  let shown = [];
  let landedOn = null;

  function draw() {
    const keys = shown.map((sector) => view.sectors[sector]);
    const names = keys.map((key) => context.lineName(lines.get(key), locale));
    const pictures = keys.map((key) => context.linePicture(lines.get(key)));
    const words = texts[locale];
    face.label(words[view.face].replace("{names}", [...new Set(names)].join(words.comma)));
    face.draw({ names, pictures, hub: words.hub });
    mark(landedOn);
  }

  /** Shows what may be won from a pool: the sectors of its lines, by their places in the campaign's wheel. */
  function show(drawnFrom) {
    pool = drawnFrom;
    shown = face.places(sectorsOf(pool, view.sectors));
    draw();
  }

  function mark(sector) {
    landedOn = sector;
    face.mark(sector === null ? null : shown.indexOf(sector));
  }

  show(poolOf(context.pools));
  return {
    start() {
      mark(null);
      face.start();
      delete face.element.dataset.sector;
    },
    async land({ sector }) {
      // The member may have come to another pool since the wheel was drawn: it lands on what they won all the same.
      if (!shown.includes(sector)) show(ofTier.find((other) => has(other, view.sectors[sector])));
      await face.land(shown.indexOf(sector));
      face.element.dataset.sector = sector;
      mark(sector);
      await face.rest();
    },
    fail: () => face.fail(),
    setLocale(tag) {
      locale = tag;
      draw();
    },
    setPools(own) {
      if (poolOf(own).key === pool.key) return;
      landedOn = null;
      delete face.element.dataset.sector;
      face.reset();
      show(poolOf(own));
    },
  };
}

const poolOf = (pools) => pools.find(({ tier }) => tier === TIER);
const has = ({ lines }, line) => lines.some(({ key }) => key === line);
const sectorsOf = (pool, sectors) => [...sectors.keys()].filter((sector) => has(pool, sectors[sector]));

export default { texts, mount };
