// Opens pages as a reader would, and prints what is wrong with each as one JSON line per page and view.
// node axe.mjs page.html [page.html ...]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { launch } from "./chromium.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();

async function look(path, width, colorScheme) {
  // The page's policy stays in force for the page; axe runs in through the protocol, past the policy.
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const requests = [];
  const messages = [];
  page.on("request", (r) => r.url().startsWith("data:") || requests.push(r.url()));
  page.on("console", (m) => messages.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => messages.push(`error: ${e.message}`));
  const address = `file://${resolve(path)}`;
  await page.goto(address);
  for (const details of await page.locator("details").all()) await details.evaluate((d) => (d.open = true));
  const found = await page.evaluate(() => ({
    scripts: document.querySelectorAll("script").length,
    styles: document.querySelectorAll("[style]").length,
    handlers: [...document.querySelectorAll("*")].flatMap((e) =>
      e.getAttributeNames().filter((n) => n.startsWith("on")),
    ).length,
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    policy: document.querySelector("meta[http-equiv='Content-Security-Policy']")?.content ?? "",
    small: [...document.querySelectorAll("svg text")]
      .filter((t) => t.getClientRects().length)
      .map((t) => parseFloat(getComputedStyle(t).fontSize) * (t.getScreenCTM()?.a ?? 1))
      .reduce((least, size) => Math.min(least, size), 99),
  }));
  await page.evaluate(axe);
  const results = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const violations = results.violations.flatMap((v) =>
    v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary ?? v.help}`),
  );
  await page.close();
  const outside = requests.filter((url) => url !== address);
  return { path, width, colorScheme, violations, outside, messages, ...found };
}

async function sheets(path) {
  const page = await browser.newPage();
  await page.goto(`file://${resolve(path)}`);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  await page.close();
  return Number(/\/Type \/Pages\s*\/Count (\d+)|\/Count (\d+)/.exec(pdf.toString("latin1"))?.slice(1).find(Boolean));
}

for (const path of process.argv.slice(2)) {
  const printed = await sheets(path);
  const views = [1280, 390].flatMap((width) => ["light", "dark"].map((scheme) => look(path, width, scheme)));
  for (const view of await Promise.all(views)) console.log(JSON.stringify({ ...view, sheets: printed }));
}
await browser.close();
