/*
 * Shows what "snapshot_status json" says, every two seconds.  All that comes
 * from there goes into the page as text.
 */

'use strict';

const SOURCE = 'status.json';
const PERIOD = 2000;            // milliseconds from one answer to the next
const PATIENCE = 5000;          // and for an answer
const KEPT = 300;               // seconds that the chart shows
const SHOWN = 100;              // projects
const VERDICTS = ['accepted', 'warned', 'monitored', 'rejected'];
const STATUSES = ['2xx', '3xx', '4xx', '5xx', 'none'];

const LIMITS = ['passed', 'delayed', 'rejected', 'delayed_dry_run',
                'rejected_dry_run'];

// Where gateway and API disagree, and the operations of which a 4xx says so:
// only those that are judged have a version in their name, and an update of
// what is gone is an honest 404.

const LOOK = {
    accepted: '4xx', warned: '4xx', monitored: '2xx'
};
const DRIFTS = /_v\d_(?:create|detail|list)$/;

const samples = [];             // of the last minutes, the latest is the last
let paused = false;
let seen = null;                // when the gateway answered last


function $(id) {
    return document.getElementById(id);
}


function el(name, attributes, ...children) {
    const e = document.createElement(name);

    for (const [key, value] of Object.entries(attributes ?? {})) {
        e.setAttribute(key, value);
    }

    e.append(...children);

    return e;
}


function svg(name, attributes, ...children) {
    const e = document.createElementNS('http://www.w3.org/2000/svg', name);

    for (const [key, value] of Object.entries(attributes ?? {})) {
        e.setAttribute(key, value);
    }

    e.append(...children);

    return e;
}


// rows are left alone while they stay the same, so text can be selected

function fill(id, rows, columns, nothing) {
    const body = $(id).tBodies[0];

    if (rows.length === 0) {
        rows = [[{ text: nothing, class: 'none', colspan: columns }]];
    }

    const key = JSON.stringify(rows);

    if (body.key === key) {
        return;
    }

    body.key = key;

    body.replaceChildren(...rows.map((cells) => el('tr', null,
        ...cells.map((cell, i) => {
            const { text, child, head, ...attributes } = cell;
            const name = head ? 'th' : 'td';

            if (head) {
                attributes.scope = 'row';
            }

            return el(name, attributes, ...draw(child), text ?? '');
        }))));
}


// what a cell holds beside its text

function draw(child) {
    if (!child) {
        return [];
    }

    if (child.spark) {
        return [spark(child.spark)];
    }

    return [el('progress', { value: child.value, max: child.max,
                             'aria-hidden': 'true' })];
}


function count(n) {
    return n.toLocaleString('en');
}


function number(n, more) {
    return { text: count(n), class: ['number', n ? '' : 'none', more ?? '']
                                    .filter(Boolean).join(' ') };
}


function duration(seconds) {
    const units = [[1, 's'], [1e-3, 'ms'], [1e-6, '\u00b5s']];

    for (const [size, name] of units) {
        if (seconds >= size || name === '\u00b5s') {
            return Number((seconds / size).toPrecision(3)) + ' ' + name;
        }
    }
}


