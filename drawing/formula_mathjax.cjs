// Formulas -> pictures by MathJax 4 and resvg: started by formula_mathjax.py, once for many formulas.
//
//     printf '{"latex":"x^2","em":40,"display":true}\n' | node drawing/formula_mathjax.cjs
//
// A line of JSON in, one out: {"png": base64} or {"error": "why"}. em: dots of one em. Nothing is loaded but what is
// installed beside: the packages that would fetch others (require, autoload) are left out.
const readline = require('readline');

async function main() {
  const MathJax = require('mathjax');
  const { Resvg } = require('@resvg/resvg-js');
  await MathJax.init({
    loader: { load: ['input/tex-base', '[tex]/ams', '[tex]/textmacros', 'output/svg'] },
    tex: { packages: ['base', 'ams', 'textmacros'], tags: 'none', maxBuffer: 20000, maxMacros: 2000 },
    svg: { fontCache: 'none', displayOverflow: 'overflow', linebreaks: { inline: false } },
    options: { enableMenu: false, enableEnrichment: false, enableAssistiveMml: false },
    startup: { typeset: false },
  });
  const adaptor = MathJax.startup.adaptor;

  async function draw({ latex, em, display }) {
    const container = await MathJax.tex2svgPromise(latex, { display, em: 16, ex: 8, containerWidth: 1e6 });
    let svg = adaptor.serializeXML(adaptor.tags(container, 'svg')[0]);
    const error = /data-mjx-error="([^"]*)"/.exec(svg);
    if (error) return { error: error[1].replace(/&quot;/g, '"').replace(/&lt;/g, '<').replace(/&amp;/g, '&') };
    const box = /viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"/.exec(svg);
    if (!box || !(box[3] > 0) || !(box[4] > 0)) return { error: 'it leaves no ink' };
    if (/<text\b/.test(svg)) return { error: 'its font lacks a letter' };
    // A little more than the box: accents and italics reach beyond it. resvg wants dots, not ex.
    const edge = 250, [left, top, width, height] = box.slice(1).map(Number);
    const across = Math.ceil(((width + 2 * edge) * em) / 1000), down = Math.ceil(((height + 2 * edge) * em) / 1000);
    if (across > 8000 || down > 4000) return { error: 'it is larger than the page' };
    svg = svg
      .replace(box[0], `viewBox="${left - edge} ${top - edge} ${width + 2 * edge} ${height + 2 * edge}"`)
      .replace(/ style="[^"]*"/, '')
      .replace(/ width="[^"]*"/, ` width="${across}"`)
      .replace(/ height="[^"]*"/, ` height="${down}"`)
      .replace(/currentColor/g, 'black');
    const picture = new Resvg(svg, { background: 'white', font: { loadSystemFonts: false } }).render();
    return { png: picture.asPng().toString('base64') };
  }

  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await draw(JSON.parse(line));
    } catch (error) {
      answer = { error: String((error && error.message) || error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main().catch((error) => {
  process.stderr.write(String((error && error.message) || error).split('\n')[0] + '\n');
  process.exit(1);
});
