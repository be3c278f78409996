// Lets the three platforms of a running demonstration send: `node run.mjs FOLDER`, with the folder of its data. The tool
// serves until it is ended (Ctrl-C); statements are sent once; the file is written for a clerk to bring.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { day, file, store, teaching, told } from "./senders.mjs";

const folder = resolve(process.argv[2] ?? "data/demo");
const all = told(folder);
const yesterday = day(folder, -1);

const first = store(all, all.address, yesterday);
const [, passed] = all.store.courses;
for (const { name, home, account } of all.store.teachers) {
  await first.says({ home, name: account, called: name, verb: "passed", object: passed, minutes: 45, score: 0.85 });
  console.log(`${all.store.platform}（xAPI）：${name} 通过了一门课程，学时在教师的“学时”页`);
}
const [teacher, school] = all.file.teacher;
await first.says({ name: `${yesterday}-4711`, called: teacher, verb: "completed", object: all.store.courses[0], minutes: 45 });
console.log(`${all.store.platform}（xAPI）：账号 ${yesterday}-4711 等待管理员确认是哪位教师`);

const rows = [{ name: teacher, school, title: "课堂观察研修", hours: "1.5", day: yesterday, number: `Y-${yesterday}` }];
const { name, buffer } = file(all, "研修平台学时.csv", rows);
writeFileSync(join(folder, name), buffer);
console.log(`${all.file.platform}（文件）：${join(folder, name)}，由学校管理员在“导入学时”中选择这个平台后上传`);

const lesson = await teaching(all, all.address, folder);
console.log(`${all.tool.platform}（LTI）：${lesson.address}，教师在“课程”中打开这个平台的课程即可学习；按 Ctrl-C 结束`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => lesson.stop());
