// The wheel as SVG, in units of a 400 × 400 board around its middle; colours are the skin's tokens.

const NS = "http://www.w3.org/2000/svg";
const RADIUS = 170;
const BULBS = 24;
const ROUND_TEXT_MAX = 12; // more sectors than this and names run along the radius
const PICTURES_MAX = 16;
const RADIAL_ROOM = 97; // from the pointer's tip to where a sector grows thinner than its letters
const PARTS = /[\u2e80-\uffef][^\s\u2e80-\uffef]*|[^\s\u2e80-\uffef]+\s*|\s+/g; // a figure stays with the sign before it: 减5

/** All of it but the sectors, which are put into the rotor. */
export function drawWheel({ emblem }) {
  return [board("wheel-rim", rim()), board("wheel-rotor", []), board("wheel-top", [...hub(emblem), pointer()])];
}

export function drawSectors({ names, pictures }) {
  return names.map((name, index) => sector({ name, markup: pictures[index], index, count: names.length }));
}

function board(className, children) {
  const svg = make("svg", { viewBox: "-200 -200 400 400", class: className, "aria-hidden": "true" });
  svg.append(...children);
  return svg;
}

function rim() {
  const bulbs = Array.from({ length: BULBS }, (_, index) => {
    const [x, y] = polar(184, (index + 0.5) * (360 / BULBS));
    return make("circle", { cx: x, cy: y, r: 5, class: index % 2 ? "bulb odd" : "bulb" });
  });
  return [
    make("circle", { r: 199, fill: "var(--rim-edge)" }),
    make("circle", { r: 195, fill: "var(--rim)" }),
    ...bulbs,
    make("circle", { r: RADIUS + 3, fill: "var(--rim-edge)" }),
  ];
}

function sector({ name, markup, index, count }) {
  const width = 360 / count;
  const group = make("g", { class: `sector tone-${tone(index, count)}`, transform: `rotate(${index * width})` });
  group.append(make("path", { d: wedge(width) }), label(name, width), ...drawing(markup, count));
  return group;
}

/** Two colours in turn; an odd count gives its last sector a third, so that no neighbours look the same. */
function tone(index, count) {
  return count % 2 && index === count - 1 ? 3 : (index % 2) + 1;
}

function wedge(width) {
  const [x0, y0] = polar(RADIUS, -width / 2);
  const [x1, y1] = polar(RADIUS, width / 2);
  return `M0 0L${x0} ${y0}A${RADIUS} ${RADIUS} 0 ${width > 180 ? 1 : 0} 1 ${x1} ${y1}z`;
}

function label(name, width) {
  const count = 360 / width;
  return count > ROUND_TEXT_MAX ? radialLabel(name, count) : roundLabel(name, count);
}

function roundLabel(name, count) {
  const size = count > 10 ? 12.5 : count > 8 ? 15 : 18;
  const room = (radius) => (2 * radius * Math.tan(Math.PI / Math.max(count, 5)) * 0.86) / size;
  const lines = wrap(name, [room(RADIUS - 34), room(RADIUS - 54)]);
  const text = make("text", { "text-anchor": "middle", "font-size": size, class: "sector-name" });
  const first = -RADIUS + 15 + size + (lines.length === 1 ? size * 0.55 : 0);
  lines.forEach((words, row) => text.append(made("tspan", words, { x: 0, y: first + row * size * 1.14 })));
  return text;
}

function radialLabel(name, count) {
  const size = count > 18 ? 13 : 15;
  const [words] = wrap(name, [RADIAL_ROOM / size]);
  const text = made("text", words, { "font-size": size, class: "sector-name", "text-anchor": "end", transform: "rotate(-90)" });
  text.setAttribute("x", RADIUS - 17);
  text.setAttribute("y", size * 0.36);
  return text;
}

function drawing(markup, count) {
  if (count > PICTURES_MAX || !markup) return [];
  const small = count > ROUND_TEXT_MAX;
  const size = small ? 24 : count > 8 ? 38 : 50;
  const holder = make("svg", { x: -size / 2, y: small ? -78 : -RADIUS + 66, width: size, height: size, viewBox: "0 0 48 48" });
  holder.innerHTML = markup.replace(/^<svg[^>]*>|<\/svg>\s*$/g, "");
  return [holder];
}

function hub(emblem) {
  const mark = make("svg", { x: -24, y: -24, width: 48, height: 48, viewBox: "-30 -30 60 60" });
  mark.innerHTML = emblem.replace(/^<svg[^>]*>|<\/svg>\s*$/g, "");
  return [
    make("circle", { r: 41, cy: 3, fill: "var(--shade)" }),
    make("circle", { r: 40, fill: "var(--rim)" }),
    make("circle", { r: 34, fill: "var(--hub)" }),
    mark,
  ];
}

function pointer() {
  const group = make("g", { class: "wheel-pointer" });
  group.append(
    make("path", { d: "M-17-192a17 17 0 0 1 34 0c0 11-9 19-17 36-8-17-17-25-17-36z", fill: "var(--pointer)", stroke: "var(--rim-edge)", "stroke-width": 3 }),
    make("circle", { cy: -191, r: 6, fill: "var(--rim)" }),
  );
  return group;
}

/** A name in as many lines as there are `rooms`, each so many ems; Chinese breaks between signs, other words between words. */
function wrap(name, rooms) {
  const parts = name.match(PARTS) ?? [name];
  const lines = [""];
  for (const part of parts) {
    const now = lines.at(-1);
    const room = rooms[Math.min(lines.length, rooms.length) - 1];
    if (now && ems(now + part.trimEnd()) > room) lines.push(part);
    else lines[lines.length - 1] = now + part;
  }
  const full = lines.map((line) => line.trim());
  if (lines.length > rooms.length) return [...full.slice(0, rooms.length - 1), cut(full[rooms.length - 1], rooms.at(-1))];
  return lines.length === 2 ? balance(parts, rooms, full) : full;
}

/** Two lines of nearly one length read better than a full one and a lone character. */
function balance(parts, rooms, full) {
  const halves = parts.slice(1).map((_, index) => [parts.slice(0, index + 1), parts.slice(index + 1)].map((half) => half.join("").trim()));
  const fitting = halves.filter((pair) => pair.every((line, row) => ems(line) <= rooms[row]));
  const width = (pair) => Math.max(...pair.map(ems));
  return fitting.reduce((best, pair) => (width(pair) < width(best) ? pair : best), full);
}

function cut(line, room) {
  let kept = line;
  while (kept.length > 1 && ems(`${kept}…`) > room) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

function ems(words) {
  return [...words].reduce((sum, sign) => sum + (/[\u2e80-\uffef]/.test(sign) ? 1 : /[A-Z0-9¥%]/.test(sign) ? 0.64 : 0.53), 0);
}

function polar(radius, degrees) {
  const angle = (degrees * Math.PI) / 180;
  return [round(radius * Math.sin(angle)), round(-radius * Math.cos(angle))];
}

const round = (n) => Math.round(n * 100) / 100;

function make(tag, attributes = {}) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function made(tag, words, attributes) {
  const element = make(tag, attributes);
  element.textContent = words;
  return element;
}
