// What a mall may do with the element's events. Here they are only listed; a real mall would refresh its points.
const KINDS = ["ready", "play-started", "outcome", "claim-needed", "claim-done", "challenge-needed", "no-chance", "error", "enter", "invite", "closed"];
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

// A task the member finished: the mall's server reports it, and the game looks how many chances there are now.
const tasks = document.querySelector(".tasks ul");

tasks?.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  button.disabled = true;
  const told = document.getElementById("task-told");
  try {
    const asked = new URLSearchParams({ member: tasks.dataset.member, task: button.dataset.task });
    const answer = await fetch(`/tasks?${asked}`, { method: "POST" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { granted, is_new: isNew } = await answer.json();
    told.textContent = granted && isNew ? tasks.dataset.got.replace("{n}", granted) : tasks.dataset.none;
    document.querySelector("windfall-campaign").refresh();
  } catch {
    told.textContent = tasks.dataset.failed;
  }
  button.disabled = false;
});

// The game asks for a check of the member: this mall's is a press of a button, which its server passes on.
const check = document.getElementById("check");
let challenge = null;

document.addEventListener("windfall:challenge-needed", (event) => {
  challenge = event.detail.challenge;
  check.hidden = false;
  check.querySelector("button").focus();
});

check.querySelector("button").addEventListener("click", async () => {
  const answer = await fetch(`/checks?${new URLSearchParams({ challenge })}`, { method: "POST" });
  if (!answer.ok) return;
  check.hidden = true;
  document.querySelector("windfall-campaign").checked();
});
