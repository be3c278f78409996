// Drafts are saved on the server while somebody types: `<form data-draft="/address">` is posted there at most
// every five seconds; `.save-state` in the form says how it stands. The answer may carry a new `version`.
const PAUSE = 5000;
const LONGEST = 60000;

function draft(form) {
  const state = form.querySelector(".save-state");
  let changed = false;
  let timer = 0;
  let wait = PAUSE;

  const say = (text) => {
    if (state) state.textContent = text;
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  async function save() {
    if (!changed) return;
    changed = false;
    say("正在保存……");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { accept: "application/json" },
      });
      if (answer.status === 409) {
        say("这份草稿已在别处修改，请刷新页面后继续。");
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const said = answer.status === 204 ? {} : await answer.json();
      const version = form.querySelector("input[name=version]");
      if (version && said.version !== undefined) version.value = said.version;
      wait = PAUSE;
      const now = new Date();
      say(`已保存 ${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`);
    } catch {
      changed = true;
      wait = Math.min(wait * 2, LONGEST);
      say("网络不通，尚未保存，稍后自动重试。");
      later();
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    changed = true;
    later();
  });
  form.addEventListener("submit", () => {
    changed = false;
    clearTimeout(timer);
  });
  window.addEventListener("online", save);
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

export function drafts() {
  document.querySelectorAll("form[data-draft]").forEach(draft);
}