function moment(seconds) {
    const d = new Date(seconds * 1000);
    const time = d.toTimeString().slice(0, 8);

    if (d.toDateString() === new Date().toDateString()) {
        return time;
    }

    const two = (n) => String(n).padStart(2, '0');

    return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} `
           + time;
}


// the operations that are looked at

function chosen(status) {
    const operation = $('operation').value;

    return Object.entries(status.operations)
                 .filter(([name]) => !operation || name === operation);
}


// whether there were requests of an operation

function judged([, operation]) {
    return VERDICTS.some((verdict) => operation.requests[verdict]);
}


function requests(status, verdict) {
    return chosen(status).reduce((n, [, o]) => n + o.requests[verdict], 0);
}


// the requests a second between one sample and the next

function rates(value) {
    const found = [];

    for (let i = 1; i < samples.length; i++) {
        const [a, b] = [samples[i - 1], samples[i]];
        const seconds = b.time - a.time;

        if (seconds > 0) {
            found.push({ from: a.time, to: b.time,
                         rate: (value(b) - value(a)) / seconds });
        }
    }

    return found;
}


// a round number at or above n, for the top of the chart

function ceiling(n) {
    const power = 10 ** Math.floor(Math.log10(Math.max(n, 1e-9)));

    return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= n);
}


function short(n) {
    return Number(n.toPrecision(3)).toLocaleString('en');
}


function chart(status) {
    const place = $('chart');
    const width = place.clientWidth;
    const height = place.clientHeight;
    const [left, right, top, bottom] = [44, 8, 8, 20];
    const layers = VERDICTS.map((verdict) =>
                            rates((s) => requests(s, verdict)));
    const totals = layers[0].map((_, i) =>
                            layers.reduce((sum, layer) => sum + layer[i].rate,
                                          0));
    const most = ceiling(Math.max(1, ...totals));
    const now = status.time;

    const x = (t) => left + (width - left - right)
                            * Math.max(0, 1 - (now - t) / KEPT);
    const y = (rate) => height - bottom
                        - (height - top - bottom) * rate / most;

    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`,
                                 'aria-hidden': 'true' });

    for (const part of [0, 0.5, 1]) {
        const at = y(most * part);

        picture.append(svg('line', { class: 'grid', x1: left, x2: width - right,
                                     y1: at, y2: at }),
                       svg('text', { x: left - 6, y: at + 4,
                                     'text-anchor': 'end' },
                           short(most * part)));
    }

    for (let minutes = 0; minutes <= KEPT / 60; minutes++) {
        picture.append(svg('text', { x: x(now - minutes * 60), y: height - 4,
                                     'text-anchor': minutes ? 'middle' : 'end' },
                           minutes ? `-${minutes} min` : 'now'));
    }

    totals.forEach((_, i) => {
        let base = 0;

        layers.forEach((layer, n) => {
            const { from, to, rate } = layer[i];

            if (rate > 0) {
                picture.append(svg('rect', {
                    class: VERDICTS[n],
                    x: x(from),
                    width: Math.max(x(to) - x(from) - 0.5, 0.5),
                    y: y(base + rate),
                    height: y(base) - y(base + rate)
                }));
                base += rate;
            }
        });
    });

    place.replaceChildren(picture);

    const latest = VERDICTS.map((verdict, n) =>
                 `${short(layers[n].at(-1)?.rate ?? 0)} ${verdict}`).join(', ');

    place.setAttribute('aria-label',
        totals.length === 0
        ? 'The chart has just begun'
        : `Requests a second of the last minutes, at most `
          + `${short(Math.max(...totals))}; at last ${latest}`);
}


// the points of a small picture, as a path

