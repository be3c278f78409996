// Resumable uploads for `<input type="file" data-tus="/address" data-…>`: each further `data-meta-name` is sent as
// metadata, `data-most` are the megabytes a file may have. Without this file the input's form sends the file
// itself, by the button beside it in `[data-upload]`.
import { send } from "./tus.js";

/**
 * Whether a file is of a kind that `accept` names: the server refuses others, but only once they have arrived. Of
 * what the browser has no name for, the server decides.
 */
const fits = (file, accept) =>
  !accept ||
  accept.split(",").some((part) => {
    const kind = part.trim().toLowerCase();
    if (kind.startsWith(".")) return file.name.toLowerCase().endsWith(kind);
    if (!file.type) return true;
    return kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind;
  });

function resumable(input) {
  const form = input.form;
  const state = document.createElement("div");
  state.className = "progress";
  state.setAttribute("role", "status");
  input.after(state);
  // What is chosen goes up at once: the form's own button is for where that fails.
  const around = input.closest("[data-upload]") || form;
  const buttons = around ? [...around.querySelectorAll("button")] : [];
  const offer = (own) => buttons.forEach((button) => (button.hidden = !own));
  offer(false);
  state.textContent = "选好文件即开始上传";

  // One after the other: a page loaded anew after the first would break off the others.
  input.addEventListener("change", async () => {
    const files = [...input.files];
    for (const file of files) {
      if (!(await shown(file))) return;
    }
    if (!files.length) return;
    // What was typed in the meantime is saved on the way.
    if (form && form.requestSubmit && document.querySelector("[data-changed]")) form.requestSubmit();
    else location.reload();
  });

  // Sends a file and shows how far it has got; says whether the whole file arrived.
  const shown = async (file) => {
    const bar = document.createElement("progress");
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `上传 ${file.name}`);
    const words = document.createElement("span");
    state.replaceChildren(bar, words);
    const { tus, most } = input.dataset;
    if (!fits(file, input.accept)) {
      words.className = "error";
      words.textContent = `“${file.name}”不是这一项可以提交的文件类型，没有上传`;
      return false;
    }
    if (most && file.size > most * 1024 * 1024) {
      words.className = "error";
      words.textContent = `“${file.name}”超过 ${most} MB，请压缩或剪辑后再上传`;
      return false;
    }
    const metadata = { filename: file.name, filetype: file.type };
    for (const [key, value] of Object.entries(input.dataset)) {
      if (key.startsWith("meta")) metadata[key.slice(4).toLowerCase()] = value;
    }
    offer(false);
    try {
      await send(tus, file, metadata, (sent) => {
        bar.value = sent;
        words.textContent = `${Math.min(100, Math.floor((100 * sent) / bar.max))}%`;
      });
      words.textContent = "已上传";
      return true;
    } catch (error) {
      offer(true);
      words.className = "error";
      words.textContent = error.message || "上传中断。网络恢复后重新选择同一个文件，会从断点继续。";
      return false;
    }
  };
}

document.querySelectorAll("input[type=file][data-tus]").forEach(resumable);
