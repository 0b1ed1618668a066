// How Node.js reads paths, as its documentation has servers do it.  In: a JSON
// list of strings, one character a byte.  Out: a list of lists of readings.

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

// The gateway takes tabs and line breaks for blanks.  A parser of URLs drops
// them wherever they are, and no client can send them but escaped, so a server
// that decodes first and parses then is left out where it comes to that.

const pathname = path => {
    if (/[\t\n\r]/.test(path)) {
        throw new Error('dropped');
    }

    return new URL(path, 'http://localhost').pathname;
};

const decoded = path => Buffer.from(decodeURIComponent(path)).toString('latin1');

const readings = [
    path => pathname(path),
    path => decoded(pathname(path)),
    path => decoded(path),
    path => pathname(decoded(path)),
    path => decoded(pathname(decoded(path))),
    path => posix.normalize(decoded(path)),
];

// what one of them does not take, it does not read

const read = path => readings.flatMap(reading => {
    try {
        return [reading(path)];

    } catch {
        return [];
    }
});

const paths = JSON.parse(readFileSync(0));

process.stdout.write(JSON.stringify(paths.map(read)));
