// Enhancement only: every page works without this file.
import "htmx.org";
import { drafts } from "./draft.js";
import { reviewing } from "./review.js";

/** A form is sent once: its button rests until the page changes. */
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      form.dataset.sent = "1";
      // Later than the submission itself, so that the button's own value is sent.
      setTimeout(() => form.querySelectorAll("button[type=submit], button:not([type])").forEach((b) => (b.disabled = true)));
    }
  });
  // A page shown again from the browser's memory may be sent again: its key makes that harmless.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((b) => (b.disabled = false));
    });
  });
}

/** Menus made of <details> close when something else is chosen. */
function closeMenus() {
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.who[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
}

/** Buttons that print; without scripts the browser's own menu does. */
function printing() {
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
}

/**
 * A form shown again with its mistakes is the answer to a POST and kept nowhere: the button "back" would find the
 * browser's own error there. The page that the form was on takes its place in the history.
 */
function comeBack() {
  const [visit] = performance.getEntriesByType("navigation");
  const before = document.referrer;
  if (![409, 422].includes(visit?.responseStatus) || !before.startsWith(`${location.origin}/`)) return;
  // Forms that are sent to the address of their page still are.
  document.querySelectorAll("form[method=post]:not([action])").forEach((form) => (form.action = location.href));
  history.replaceState(null, "", before);
}

sendOnce();
comeBack();
closeMenus();
printing();
drafts();
reviewing();
const wrong = document.querySelector(".summary") ?? document.querySelector("[aria-invalid=true], .error[tabindex]");
if (wrong) wrong.focus();
