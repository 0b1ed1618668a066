/*
 * The contract's creates and queries in njs.  It has no hook between access
 * and content, so the content handler judges and then redirects to the
 * location that proxies.  The first violation in the contract's order is the
 * answer, where the gateway lists all of them.
 */

/* of t/data/contract.json */

import facts from 'facts.js';

const EVS = facts.EVS;
const DWS = facts.DWS;
const PARAMS = facts.params;
const MAX = facts.max;
const PREFIX = facts.prefix;
const MAX_NAME = MAX['name-length'];
const MAX_DESCRIPTION = MAX['description-length'];
const MAX_ENTRY = MAX['metadata-entry'];
const MAX_CHARACTERS = Math.floor(Math.min(MAX_NAME, MAX_DESCRIPTION,
                                           MAX_ENTRY) / 4);
const SORT_DIRS = facts.words['sort-dir'];

/* "$" is also true before a last newline */

const UUID =
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)/i;
const DWS_NAME = new RegExp(`^${facts.name}$(?!\\n)`);
const PATH = new RegExp(`^/(v2|v3|v1\\.0)/${facts.project}/snapshots`
                        + '(/detail)?(\\?|$)');
const JSON_TYPE =
    /^\s*application\/json\s*(;\s*((?!charset)[^,]*|charset="?utf-?8"?\s*))?$/i;
const BOOLEAN =
    new RegExp(`^(${Object.keys(facts.words['boolean-string']).join('|')})$`,
               'i');
const STATUS = facts.words['status-known'];
const CONTROL = /[\x00-\x1f\x7f]/;

/* a length counts characters, of at most 4 bytes each */

function too_long(s, max) {
    return s.length > MAX_CHARACTERS
           && (s.length > max || Buffer.byteLength(s) > max);
}


function type_of(value) {
    const type = typeof value;

    if (type != 'object') {
        return type;
    }

    return value === null ? 'null' : Array.isArray(value) ? 'array' : type;
}


function violation(code, message, status, fault) {
    return { code, message, status: status || 400,
             fault: fault || 'badRequest' };
}


function check_types(snapshot, family) {
    const fields = family.fields;
    const names = Object.keys(snapshot);
    let as_boolean = false;

    for (let i = 0; i < family.required.length; i++) {
        const value = snapshot[family.required[i]];

        if (value === undefined || value === '') {
            return violation(family.code['field-required'],
                             `snapshot.${family.required[i]}: missing`);
        }
    }

    for (let i = 0; i < names.length; i++) {
        if (!fields[names[i]]) {
            return violation(family.code['field-unknown'],
                             'snapshot: an unknown field');
        }
    }

    for (let i = 0; i < names.length; i++) {
        const name = names[i];
        const type = type_of(snapshot[name]);

        if (type == fields[name]
            || type == 'null' && family.nullable[name])
        {
            continue;
        }

        if (name == 'force' && type == 'string' && BOOLEAN.test(snapshot.force))
        {
            as_boolean = true;
            continue;
        }

        return violation(family.code['field-type'],
                         `snapshot.${name}: of a wrong type`);
    }

    if (as_boolean) {
        return violation(EVS.code['boolean-string'],
                         'snapshot.force: a string, not a boolean');
    }
}


function check_metadata(metadata, warnings) {
    const keys = Object.keys(metadata);

    for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        const value = metadata[key];

        if (key == '' || too_long(key, MAX_ENTRY) || typeof value != 'string'
            || too_long(value, MAX_ENTRY))
        {
            warnings.push('metadata-entry;at="/snapshot/metadata/'
                          + `${encodeURIComponent(key)}"`);
        }
    }
}


function check_evs(snapshot, warnings) {
    const name = snapshot.name;

    if (snapshot.metadata) {
        check_metadata(snapshot.metadata, warnings);
    }

    if (!UUID.test(snapshot.volume_id)) {
        return violation(EVS.code['volume-id'],
                         'snapshot.volume_id: not a UUID');
    }

    if (name) {
        if (too_long(name, MAX_NAME)) {
            return violation(EVS.code['name-length'], `snapshot.name: `
                + `${Buffer.byteLength(name)} bytes, at most ${MAX_NAME} are`
                + ' allowed');
        }

        if (name.startsWith(PREFIX)) {
            warnings.push('name-reserved;at="/snapshot/name"');
        }
    }

    if (snapshot.description && too_long(snapshot.description, MAX_DESCRIPTION))
    {
        return violation(EVS.code['description-length'],
            'snapshot.description: '
            + `${Buffer.byteLength(snapshot.description)} bytes, at most `
            + `${MAX_DESCRIPTION} are allowed`);
    }
}


function check_dws(snapshot, warnings) {
    if (!UUID.test(snapshot.cluster_id)) {
        warnings.push('cluster-id;at="/snapshot/cluster_id"');
    }

    if (!DWS_NAME.test(snapshot.name)) {
        return violation(DWS.code['name-format'], 'snapshot.name: a letter,'
                         + ' then letters, digits, - and _, 4 to 64 in all,'
                         + ' are allowed');
    }
}


