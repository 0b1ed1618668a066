// A gateway made of a foreign tool, which passes on what the OpenAPI document
// allows: peer.mjs TOOL DOCUMENT PORT UPSTREAM, where TOOL is express, backend
// or prism.  Says "ready" when it listens.  The first two judge and leave the
// bytes to us; Prism is its own proxy.

import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/build/node/');

const [tool, documentFile, port, upstream] = process.argv.slice(2);
const document = JSON.parse(readFileSync(documentFile, 'utf8'));

// the request goes on as it came, with the body that was read

function pass(req, res, body) {
    const headers = [];

    for (let i = 0; i < req.rawHeaders.length; i += 2) {
        if (!/^(?:transfer-encoding|expect|content-length|connection)$/i
                .test(req.rawHeaders[i]))
        {
            headers.push(req.rawHeaders[i], req.rawHeaders[i + 1]);
        }
    }

    if (body.length || /^P/.test(req.method)) {
        headers.push('Content-Length', String(body.length));
    }

    const to = send({ host: '127.0.0.1', port: upstream, method: req.method,
                      path: req.originalUrl ?? req.url, headers,
                      agent: false }, from => {
        res.writeHead(from.statusCode, { Connection: 'close' });
        from.pipe(res);
    });

    to.on('error', () => refuse(res, 502));
    to.end(body);
}

function refuse(res, status) {
    res.writeHead(status, { Connection: 'close' });
    res.end();
}

// the whole body, then what to do with it

function read(req, done) {
    const pieces = [];

    req.on('data', piece => pieces.push(piece));
    req.on('end', () => done(Buffer.concat(pieces)));
}

function express() {
    const framework = require('express');
    const validator = require('express-openapi-validator');
    const app = framework();

    app.use(framework.json({ limit: '1mb',
                             verify: (req, res, raw) => req.raw = raw }));
    app.use(validator.middleware({ apiSpec: document, validateSecurity: false,
                                   validateRequests: true,
                                   validateResponses: false }));
    app.use((req, res) => req.raw ? pass(req, res, req.raw)
                        : read(req, body => pass(req, res, body)));
    app.use((error, req, res, next) => refuse(res, error.status ?? 500));

    return app;
}

async function backend() {
    const { OpenAPIBackend } = require('openapi-backend');

    const api = new OpenAPIBackend({ definition: document, quick: true,
                                     ajvOpts: { strict: false } });

    await api.init();

    return (req, res) => read(req, body => {
        const [path, query] = req.url.split(/\?(.*)/s);
        const request = { method: req.method, path, query,
                          headers: req.headers };

        if (body.length) {
            request.body = body.toString();
        }

        let wrong;

        try {
            const operation = api.matchOperation(request);
            wrong = !operation
                    || !api.validateRequest(request, operation).valid;

        } catch {
            wrong = true;
        }

        return wrong ? refuse(res, 400) : pass(req, res, body);
    });
}

async function prism() {
    const { createInstance, getHttpOperationsFromSpec } =
        require('@stoplight/prism-http');

    const operations = await getHttpOperationsFromSpec(documentFile);
    const silent = { child: () => silent };

    for (const level of ['trace', 'debug', 'info', 'success', 'warn', 'error',
                         'fatal'])
    {
        silent[level] = () => {};
    }

    const instance = createInstance({
        isProxy: true, upstream: new URL(`http://127.0.0.1:${upstream}`),
        mock: { dynamic: false }, checkSecurity: false, validateRequest: true,
        validateResponse: false, errors: true
    }, { logger: silent });

    return (req, res) => read(req, async text => {
        try {
            const url = new URL(req.url, 'http://127.0.0.1');

            // as Prism's own server reads a request

            const body = !text.length ? undefined
                : /^application\/json/i.test(req.headers['content-type'] ?? '')
                ? JSON.parse(text.toString()) : text.toString();

            const said = await instance.request({
                method: req.method.toLowerCase(),
                url: { baseUrl: '', path: url.pathname,
                       query: Object.fromEntries(url.searchParams) },
                headers: req.headers, body
            }, operations)();

            refuse(res, said._tag === 'Left' ? said.left.status ?? 500
                        : said.right.output.statusCode);

        } catch {
            refuse(res, 400);
        }
    });
}

const app = await { express, backend, prism }[tool]();

createServer(app).listen(port, '127.0.0.1', () => console.log('ready'));
