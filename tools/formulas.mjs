// Compiles LaTeX to MathML with Temml.
// stdin:  JSON list of {"latex": string, "display": boolean}
// stdout: JSON {"temml": version, "results": [{"mathml": string} | {"error": string}]}
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const temml = require("temml");

function compile({ latex, display }) {
  try {
    const mathml = temml.renderToString(latex, {
      displayMode: display,
      throwOnError: true, // an unknown command is an error, never red text on a page
      xml: false,
      annotate: false,
    });
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
