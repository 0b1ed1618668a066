// Holds a file against the schema of SARIF 2.1.0: sarif.mjs FILE.  Prints what
// is wrong with it, or nothing.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/build/node/');
const sarif = require.resolve('@microsoft/jest-sarif');

// the schema is of draft 4, and the package has the Ajv that knows it

const own = createRequire(sarif);
const Ajv = own('ajv');
const judge = new Ajv({ schemaId: 'auto', allErrors: true });

judge.addMetaSchema(own('ajv/lib/refs/json-schema-draft-04.json'));

const valid = judge.compile(own('./schemas/sarif-2.1.0-rtm.5.json'));

if (!valid(JSON.parse(readFileSync(process.argv[2], 'utf8')))) {
    for (const { dataPath, message } of valid.errors.slice(0, 20)) {
        console.log(`${dataPath}: ${message}`);
    }
}
