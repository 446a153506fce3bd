// Elements without a framework: h("button", {class: "primary", onclick: go}, "Spin").

/** An element with its attributes, listeners (on…) and children; false, null and undefined children are skipped. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** Our own drawing as an element that assistive technology skips; `markup` is never anything but a file of ours. */
export function picture(markup, className = "") {
  const holder = h("span", { class: `picture ${className}`.trim(), "aria-hidden": "true" });
  holder.innerHTML = markup;
  return holder;
}