function check_body(r, family, warnings) {
    const headers = r.headersIn;
    const type = headers['Content-Type'];
    const encoding = headers['Content-Encoding'];

    if (type != 'application/json' && !(type && JSON_TYPE.test(type))) {
        return violation('415', 'header Content-Type: application/json is'
                         + ' allowed', 415, 'badMediaType');
    }

    if (encoding && encoding.toLowerCase() != 'identity') {
        return violation('415', 'header Content-Encoding: none is allowed',
                         415, 'badMediaType');
    }

    let root;

    try {
        root = JSON.parse(r.requestText);

    } catch (e) {
        return violation(family.code['json-syntax'], 'body: not JSON');
    }

    if (type_of(root) != 'object') {
        return violation(family.code['json-syntax'], 'body: not a JSON object');
    }

    const snapshot = root.snapshot;

    if (snapshot === undefined) {
        return violation(family.code['field-required'], 'snapshot: missing');
    }

    if (Object.keys(root).length > 1) {
        return violation(family.code['field-unknown'],
                         'body: an unknown field');
    }

    if (type_of(snapshot) != 'object') {
        return violation(family.code['field-type'],
                         'snapshot: of a wrong type');
    }

    return check_types(snapshot, family)
           || (family === DWS ? check_dws(snapshot, warnings)
                              : check_evs(snapshot, warnings));
}


function check_limit(limit, warnings) {
    if (!/^-?[0-9]+$/.test(limit)) {
        return violation(EVS.code['limit-range'],
                         'query limit: limit param must be an integer.');
    }

    const n = Number(limit);

    if (n <= 0 || limit[0] == '-') {
        return violation(EVS.code['limit-range'],
                         'query limit: limit param must be positive.');
    }

    if (n > MAX['limit-range']) {
        return violation(facts.limit_code, 'query limit: invalid filter limit,'
                         + ` can not greater than ${MAX['limit-range']}.`);
    }

    if (n > MAX['limit-advised']) {
        warnings.push('limit-advised;at="query:limit"');
    }
}


/* in the contract's order, so an encoding comes before what it encodes */

function check_query(r, warnings) {
    const query = r.variables.args;

    if (!query) {
        return;
    }

    if (query.includes(';')) {
        return violation(EVS.code['param-encoding'], 'query: a bare semicolon');
    }

    const escaped = query.includes('%');

    if (escaped && /%(?![0-9A-Fa-f]{2})/.test(query)) {
        return violation(EVS.code['param-encoding'],
                         'query: a broken percent-escape');
    }

    const args = r.args;
    const names = Object.keys(args);

    for (let i = 0; i < names.length; i++) {
        const name = names[i];
        const value = args[name];

        if (!PARAMS[name]) {
            if (name != '') {
                warnings.push('param-unknown;at="query:'
                              + `${encodeURIComponent(name)}"`);
            }

        } else if (typeof value != 'string') {
            return violation(EVS.code['param-duplicate'],
                             `query ${name}: more than once`);

        } else if (escaped && (value.includes('\ufffd') || CONTROL.test(value)))
        {
            return violation(EVS.code['param-encoding'],
                             `query ${name}: not text`);
        }
    }

    const volume_id = args.volume_id;

    if (volume_id !== undefined && !UUID.test(volume_id)) {
        return violation(EVS.code['volume-id'], 'query volume_id: not a UUID');
    }

    if (args.name && too_long(args.name, MAX_NAME)) {
        return violation(EVS.code['name-length'], 'query name: at most '
                         + `${MAX_NAME} bytes are allowed`);
    }

    if (args.limit !== undefined) {
        const found = check_limit(args.limit, warnings);

        if (found) {
            return found;
        }
    }

    const offset = args.offset;

    if (offset !== undefined
        && (!/^[0-9]+$/.test(offset) || Number(offset) > MAX['offset-range']))
    {
        return violation(EVS.code['offset-range'], 'query offset: not allowed');
    }

    const sort_dir = args.sort_dir;

    if (sort_dir !== undefined && !SORT_DIRS[sort_dir]) {
        return violation(EVS.code['sort-dir'], 'query sort_dir: asc and desc'
                         + ' are allowed');
    }

    if (args.marker !== undefined && !UUID.test(args.marker)) {
        return violation(EVS.code['marker'], 'query marker: not a UUID');
    }

    if (args.status !== undefined && !STATUS[args.status]) {
        warnings.push('status-known;at="query:status"');
    }
}


function check(r) {
    const path = PATH.exec(r.variables.request_uri);

    if (!path) {
        r.internalRedirect('@upstream');
        return;
    }

    const method = r.method;
    const warnings = [];
    let found;

    if (method == 'POST' && !path[2]) {
        found = check_body(r, path[1] == 'v1.0' ? DWS : EVS, warnings);

    } else if ((method == 'GET' || method == 'HEAD') && path[1] != 'v1.0') {
        found = check_query(r, warnings);
    }

    if (found) {
        r.headersOut['Content-Type'] = 'application/json';
        r.return(found.status, `{"${found.fault}": {"message": `
                 + `"${found.message}", "code": "${found.code}"}}`);
        return;
    }

    if (warnings.length) {
        r.headersOut['X-Snapshot-Warning'] = warnings.join(', ');
    }

    r.internalRedirect('@upstream');
}


export default { check };
