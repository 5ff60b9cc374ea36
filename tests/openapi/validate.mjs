// Holds an OpenAPI document to the standard, and to what our own readers are promised beyond it.
//
//   node validate.mjs MODULES_DIR DOCUMENT.json
//
// Prints one line per finding; exit 0 when there is none, 4 otherwise.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, file] = process.argv.slice(2);
const home = `${modules}/node_modules/@seriousme/openapi-schema-validator/index.js`;
const { Validator } = await import(pathToFileURL(home).href);

const methods = ["get", "put", "post", "delete", "patch"];
const findings = [];
const document = JSON.parse(readFileSync(file, "utf8"));

/// What the standard's own JSON schema says.
const verdict = await new Validator().validate(structuredClone(document));
if (!verdict.valid) {
  const errors = Array.isArray(verdict.errors) ? verdict.errors : [{ message: String(verdict.errors) }];
  for (const error of errors) findings.push(`schema: ${error.instancePath ?? ""} ${error.message}`);
}
if (!String(document.openapi).startsWith("3.1.")) findings.push(`openapi is ${document.openapi}, not 3.1`);

function end(operations) {
  for (const finding of findings) console.log(finding);
  console.log(`${operations} operations, ${findings.length} findings`);
  process.exit(findings.length ? 4 : 0);
}
if (findings.length) end(0);  // what follows builds on the document's shape

/// Every reference leads somewhere: the schema cannot say that.
function target(pointer) {
  return pointer.slice(2).split("/").reduce((at, step) => at?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}
(function walk(node, at) {
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string" && target(node.$ref) === undefined)
    findings.push(`${at}: ${node.$ref} leads nowhere`);
  for (const [name, child] of Object.entries(node)) walk(child, `${at}/${name}`);
})(document, "");

/// An example has what its schema demands, and nothing that the schema does not know.
function fits(value, schema, at) {
  if (schema?.$ref) return fits(value, target(schema.$ref), at);
  const kinds = { string: "string", integer: "number", number: "number", boolean: "boolean" };
  if (kinds[schema?.type] && typeof value !== kinds[schema.type]) findings.push(`${at}: not a ${schema.type}`);
  if (schema?.type === "array") {
    if (!Array.isArray(value)) findings.push(`${at}: not an array`);
    else value.forEach((one, i) => fits(one, schema.items, `${at}[${i}]`));
  }
  if (!schema?.properties) return;
  for (const name of schema.required ?? [])
    if (!(name in value)) findings.push(`${at}: the example has no '${name}'`);
  for (const [name, child] of Object.entries(value)) {
    if (!schema.properties[name]) findings.push(`${at}: the example has '${name}', the schema has not`);
    else fits(child, schema.properties[name], `${at}.${name}`);
  }
}
function content(of, at) {
  for (const [type, media] of Object.entries(of?.content ?? {})) {
    if (!("example" in media)) findings.push(`${at}: ${type} without an example`);
    else fits(media.example, media.schema, `${at} ${type}`);
  }
}

const ids = new Set();
let operations = 0;
for (const [path, item] of Object.entries(document.paths ?? {})) {
  const named = [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]);
  for (const method of methods.filter((one) => item[one])) {
    const operation = item[method];
    const at = `${method} ${path}`;
    ++operations;
    if (!operation.summary) findings.push(`${at}: no summary`);
    if (ids.has(operation.operationId)) findings.push(`${at}: operationId ${operation.operationId} twice`);
    ids.add(operation.operationId);
    const declared = (operation.parameters ?? []).filter((one) => one.in === "path").map((one) => one.name);
    if (declared.join() !== named.join()) findings.push(`${at}: path parameters ${declared} for ${named}`);
    for (const parameter of operation.parameters ?? [])
      if (!parameter.description) findings.push(`${at}: parameter ${parameter.name} without a description`);
    const answers = operation.responses ?? {};
    const guarded = (operation.security ?? []).length > 0;
    const wanted = ["503", ...(guarded ? ["401"] : []), ...(operation.requestBody ? ["400", "413", "415"] : []),
      ...(named.length ? ["404"] : [])];
    for (const status of wanted) if (!answers[status]) findings.push(`${at}: no answer ${status}`);
    if (!Object.keys(answers).some((status) => status.startsWith("2"))) findings.push(`${at}: no success`);
    content(operation.requestBody, `${at} request`);
    for (const [status, answer] of Object.entries(answers))
      if (!answer.$ref) content(answer, `${at} ${status}`);
  }
}
if (operations === 0) findings.push("there are no operations");
end(operations);
