// How Node.js reads paths, as its documentation has servers do it.  In: a JSON
// list of strings, one character a byte.  Out: a list of lists of readings, each
// as [path, 1 where a tab or a line break was dropped].

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

// A parser of URLs drops tabs and line breaks wherever they are.

let dropped;

const pathname = path => {
    dropped ||= /[\t\n\r]/.test(path);

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
    dropped = false;

    try {
        return [[reading(path), dropped ? 1 : 0]];

    } catch {
        return [];
    }
});

const paths = JSON.parse(readFileSync(0));

process.stdout.write(JSON.stringify(paths.map(read)));
