// Compiles LaTeX to MathML with Temml.
// stdin:  JSON list of {"latex": string, "display": boolean}
// stdout: JSON {"temml": version, "results": [{"mathml": string} | {"error": string}]}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const temml = require("temml");
const APPLICATION = "\u2061"; // the invisible sign after a function's name
const OPERANDS = new Set(["mi", "mn", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup"]);

function tree(latex, display) {
  return temml.__renderToMathMLTree(latex, {
    displayMode: display,
    throwOnError: true, // an unknown command is an error, never red text on a page
    xml: false,
    annotate: false,
  });
}

const THIN = find(tree("x\\,y", false), (node) => node.type === "mspace");

function find(node, wanted) {
  if (wanted(node)) return node;
  for (const child of node.children ?? []) {
    const found = find(child, wanted);
    if (found) return found;
  }
  return null;
}

const text = (node) => node?.children?.map((child) => child.text ?? "").join("") ?? "";
const isApplication = (node) => node?.type === "mo" && text(node) === APPLICATION;

// sin, log_2, max: a name, perhaps with scripts, that is applied to what follows
function beginsFunction(siblings, i) {
  const node = siblings[i];
  if (node.type === "mrow" && node.children.length > 1) return beginsFunction(node.children, 0);
  const base = /^(msub|msup|msubsup|munder|mover|munderover)$/.test(node.type) ? node.children[0] : node;
  return base?.type === "mi" && text(base).length > 1 && isApplication(siblings[i + 1]);
}

// x, x_i, a fraction, or something in brackets: what is multiplied by what follows
function endsOperand(node) {
  if (node.type === "mrow") return node.children.length > 0 && endsOperand(node.children.at(-1));
  if (node.type === "mo") return node.attributes.fence === "true" && node.attributes.form === "postfix";
  return OPERANDS.has(node.type) && node.children[0]?.type !== "mo";
}

// TeX sets a thin space between a factor and a function's name (p log p); Temml forgets some of them.
function addThinSpaces(node) {
  if (!node.children) return;
  node.children.forEach(addThinSpaces);
  if (!["mrow", "mtd", undefined].includes(node.type)) return;
  for (let i = node.children.length - 1; i > 0; i--) {
    if (beginsFunction(node.children, i) && endsOperand(node.children[i - 1])) node.children.splice(i, 0, THIN);
  }
}

function compile({ latex, display }) {
  try {
    const math = tree(latex, display);
    addThinSpaces(math);
    const mathml = math.toMarkup();
    if (mathml.includes("<merror") || mathml.includes("temml-error")) {
      return { error: "Temml drew an error instead of the formula" };
    }
    return { mathml };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

const jobs = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({ temml: temml.version, results: jobs.map(compile) }));
