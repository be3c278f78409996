// Files and numbers that people bring to the story: all invented.
import { inflateRawSync } from "node:zlib";

/** A text file with these rows of cells, as spreadsheets save it. */
export function csv(name, rows) {
  const text = rows.map((row) => row.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(",")).join("\r\n");
  return { name, mimeType: "text/csv", buffer: Buffer.from(text) };
}

/** The `n`th invented identity number: of a region that does not exist, with a true check character (GB 11643). */
export function paper(n) {
  const digits = `88010119${80 + (n % 15)}0${1 + (n % 9)}1${n % 10}${String(900 + (n % 99)).padStart(3, "0")}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((all, weight, at) => all + weight * Number(digits[at]), 0);
  return digits + "10X98765432"[sum % 11];
}

/** A film of `seconds` that holds no more than a header: enough to be known as a film and to tell its length. */
export function film(name, seconds) {
  const box = (kind, ...parts) => {
    const content = Buffer.concat(parts);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + content.length);
    head.write(kind, 4, "latin1");
    return Buffer.concat([head, content]);
  };
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1000, 12);
  header.writeUInt32BE(seconds * 1000, 16);
  const bytes = [box("ftyp", Buffer.from("isom\0\0\0\0isom")), box("mdat", Buffer.from("frames")), box("moov", box("mvhd", header))];
  return { name, mimeType: "video/mp4", buffer: Buffer.concat(bytes) };
}

/** The texts of a workbook's cells, in the order of the sheet. */
export function cells(workbook) {
  const files = unzip(workbook);
  const unescape = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  const texts = (xml) => [...(xml ?? "").matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map((found) => unescape(found[1]));
  return [...texts(files.get("xl/sharedStrings.xml")), ...texts(files.get("xl/worksheets/sheet1.xml"))];
}

/** The files of an archive by name, read from its central directory. */
function unzip(bytes) {
  const files = new Map();
  let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1")) + 16);
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const [method, packed] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((place) => bytes.readUInt16LE(at + place));
    const local = bytes.readUInt32LE(at + 42);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(from, from + packed);
    files.set(bytes.toString("utf8", at + 46, at + 46 + name), (method ? inflateRawSync(content) : content).toString("utf8"));
    at += 46 + name + extra + comment;
  }
  return files;
}
