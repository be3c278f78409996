// Reviewing by keyboard inside `[data-review]`: j and k go to the next and the previous piece (`[data-piece]`),
// 1 2 3 choose its level (the first, second and third radio), / goes to the reason, ? shows the keys.

// Level and criteria go together: choosing 优秀 ticks all, 合格 those of 合格; ticking chooses the level.
function together(piece) {
  const boxes = [...piece.querySelectorAll("input[type=checkbox][data-level]")];
  const radios = [...piece.querySelectorAll("input[type=radio]")];
  if (!boxes.length) return;
  const all = (level) => boxes.filter((box) => box.dataset.level === level).every((box) => box.checked);
  piece.addEventListener("change", (event) => {
    if (event.target.type === "radio") {
      const { value } = event.target;
      if (value === "excellent") boxes.forEach((box) => (box.checked = true));
      if (value === "pass") boxes.forEach((box) => (box.checked = box.dataset.level === "pass"));
      if (value === "fail" && all("pass")) boxes.forEach((box) => (box.checked = false));
    } else if (event.target.type === "checkbox") {
      const level = !all("pass") ? "fail" : all("excellent") ? "excellent" : "pass";
      radios.forEach((radio) => (radio.checked = radio.value === level));
    }
  });
}

export function reviewing() {
  const place = document.querySelector("[data-review]");
  if (!place) return;
  const pieces = [...place.querySelectorAll("[data-piece]")];
  pieces.forEach(together);
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
      for (const event of ["input", "change"]) radio.dispatchEvent(new Event(event, { bubbles: true }));
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
