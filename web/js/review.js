// Reviewing by keyboard inside `[data-review]`: j and k go to the next and the previous piece (`[data-piece]`),
// 1 2 3 choose its level (the first, second and third radio), / goes to the reason, ? shows the keys.
export function reviewing() {
  const place = document.querySelector("[data-review]");
  if (!place) return;
  const pieces = [...place.querySelectorAll("[data-piece]")];
  let at = 0;

  const show = (next) => {
    at = Math.max(0, Math.min(pieces.length - 1, next));
    pieces[at].scrollIntoView({ block: "start" });
    pieces[at].focus();
  };
  const choose = (number) => {
    const radio = pieces[at]?.querySelectorAll("input[type=radio]")[number];
    if (radio) {
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
    }
  };
  const keys = {
    j: () => show(at + 1),
    k: () => show(at - 1),
    1: () => choose(0),
    2: () => choose(1),
    3: () => choose(2),
    "/": () => pieces[at]?.querySelector("textarea")?.focus(),
    "?": () => {
      const help = place.querySelector("details.help");
      if (help) help.open = !help.open;
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") document.activeElement?.blur();
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "radio") return;
    const act = keys[event.key];
    if (act && pieces.length) {
      event.preventDefault();
      act();
    }
  });
}
