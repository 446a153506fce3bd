// A QR code as a drawing, for a phone held beside this screen.

import { encode } from "uqr";

const QUIET_MODULES = 4;
const SVG = "http://www.w3.org/2000/svg";

/** The code as an SVG element that names itself `label`. */
export function qrCode(content, label) {
  const { data, size } = encode(content, { ecc: "M", border: QUIET_MODULES });
  const dark = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const facts = { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  for (const [name, value] of Object.entries(facts)) svg.setAttribute(name, value);
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  return svg;
}
