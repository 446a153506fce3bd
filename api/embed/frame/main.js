// The frame's start: who asks (the fragment), in which language, for which campaign.

import "./styles/tokens.css";
import "./styles/shell.css";
import "./styles/sheets.css";

import { Api } from "./api.js";
import { App } from "./app.js";
import { Buyer } from "./buyer.js";
import { Host } from "./host.js";
import { Inviter } from "./inviter.js";
import * as memory from "./memory.js";
import { Player } from "./play.js";
import { chooseLocale, Texts } from "./texts.js";

const config = JSON.parse(document.getElementById("config").textContent);
const asked = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname);

const root = document.getElementById("windfall");
const host = new Host({ origin: asked.get("origin"), allowed: config.origins });
const locale = () => chooseLocale(asked.get("locale"), ...navigator.languages);
const api = new Api({ campaign: config.campaign, locale: locale(), memory, framed: host.framed });
const player = new Player({ api, campaign: config.campaign, memory, onSlow: () => {} });
const buyer = new Buyer({ api, campaign: config.campaign, memory });
const inviter = new Inviter({ api, campaign: config.campaign, memory, host });

function speak(tag) {
  const texts = new Texts(tag);
  document.documentElement.lang = texts.tag;
  return texts;
}

document.documentElement.classList.toggle("framed", host.framed);
const app = new App({ root, texts: speak(locale()), api, player, buyer, inviter, host, widgets: config.widgets, memory });
api.setLaunchToken(asked.get("token"));
host.listen({
  token: ({ token }) => app.setToken(token),
  locale: (message) => app.setTexts(speak(chooseLocale(message.locale, ...navigator.languages))),
  pause: ({ paused }) => app.setHeld(paused),
  refresh: () => app.refresh(),
  checked: () => app.checked(),
  invitation: ({ code }) => app.invited(code),
  "invite-link": ({ url }) => inviter.hear(url),
});
host.followHeight(root);
addEventListener("online", () => app.reconnected());
document.addEventListener("visibilitychange", () => app.refresh());
app.open();
