// A learning tool that speaks LTI 1.3 by a library that others have written: PyLTI1p3 from PyPI.
import { python } from "./python.mjs";

/** The tool at `port` for the platform at `platform`. Its key, and as what it is registered, may stand in the file
    `senders` of a demonstration. Its addresses are those of another site than the platform's, as
    they are in life: `localhost` and `127.0.0.1` are two sites to a browser. */
export async function tool(port, platform, ...senders) {
  const stop = await python("lti-venv", "requirements-lti.txt", "lti.py", String(port), platform, ...senders);
  const address = `http://localhost:${port}`;
  const setUp = async (client, deployment) => {
    const answer = await fetch(`${address}/setup?client_id=${client}&deployment_id=${deployment}`);
    if (!answer.ok) throw new Error(`the tool is not set up: ${await answer.text()} ${stop.complaints()}`);
  };
  return { address, stop, setUp };
}
