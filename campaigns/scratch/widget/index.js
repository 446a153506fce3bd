// The scratch card's widget: a card of nine pictures under a coat. The outcome is asked for with the first scratch, and is under the
// coat by the time it is through.

import "./card.css";

import bell from "./charms/bell.svg";
import clover from "./charms/clover.svg";
import leaf from "./charms/leaf.svg";
import moon from "./charms/moon.svg";
import star from "./charms/star.svg";
import { Coat } from "./coat.js";
import texts from "./texts.json";

const CHARMS = { "*bell": bell, "*clover": clover, "*leaf": leaf, "*moon": moon, "*star": star };
const CELLS = 9;
const REST_MS = 650;

function mount(root, context) {
  const { pools, view } = context.campaign;
  const lines = new Map(pools.flatMap((pool) => pool.lines).map((line) => [line.key, line]));
  let { locale, pools: own } = context;
  let card = null; // what is being scratched: {ordinal, outcome(), done()}
  let shown = null; // what lies open: {cells, alike}
  let opening = null;

  const element = make("div", "card");
  element.setAttribute("role", "img");
  const rule = make("p", "card-rule");
  const board = make("div", "card-board");
  const cells = Array.from({ length: CELLS }, () => make("div", "card-cell"));
  const coat = new Coat({ words: () => texts[locale].coat, still: context.reducedMotion, onTouch: look, onThrough: open });
  board.setAttribute("aria-hidden", "true");
  board.append(...cells, coat.element);
  element.append(rule, board);
  // What began as scratching never ends as a tap that takes the next card.
  let isScratching = false;
  element.addEventListener("pointerdown", () => (isScratching = card !== null));
  element.addEventListener("click", (event) => isScratching && event.stopPropagation());
  root.append(element);

  const nameOf = (symbol) => (symbol in CHARMS ? texts[locale].charms[symbol.slice(1)] : context.lineName(lines.get(symbol), locale));
  const mayWin = () => view.symbols.filter((symbol) => own.some((pool) => pool.lines.some(({ key }) => key === symbol)));

  function label() {
    const words = texts[locale];
    rule.textContent = words.rule;
    const [path, names] = shown ? ["open", shown.cells] : card ? ["covered", []] : ["idle", mayWin()];
    element.setAttribute("aria-label", words[path].replace("{n}", card?.ordinal).replace("{names}", names.map(nameOf).join(words.comma)));
  }

  function fill() {
    cells.forEach((cell, place) => {
      const symbol = shown?.cells[place];
      cell.innerHTML = symbol === undefined ? "" : (CHARMS[symbol] ?? context.linePicture(lines.get(symbol)));
      cell.classList.toggle("alike", Boolean(shown?.alike) && symbol === shown.alike && !card);
    });
    element.classList.toggle("open", Boolean(shown) && !card);
    element.classList.toggle("unknown", Boolean(card) && !shown);
    label();
  }

  /** The first touch: what is under the coat is asked for, and shown as it comes. */
  async function look() {
    const mine = card;
    if (!mine || shown) return;
    const reveal = await mine.outcome();
    if (card !== mine || !reveal) return;
    shown = reveal;
    fill();
  }

  /** Enough of the coat is off, or somebody wants it all off at once. */
  async function open() {
    const mine = card;
    if (!mine || opening === mine) return;
    opening = mine;
    await look();
    if (!shown) {
      opening = null;
      coat.mend();
      return;
    }
    await coat.clear();
    card = null;
    opening = null;
    fill();
    await new Promise((rested) => setTimeout(rested, REST_MS));
    mine.done();
  }

  fill();
  return {
    start() {
      shown = null;
      element.classList.add("dealing");
      coat.close();
      fill();
    },
    async fail() {
      element.classList.remove("dealing");
    },
    /** A card lies here: scratched, it asks for its `outcome()`, and says when the member has seen it. */
    cover(next) {
      element.classList.remove("dealing");
      card = next;
      shown = null;
      coat.close({ isLive: true });
      fill();
    },
    uncover: open,
    async land(reveal) {
      card = null;
      shown = reveal;
      element.classList.remove("dealing");
      await coat.clear();
      fill();
    },
    setLocale(tag) {
      locale = tag;
      coat.repaint();
      label();
    },
    setPools(now) {
      own = now;
      label();
    },
  };
}

/** What a member should know of how it is played. */
function rules(view, locale) {
  return texts[locale].rules.map((words) => words.replace("{days}", view.waits_days));
}

function make(tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

export default { texts, rules, mount };
