// Opens notebooks in a running JupyterLab, takes a picture of each, and prints what it shows as one JSON line each.
// node lab.mjs address token folder width scheme notebook.ipynb [notebook.ipynb ...]
import { join } from "node:path";
import { launch } from "./chromium.mjs";

const [address, token, folder, width, colorScheme, ...notebooks] = process.argv.slice(2);
const browser = await launch();

// Runs in the page: every text of an output with its contrast, and what is wider than the output it stands in.
function measure() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], ground) => [r, g, b].map((part, n) => part * a + ground[n] * (1 - a));
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => rgb.map(linear).reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const shape = (e) => e instanceof SVGElement && !(e instanceof SVGSVGElement) && !(e instanceof SVGGElement);
  const fill = (e) => {
    const style = getComputedStyle(e);
    if (!shape(e)) return rgba(style.backgroundColor);
    const [r, g, b, a] = rgba(style.fill.replace("none", "#0000"));
    return [r, g, b, a * style.fillOpacity * style.opacity];
  };
  // What is painted beneath: for a text in a picture the shapes there too, else the backgrounds of its ancestors.
  const beneath = (e) => {
    const under = [];
    if (shape(e)) {
      const box = e.getBoundingClientRect();
      const there = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const marks = there.slice(there.indexOf(e) + 1).filter((o) => shape(o) && o.tagName !== "text");
      under.push(...marks.filter((o) => e.compareDocumentPosition(o) & Node.DOCUMENT_POSITION_PRECEDING));
    }
    for (let up = shape(e) ? e.ownerSVGElement : e; up; up = up.parentElement) under.push(up);
    return under.map(fill).reduceRight((ground, colour) => over(colour, ground), [255, 255, 255]);
  };
  const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest(".hidden");
  const texts = [];
  const wider = [];
  for (const output of document.querySelectorAll(".jp-OutputArea-output")) {
    const right = output.getBoundingClientRect().right;
    for (const e of output.querySelectorAll("*")) {
      if (!seen(e) || e.closest("title, desc, style")) continue;
      const box = e.getBoundingClientRect();
      if (box.width && box.right > right + 1 && !e.parentElement.closest(".scroll, svg"))
        wider.push(`${e.tagName} ${e.className} by ${Math.round(box.right - right)} px`);
      const own = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(" ").trim();
      if (!own || !box.width) continue;
      const ground = beneath(e);
      const style = getComputedStyle(e);
      const ink = rgba(shape(e) ? style.fill : style.color);
      const scale = shape(e) ? (e.getScreenCTM()?.a ?? 1) : 1;
      texts.push({
        text: own.slice(0, 60),
        where: `${e.tagName.toLowerCase()} ${e.className.baseVal ?? e.className}`.trim(),
        painted: Boolean(e.closest("[class^=tone], .sign, svg")),
        cell: e.closest("td, th") ? getComputedStyle(e.closest("td, th")).textAlign : "",
        contrast: ratio(over(ink, ground), ground),
        ground: luminance(ground),
        size: parseFloat(style.fontSize) * scale,
      });
    }
  }
  const all = (what) => [...document.querySelectorAll(`.jp-OutputArea-output ${what}`)].filter(seen);
  const rows = all("tbody tr").filter((row) => !row.closest(".tiles"));
  return {
    texts,
    wider,
    theme: document.body.dataset.jpThemeLight === "true" ? "light" : "dark",
    stripes: rows.filter((row) => fill(row)[3] > 0).length,
    tables: all("table").length,
    pictures: all("svg text").length,
    untrusted: all(".untrusted").length,
    blocks: all(".custlib").length,
  };
}

async function look(notebook) {
  const page = await browser.newPage({ viewport: { width: Number(width), height: 1200 }, colorScheme });
  const outside = [];
  await page.route((url) => !url.href.startsWith(address) && /^(https?|wss?):$/.test(url.protocol), (route) => {
    outside.push(route.request().url());
    return route.abort();
  });
  await page.goto(`${address}doc/tree/${notebook}?token=${token}`);
  await page.waitForSelector(".jp-OutputArea-output", { timeout: 90000 });
  await page.waitForFunction(() => !document.querySelector("#jupyterlab-splash"));
  const height = await page.evaluate(() => document.querySelector(".jp-WindowedPanel-outer").scrollHeight);
  await page.setViewportSize({ width: Number(width), height: height + 200 });
  await page.evaluate(() => document.fonts.ready);
  const found = await page.evaluate(measure);
  const picture = join(folder, `${notebook.replace(".ipynb", "")}-${found.theme}-${width}.png`);
  await page.screenshot({ path: picture });
  await page.close();
  return { notebook, picture, outside, ...found };
}

for (const notebook of notebooks) console.log(JSON.stringify(await look(notebook)));
await browser.close();
