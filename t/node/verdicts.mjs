// Holds requests against an OpenAPI document with a foreign tool:
// verdicts.mjs TOOL DOCUMENT REQUESTS, where TOOL is ajv, prism or express,
// and each line of REQUESTS is {"path", "method", "body"} or {"path",
// "method", "param", "value"}, "path" as the document has it, or for ajv and
// prism {"path", "method", "status", "response"}.  Prints "valid", "invalid",
// or why it could not tell, for each line.

import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/build/node/');

const [tool, documentFile, requestsFile] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentFile, 'utf8'));
const requests = readFileSync(requestsFile, 'utf8').split('\n')
    .filter(line => line !== '').map(line => JSON.parse(line));

// a path that the operation has

function sample(path) {
    return path.replace('{project_id}', 'p')
        .replace('{snapshot_id}', '43a3e6a5-2d3c-4a9b-9a3b-1d6c4e5f7a8b');
}

// nothing but the schemas: Ajv

async function ajv() {
    const Ajv = require('ajv/dist/2020').default;
    const judge = new Ajv({ strict: true, strictTypes: false,
                            strictRequired: false,
                            formats: { uuid: true } });

    // of the words that Ajv does not know those may be there that are ours,
    // and what a description has around its schemas

    for (const word of ['x-snapshot-rule', 'x-max-bytes', 'x-source-page',
                        'example'])
    {
        judge.addKeyword(word);
    }

    const schemas = document.components.schemas;

    for (const name of Object.keys(schemas)) {
        judge.addSchema(schemas[name], `#/components/schemas/${name}`);
    }

    const compiled = new Map();

    function validator(key, schema) {
        if (!compiled.has(key)) {
            compiled.set(key, judge.compile(schema()));
        }

        return compiled.get(key);
    }

    // a query has strings; what reads as an integer is one to OpenAPI

    function value(text) {
        return /^-?[0-9]+$/.test(text) ? Number(text) : text;
    }

    return ({ path, method, body, param, value: text, status, response }) => {
        const operation = document.paths[path][method];

        if (status !== undefined) {
            return validator(`${path} ${method} ${status}`, () => operation
                             .responses[status].content['application/json']
                             .schema)(response);
        }

        if (param === undefined) {
            return validator(`${path} ${method}`, () => operation.requestBody
                             .content['application/json'].schema)(body);
        }

        const { schema } = operation.parameters.find(p => p.name === param);

        return validator(`${path} ${param}`, () => schema)
            (schema.type === 'integer' ? value(text) : text);
    };
}

// Stoplight's Prism, as a mock server judges

async function prism() {
    const { createInstance, getHttpOperationsFromSpec } =
        require('@stoplight/prism-http');
    const { validateOutput } =
        require('@stoplight/prism-http/dist/validator');

    const operations = await getHttpOperationsFromSpec(documentFile);
    const silent = { child: () => silent };

    for (const level of ['trace', 'debug', 'info', 'success', 'warn',
                         'error', 'fatal'])
    {
        silent[level] = () => {};
    }

    const instance = createInstance({
        isProxy: false, mock: { dynamic: false }, checkSecurity: false,
        validateRequest: true, validateResponse: false, errors: false
    }, { logger: silent });

    return async ({ path, method, body, param, value, status, response }) => {
        if (status !== undefined) {
            return validateOutput({
                resource: operations.find(operation =>
                    operation.path === path && operation.method === method),
                element: { statusCode: status, body: response,
                           headers: { 'content-type': 'application/json' } }
            })._tag === 'Right';
        }

        const said = await instance.request({
            method,
            url: { path: sample(path),
                   query: param === undefined ? {} : { [param]: value } },
            headers: param === undefined
                     ? { 'content-type': 'application/json' } : {},
            body: param === undefined ? body : undefined
        }, operations)();

        if (said._tag === 'Left') {
            if (said.left.status !== 422 && said.left.status !== 400) {
                throw said.left;
            }

            return false;
        }

        return said.right.validations.input.length === 0;
    };
}

// express-openapi-validator, as a middleware judges

async function express() {
    const framework = require('express');
    const validator = require('express-openapi-validator');

    const app = framework();

    app.use(framework.json({ strict: false }));
    app.use(validator.middleware({ apiSpec: document, validateSecurity: false,
                                   validateRequests: true,
                                   validateResponses: false }));
    app.use((req, res) => res.status(200).end());
    app.use((error, req, res, next) => res.status(error.status ?? 500)
                                          .end(String(error.message)));

    const server = createServer(app);

    await new Promise(done => server.listen(0, '127.0.0.1', done));
    server.unref();

    const { port } = server.address();

    return ({ path, method, body, param, value }) =>
        new Promise((done, failed) => {
            const query = param === undefined
                          ? '' : `?${param}=${encodeURIComponent(value)}`;
            const text = param === undefined ? JSON.stringify(body) : undefined;

            const req = send({ port, host: '127.0.0.1', method,
                               path: sample(path) + query,
                               headers: text === undefined ? {}
                               : { 'Content-Type': 'application/json',
                                   'Content-Length': Buffer.byteLength(text) }
            }, res => {
                let said = '';

                res.on('data', piece => said += piece);
                res.on('end', () => res.statusCode === 200 ? done(true)
                     : res.statusCode === 400 ? done(false)
                     : failed(new Error(`${res.statusCode}: ${said}`)));
            });

            req.on('error', failed);
            req.end(text);
        });
}

const judge = await { ajv, prism, express }[tool]();

for (const request of requests) {
    try {
        console.log(await judge(request) ? 'valid' : 'invalid');

    } catch (error) {
        console.log(String(error.message).replaceAll('\n', ' '));
    }
}

process.exit(0);