function path(operation) {
    const found = rates((s) => VERDICTS.reduce((n, v) =>
                        n + s.operations[operation].requests[v], 0));
    const most = Math.max(1e-9, ...found.map((r) => r.rate));

    return found.map((r, i) => {
        const x = 100 * (1 - (samples.at(-1).time - r.to) / KEPT);
        const y = 22 - 20 * r.rate / most;

        return `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    }).join('');
}


function spark(d) {
    return svg('svg', { class: 'spark', viewBox: '0 0 100 24',
                        preserveAspectRatio: 'none', 'aria-hidden': 'true' },
               svg('path', { d }));
}


function showTraffic(status) {
    const tiles = $('totals').querySelectorAll('dd');

    VERDICTS.forEach((verdict, i) => {
        tiles[i].textContent = count(requests(status, verdict));
    });

    chart(status);

    fill('operations', chosen(status).filter(judged).map(([name, o]) => [
        { text: name, head: true },
        { child: { spark: path(name) || 'M0 22' } },
        ...VERDICTS.map((verdict) => number(o.requests[verdict]))
    ]), 6, 'No request was judged.');
}


function showRules(status) {
    const rules = new Map();

    for (const [, operation] of chosen(status)) {
        for (const [rule, n] of Object.entries(operation.violations)) {
            const sum = rules.get(rule) ?? { reject: 0, warn: 0 };

            sum.reject += n.reject;
            sum.warn += n.warn;
            rules.set(rule, sum);
        }
    }

    const broken = [...rules].filter(([, n]) => n.reject + n.warn)
        .sort((a, b) => b[1].reject + b[1].warn - a[1].reject - a[1].warn);
    const max = broken.length ? broken[0][1].reject + broken[0][1].warn : 1;

    fill('rules', broken.map(([rule, n]) => [
        { text: rule, head: true },
        number(n.reject),
        number(n.warn),
        { child: { value: n.reject + n.warn, max } }
    ]), 4, 'No rule was broken.');
}


function showProjects(status) {
    const { size, dropped, rows } = status.projects;
    const begin = $('project').value.trim();
    const operation = $('operation').value;

    const wanted = rows.filter((row) =>
        (row.severity === 'reject' || $('warnings').checked)
        && row.project.startsWith(begin)
        && (!operation || row.operation === operation));

    fill('projects', wanted.slice(0, SHOWN).map((row) => [
        row.project === ''
        ? { text: '(none)', head: true, class: 'none' }
        : { text: row.project, head: true, class: 'id' },
        { text: row.operation },
        { text: row.rule },
        { text: row.severity, class: 'severity '
                  + (row.severity === 'reject' ? 'rejected' : 'warned') },
        number(row.count),
        { text: moment(row.first) },
        { text: moment(row.last) }
    ]), 7, rows.length ? 'None of the rows is of that kind.'
                       : 'No project has broken a rule.');

    const notes = [];

    if (wanted.length > SHOWN) {
        notes.push(`${SHOWN} of ${count(wanted.length)} rows are shown.`);
    }

    if (dropped) {
        notes.push(`${count(dropped)} rows were dropped, as the zone has room `
                   + `for ${count(size)} only.`);
    }

    $('projects-note').textContent = notes.join(' ');
}


function showAgreement(status) {
    fill('agreement', VERDICTS.map((verdict) => [
        { text: verdict === 'monitored' ? 'would be rejected' : verdict,
          head: true },
        ...STATUSES.map((s) => {
            const found = chosen(status).filter(([, o]) =>
                                                o.upstream[verdict][s]);
            const look = LOOK[verdict] === s
                && found.some(([name]) => s !== '4xx' || DRIFTS.test(name));

            return number(found.reduce((sum, [, o]) =>
                                       sum + o.upstream[verdict][s], 0),
                          look ? 'look' : '');
        })
    ]), 6, '');
}


function showBudgets(status) {
    const limited = chosen(status).filter(([, o]) =>
                                          LIMITS.some((l) => o.limited[l]));

    fill('budgets', limited.map(([name, o]) => [
        { text: name, head: true },
        ...LIMITS.map((l) => number(o.limited[l]))
    ]), 6, 'No request had a budget.');
}


// the bound that so large a share of a histogram's values does not exceed

function quantile(histogram, share, format) {
    if (histogram.count === 0) {
        return '\u2013';
    }

    const bucket = histogram.buckets.find((b) =>
                                b.count >= share * histogram.count);

    return bucket ? '\u2264 ' + format(bucket.le)
                  : '> ' + format(histogram.buckets.at(-1).le);
}


function since(name) {
    const first = samples[0][name];
    const last = samples.at(-1)[name];

    if (typeof last === 'number') {
        return last - first;
    }

    return {
        buckets: last.buckets.map((b, i) => ({
            le: b.le, count: b.count - first.buckets[i].count
        })),
        sum: last.sum - first.sum,
        count: last.count - first.count
    };
}


function showCost(status) {
    const bytes = (n) => `${count(n)} bytes`;
    const mean = (h) => h.count ? duration(h.sum / h.count) : '\u2013';

    const rows = [
        ['judge time, mean', 'judge_seconds', mean],
        ['judge time of half of the requests', 'judge_seconds',
         (h) => quantile(h, 0.5, duration)],
        ['judge time of 99 %', 'judge_seconds',
         (h) => quantile(h, 0.99, duration)],
        ['body of half of the requests with one', 'body_bytes',
         (h) => quantile(h, 0.5, bytes)],
        ['body of 99 %', 'body_bytes', (h) => quantile(h, 0.99, bytes)],
        ['bodies read from a temporary file', 'body_on_disk', count],
        ['could not be judged, answered with 500', 'unjudged', count]
    ];

    fill('cost', rows.map(([text, name, show]) => [
        { text, head: true },
        { text: show(since(name)), class: 'number' },
        { text: show(status[name]), class: 'number' }
    ]), 3, '');
}


function showBuild(status) {
    const { version, nginx, jansson, pcre2 } = status.build;

    $('build').textContent = `Counting since ${moment(status.since)}. `
        + `Version ${version}, nginx ${nginx}, jansson ${jansson}, `
        + `pcre2 ${pcre2}.`;
}


function show() {
    const status = samples.at(-1);

    if (!status) {
        return;
    }

    $('empty').hidden = Object.entries(status.operations).some(judged);

    showTraffic(status);
    showProjects(status);
    showRules(status);
    showAgreement(status);
    showBudgets(status);
    showCost(status);
    showBuild(status);
}


// the figures are of another beginning: those before it say nothing

function began(status) {
    const last = samples.at(-1);

    return last && (status.since !== last.since
                    || status.judge_seconds.count < last.judge_seconds.count);
}


function take(status) {
    if (began(status)) {
        samples.length = 0;
    }

    samples.push(status);

    while (status.time - samples[0].time > KEPT) {
        samples.shift();
    }

    if ($('operation').options.length === 1) {
        $('operation').append(...Object.keys(status.operations).map((name) =>
                                  el('option', { value: name }, name)));
    }
}


function state(name, text) {
    document.body.dataset.state = name;

    // said aloud when it changes, not every two seconds

    if ($('state').textContent !== text) {
        $('state').textContent = text;
    }
}


async function ask() {
    const answer = await fetch(SOURCE, {
        cache: 'no-store', signal: AbortSignal.timeout(PATIENCE)
    });

    if (!answer.ok) {
        throw new Error(`${SOURCE} was answered with ${answer.status}`);
    }

    return answer.json();
}


async function round() {
    if (!paused) {
        try {
            take(await ask());

            seen = new Date();
            state('live', 'Live');
            $('down').hidden = true;
            show();

        } catch (error) {
            const old = seen ? ` The figures are those of `
                               + `${seen.toTimeString().slice(0, 8)}.` : '';
            const why = error instanceof TypeError
                        ? 'it cannot be reached'
                        : error.name === 'TimeoutError'
                        ? 'it does not answer'
                        : error instanceof SyntaxError
                        ? 'its answer is no JSON' : error.message;

            state(seen ? 'down' : 'loading', 'No answer');
            $('down').textContent = `The gateway gives no figures: ${why}.`
                                    + `${old} Trying again.`;
            $('down').hidden = false;
        }
    }

    setTimeout(round, PERIOD);
}


$('pause').addEventListener('click', () => {
    paused = !paused;
    $('pause').textContent = paused ? 'Go on' : 'Pause';
    $('pause').setAttribute('aria-pressed', String(paused));
    state(document.body.dataset.state, paused ? 'Paused' : 'Live');
});

for (const id of ['operation', 'project', 'warnings']) {
    $(id).addEventListener('input', show);
}

addEventListener('resize', show);

round();
