// Drafts are saved on the server while somebody types: a form with `data-draft="/address"`, or a part of one, is posted
// there at most every five seconds; `.save-state` in it says how it stands, `data-keep` is the word on the button that
// saves, and `data-changed` stands on it while something is not saved. The answer may carry a new `version`, so one
// saving waits for the one before it, and handing in waits for both: otherwise slow lines make conflicts.
const PAUSE = 5000;
const LONGEST = 60000;
const PATIENCE = 30000;

function draft(part) {
  const form = part.closest("form") || part.querySelector("textarea").form;
  const state = part.querySelector(".save-state");
  const version = part.querySelector("[data-version]");
  let changed = false;
  // How often something was typed, and whether somebody has to look first: then nothing is sent any more.
  let edits = 0;
  let stuck = false;
  let timer = 0;
  let wait = PAUSE;
  let saving = null;

  /** What is sent: the whole form, or what stands in the part of it. */
  const fields = () => {
    if (part === form) return new URLSearchParams(new FormData(form));
    const own = part.querySelectorAll("input[name], textarea[name]");
    return new URLSearchParams([...form.querySelectorAll("input[type=hidden]"), ...own].map((one) => [one.name, one.value]));
  };
  const change = (to) => {
    changed = to;
    part.toggleAttribute("data-changed", to);
  };
  const say = (text) => {
    if (state) state.textContent = text;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  function save() {
    if (saving) {
      later();
    } else if (changed && !stuck) {
      saving = send().finally(() => {
        saving = null;
      });
    }
  }

  async function send() {
    const sent = edits;
    say("正在保存……");
    const patience = new AbortController();
    const giveUp = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch(part.dataset.draft, {
        method: "POST",
        body: fields(),
        headers: { accept: "application/json" },
        signal: patience.signal,
      });
      if (answer.redirected) {
        say("登录已过期，尚未保存。请在新窗口登录，再回到这里继续填写。");
        return;
      }
      if (answer.status === 409) {
        stuck = true;
        say(`这份草稿已在别处修改，请按“${part.dataset.keep || "保存"}”核对，您输入的不会丢失。`);
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const said = answer.status === 204 ? {} : await answer.json();
      if (version && said.version !== undefined) version.value = said.version;
      wait = PAUSE;
      if (edits === sent) change(false);
      const now = new Date();
      say(`已保存 ${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`);
    } catch {
      wait = Math.min(wait * 2, LONGEST);
      say("网络不通，尚未保存，稍后自动重试。");
      later();
    } finally {
      clearTimeout(giveUp);
    }
  }

  part.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    edits += 1;
    change(true);
    later();
  });
  form.addEventListener("submit", (event) => {
    if (saving) {
      event.preventDefault();
      // Older browsers are told by the button itself, which may lead elsewhere than the form.
      const by = event.submitter || document.activeElement;
      const again = () => (by.form === form && by.type === "submit" ? by.click() : form.submit());
      const handIn = () => (form.requestSubmit ? form.requestSubmit(event.submitter) : again());
      saving.then(handIn);
      return;
    }
    change(false);
    clearTimeout(timer);
  });
  window.addEventListener("online", save);
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

export function drafts() {
  document.querySelectorAll("[data-draft]").forEach(draft);
}
