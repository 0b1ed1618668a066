// Holds requests against the schemas of an OpenAPI document, with Ajv:
// verdicts.mjs DOCUMENT REQUESTS, where each line of REQUESTS is
// {"path", "method", "body"} or {"path", "method", "param", "value"}.  Prints
// "valid" or "invalid" for each line.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/build/node/');
const Ajv = require('ajv/dist/2020').default;

const [documentFile, requestsFile] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentFile, 'utf8'));

const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });

for (const word of ['x-snapshot-rule', 'x-max-bytes', 'x-source-page']) {
    ajv.addKeyword(word);
}

const compiled = new Map();

function validator(key, schema) {
    if (!compiled.has(key)) {
        compiled.set(key, ajv.compile(schema()));
    }

    return compiled.get(key);
}

// a query has strings; what reads as an integer is one to OpenAPI

function value(text) {
    return /^-?[0-9]+$/.test(text) ? Number(text) : text;
}

const said = [];

for (const line of readFileSync(requestsFile, 'utf8').split('\n')) {
    if (line === '') {
        continue;
    }

    const { path, method, body, param, value: text } = JSON.parse(line);
    const operation = document.paths[path][method];
    let valid;

    if (param === undefined) {
        const validate = validator(`${path} ${method}`, () =>
            operation.requestBody.content['application/json'].schema);
        valid = validate(body);

    } else {
        const { schema } = operation.parameters.find(p => p.name === param);
        const validate = validator(`${path} ${param}`, () => schema);
        valid = validate(schema.type === 'integer' ? value(text) : text);
    }

    said.push(valid ? 'valid' : 'invalid');
}

console.log(said.join('\n'));
