// Reviewing by keyboard inside `[data-review]`: j and k go to the next and the previous piece (`[data-piece]`),
// 1 2 3 choose its level (the first, second and third radio), / goes to the reason, ? shows the keys. The piece is the
// one that has the focus or was acted on last; it is marked (`data-at`) and comes into view when it is rated, so that
// nobody rates another one unseen. Where text is typed the keys are letters; Escape leaves it.
const TYPED = /^(?!radio$|checkbox$|button$|submit$)/;

const isTyping = (part) => /^(TEXTAREA|SELECT)$/.test(part.tagName) || (part.tagName === "INPUT" && TYPED.test(part.type));

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
  const stand = (next) => {
    at = next;
    pieces.forEach((piece, number) => piece.toggleAttribute("data-at", number === at));
  };
  const follow = (event) => {
    const next = pieces.indexOf(event.target.closest("[data-piece]"));
    if (next >= 0) stand(next);
  };
  // Some browsers give no focus to what is pressed.
  for (const event of ["focusin", "pointerdown", "change"]) place.addEventListener(event, follow);
  if (pieces.length) stand(0);

  const show = (next) => {
    stand(Math.max(0, Math.min(pieces.length - 1, next)));
    pieces[at].scrollIntoView({ block: "start" });
    pieces[at].focus({ preventScroll: true });
  };
  /** Whether `part` stands wholly in the window and above the bar at its foot. */
  const isInView = (part) => {
    const { top, bottom } = part.getBoundingClientRect();
    const foot = place.querySelector(".bar")?.getBoundingClientRect().top ?? window.innerHeight;
    return top >= 0 && bottom <= Math.min(foot, window.innerHeight);
  };
  const choose = (number) => {
    const radio = pieces[at]?.querySelectorAll("input[type=radio]")[number];
    if (!radio) return;
    radio.checked = true;
    for (const event of ["input", "change"]) radio.dispatchEvent(new Event(event, { bubbles: true }));
    if (!isInView(radio)) pieces[at].scrollIntoView({ block: "start" });
    // On a narrow screen the levels stand below what is judged.
    if (!isInView(radio)) radio.scrollIntoView({ block: "nearest" });
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
    if (isTyping(event.target)) return;
    const act = keys[event.key];
    if (act && pieces.length) {
      event.preventDefault();
      act();
    }
  });
}
