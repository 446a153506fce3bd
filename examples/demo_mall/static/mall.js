// What a mall may do with the element's events. Here they are only listed; a real mall would refresh its points.
const KINDS = ["ready", "play-started", "outcome", "claim-needed", "claim-done", "no-chance", "error", "enter", "closed"];
const LINES_MAX = 30;
const list = document.getElementById("events");

for (const kind of KINDS) {
  document.addEventListener(`windfall:${kind}`, (event) => {
    const item = document.createElement("li");
    item.textContent = `${kind} ${JSON.stringify(event.detail)}`;
    list.prepend(item);
    while (list.children.length > LINES_MAX) list.lastChild.remove();
  });
}
