// The wheel's widget: spins at once, lands where the server said, and shows the same without motion to those who ask.

import "./wheel.css";

import { drawWheel } from "./draw.js";
import { Rotor } from "./rotor.js";
import texts from "./texts.json";

function mount(root, context) {
  const { sectors } = context.campaign.view;
  const lines = new Map(context.campaign.pools.flatMap((pool) => pool.lines).map((line) => [line.key, line]));
  const wheel = document.createElement("div");
  wheel.className = "wheel";
  wheel.setAttribute("role", "img");
  root.append(wheel);
  let rotor;

  function draw(locale) {
    const turned = rotor?.degrees ?? 0;
    const names = sectors.map((key) => context.lineName(lines.get(key), locale));
    const pictures = sectors.map((key) => context.linePicture(lines.get(key)));
    wheel.setAttribute("aria-label", texts[locale].label.replace("{names}", [...new Set(names)].join(texts[locale].comma)));
    wheel.replaceChildren(...drawWheel({ names, pictures, emblem: context.emblem }));
    rotor = new Rotor(wheel.querySelector(".wheel-rotor"), { count: sectors.length, still: context.reducedMotion, degrees: turned });
  }
  draw(context.locale);

  const mark = (sector) => {
    wheel.querySelectorAll(".sector").forEach((part, index) => part.classList.toggle("chosen", index === sector));
    wheel.classList.toggle("landed", sector !== null);
  };

  return {
    start() {
      mark(null);
      wheel.classList.add("spinning");
      delete wheel.dataset.sector;
      rotor.start();
    },
    async land({ sector }) {
      await rotor.land(sector);
      wheel.classList.remove("spinning");
      wheel.dataset.sector = sector;
      mark(sector);
      await rotor.rest();
    },
    async fail() {
      await rotor.halt();
      wheel.classList.remove("spinning");
    },
    setLocale(locale) {
      if (!wheel.classList.contains("spinning")) draw(locale);
    },
  };
}

export default { texts, mount };
