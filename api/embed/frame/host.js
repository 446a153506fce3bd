// The mall's page around the frame: one exact origin, one window, checked messages.

import { FROM_PAGE, pack, unpack } from "../element/messages.js";

export class Host {
  /** `origin` is believed only when the mall allows it; without a page around us every message is dropped. */
  constructor({ origin, allowed }) {
    this.framed = window.parent !== window;
    this.origin = this.framed && allowed.includes(origin) ? origin : null;
  }

  tell(type, facts) {
    if (this.origin) window.parent.postMessage(pack(type, facts), this.origin);
  }

  /** Calls listeners[type](facts) for each message of the page. */
  listen(listeners) {
    window.addEventListener("message", (event) => {
      if (!this.origin || event.origin !== this.origin || event.source !== window.parent) return;
      const message = unpack(event.data, FROM_PAGE);
      if (message) listeners[message.type]?.(message);
    });
  }

  /** Tells the page how tall the content is whenever that changes. */
  followHeight(element) {
    let last = 0;
    new ResizeObserver(() => {
      const height = Math.ceil(element.getBoundingClientRect().height);
      if (height === last || height === 0) return;
      last = height;
      this.tell("resize", { height });
    }).observe(element);
  }
}
