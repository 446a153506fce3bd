// One burst of confetti in the skin's colours, on a win, and never for those who asked for less motion.

export async function celebrate() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const { default: confetti } = await import("canvas-confetti");
  const style = getComputedStyle(document.documentElement);
  const colors = ["--win", "--primary", "--sector-1", "--sector-2"].map((name) => style.getPropertyValue(name).trim());
  const canvas = document.createElement("canvas");
  canvas.className = "confetti";
  canvas.setAttribute("aria-hidden", "true");
  (document.querySelector("dialog[open]") ?? document.body).append(canvas);
  const burst = confetti.create(canvas, { resize: true, useWorker: false, disableForReducedMotion: true });
  await burst({ particleCount: 90, spread: 80, startVelocity: 42, ticks: 140, origin: { y: 0.75 }, colors, shapes: ["square", "circle"] });
  canvas.remove();
}
