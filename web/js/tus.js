// Sends one file by tus 1.0, the part of it that this product speaks: creation, then bytes from wherever the server
// has got to. A connection that breaks is tried again after a while; what has arrived is never sent twice, also when
// the page was closed in between.
const CHUNK = 1 << 20;
/** Milliseconds before each further try. */
const WAITS = [0, 1000, 3000, 5000, 10000, 20000, 40000];
/** Answers after which the same request may succeed: a lock, a place that has moved on, a server in haste. */
const AGAIN = [0, 408, 409, 423, 429, 460];

/** The server's answer that keeps the file from being sent; without words when nobody knows why. */
export class NotSent extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

/** Asks, and gives the answer when it is a good one. Not `fetch`: that does not tell how far the bytes have got. */
function ask(method, url, headers, body, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Tus-Resumable", "1.0.0");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (progress) request.upload.onprogress = (event) => progress(event.loaded);
    request.onerror = () => reject(new NotSent(0, ""));
    request.onload = () => {
      const { status } = request;
      if (status >= 200 && status < 300 && request.getResponseHeader("Tus-Resumable")) return resolve(request);
      // Whoever is not signed in any more was led to another page.
      if (status < 300) return reject(new NotSent(401, "登录已过期，请重新登录后选择同一个文件，会从断点继续。"));
      const text = request.responseText;
      reject(new NotSent(status, status < 500 && !text.trimStart().startsWith("<") ? text : ""));
    };
    request.send(body);
  });
}

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

// Storage may be forbidden: then a page that was closed begins anew.
const memory = (what) => {
  try {
    return what(localStorage);
  } catch {
    return null;
  }
};

async function create(endpoint, file, metadata) {
  const pairs = Object.entries(metadata).map(([name, value]) => `${name} ${base64(value)}`);
  const answer = await ask("POST", endpoint, { "Upload-Length": file.size, "Upload-Metadata": pairs.join(",") });
  return answer.getResponseHeader("Location");
}

/** How far the server has got; nothing when it knows of no such upload any more. */
async function offset(url) {
  try {
    return Number((await ask("HEAD", url, {})).getResponseHeader("Upload-Offset"));
  } catch (error) {
    if (error.status === 404 || error.status === 410) return null;
    throw error;
  }
}

async function append(url, file, at, progress) {
  const headers = { "Upload-Offset": at, "Content-Type": "application/offset+octet-stream" };
  const answer = await ask("PATCH", url, headers, file.slice(at, at + CHUNK), (sent) => progress(at + sent));
  return Number(answer.getResponseHeader("Upload-Offset"));
}

/** Sends `file`; `progress` is told the bytes that have gone. Fails with `NotSent`. */
export async function send(endpoint, file, metadata, progress) {
  // The same file for another piece is another upload, never the rest of this one.
  const key = ["tisheng", endpoint, JSON.stringify(metadata), file.size, file.lastModified].join("-");
  let url = memory((store) => store.getItem(key));
  let tries = 0;
  for (;;) {
    try {
      let at = url ? await offset(url) : null;
      if (at === null) {
        url = await create(endpoint, file, metadata);
        memory((store) => store.setItem(key, url));
        at = 0;
      }
      while (at < file.size) {
        at = await append(url, file, at, progress);
        progress(at);
        tries = 0;
      }
      memory((store) => store.removeItem(key));
      return;
    } catch (error) {
      const again = error.status >= 500 || AGAIN.includes(error.status);
      if (!again && error.status !== 401) memory((store) => store.removeItem(key));
      if (!again || tries === WAITS.length) throw error;
      await new Promise((later) => setTimeout(later, WAITS[tries]));
      tries += 1;
    }
  }
}
