// Resumable uploads for `<input type="file" data-tus="/address" data-…>`: each further `data-meta-name` is sent as
// metadata. Without this file the form around the input sends the file itself.
import { Upload } from "tus-js-client";

const CHUNK = 1 << 20;

function resumable(input) {
  const form = input.form;
  const state = document.createElement("div");
  state.className = "progress";
  state.setAttribute("role", "status");
  input.after(state);

  // One after the other: a page loaded anew after the first would break off the others.
  input.addEventListener("change", async () => {
    const files = [...input.files];
    for (const file of files) {
      if (!(await send(file))) return;
    }
    if (files.length) location.reload();
  });

  // Says whether the whole file arrived.
  const send = (file) => new Promise((arrived) => {
    const metadata = { filename: file.name, filetype: file.type };
    for (const [key, value] of Object.entries(input.dataset)) {
      if (key.startsWith("meta")) metadata[key.slice(4).toLowerCase()] = value;
    }
    const bar = document.createElement("progress");
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `上传 ${file.name}`);
    const words = document.createElement("span");
    state.replaceChildren(bar, words);
    const buttons = form ? form.querySelectorAll("button") : [];
    buttons.forEach((b) => (b.disabled = true));
    const upload = new Upload(file, {
      endpoint: input.dataset.tus,
      chunkSize: CHUNK,
      retryDelays: [0, 1000, 3000, 5000, 10000, 20000, 40000],
      removeFingerprintOnSuccess: true,
      // The same file for another piece is another upload, never the rest of this one.
      fingerprint: () =>
        Promise.resolve(
          ["tisheng", input.dataset.tus, JSON.stringify(metadata), file.size, file.lastModified].join("-"),
        ),
      metadata,
      onProgress: (sent, all) => {
        bar.value = sent;
        words.textContent = `${Math.floor((100 * sent) / all)}%`;
      },
      onError: (error) => {
        buttons.forEach((b) => (b.disabled = false));
        // What the server says of a file that it does not take: too large, of the wrong kind.
        const answer = error.originalResponse;
        const refused = answer && answer.getStatus() >= 400 && answer.getStatus() < 500 && answer.getBody();
        const said = refused && !refused.trimStart().startsWith("<") ? refused : "";
        words.textContent = said || "上传中断。网络恢复后重新选择同一个文件，会从断点继续。";
        arrived(false);
      },
      onSuccess: () => {
        words.textContent = "已上传";
        arrived(true);
      },
    });
    upload.findPreviousUploads().then((earlier) => {
      if (earlier.length) upload.resumeFromPreviousUpload(earlier[0]);
      upload.start();
    });
  });
}

document.querySelectorAll("input[type=file][data-tus]").forEach(resumable);
