// Takes a picture of a page: node shoot.mjs page.html out.png [width=1280] [dark] [print] [pdf]
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { launch } from "./chromium.mjs";

const [page_, out, width = "1280", ...flags] = process.argv.slice(2);
if (!page_ || !out) {
  console.error("usage: node shoot.mjs page.html out.png [width] [dark] [pdf]");
  process.exit(2);
}
const browser = await launch();
const page = await browser.newPage({
  viewport: { width: Number(width), height: 900 },
  colorScheme: flags.includes("dark") ? "dark" : "light",
});
if (flags.includes("print")) await page.emulateMedia({ media: "print" });
await page.goto(existsSync(page_) ? `file://${resolve(page_)}` : page_);
if (flags.includes("pdf")) await page.pdf({ path: out, preferCSSPageSize: true, printBackground: true });
else await page.screenshot({ path: out, fullPage: true });
await browser.close();
