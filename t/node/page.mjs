// Drives Chromium over the page of the counters and prints TAP:
// page.mjs PAGE GATEWAY PICTURES

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'build/node/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [page_url, gateway, pictures] = process.argv.slice(2);

const { operations: { length: operations } } = JSON.parse(
    readFileSync('t/data/contract.json', 'utf8'));

const volume = '5aa119a8-d25b-45a7-8d1b-88e127885635';
const script = '<script>';
const image = '<img src=x onerror=document.title="broken">';

let n = 0;

function ok(good, title, found) {
    console.log(`${good ? 'ok' : 'not ok'} ${++n} - ${title}`);

    if (!good) {
        console.log(`# found: ${JSON.stringify(found)}`);
    }
}

function is(found, expected, title) {
    ok(JSON.stringify(found) === JSON.stringify(expected), title,
       { found, expected });
}

async function send(count, target, snapshot, reply = 202) {
    for (let i = 0; i < count; i++) {
        const answer = await fetch(gateway + target, snapshot
            ? { method: 'POST', body: JSON.stringify({ snapshot }),
                headers: { 'Content-Type': 'application/json',
                           'X-Reply': reply } }
            : { headers: { 'X-Reply': reply } });

        await answer.arrayBuffer();
    }
}

const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--disable-gpu', '--disable-dev-shm-usage',
           ...(process.getuid() === 0 ? ['--no-sandbox'] : [])]
});

const context = await browser.newContext({
    viewport: { width: 1100, height: 900 }, colorScheme: 'light'
});

const page = await context.newPage();
const faults = [];
const foreign = [];

page.setDefaultTimeout(15000);
page.on('pageerror', (error) => faults.push(error.message));
page.on('console', (message) => {
    if (message.type() === 'error') {
        faults.push(message.text());
    }
});
page.on('request', (request) => {
    if (!request.url().startsWith(page_url)) {
        foreign.push(request.url());
    }
});

const text = (selector) => page.locator(selector).innerText();
const hidden = (selector) => page.locator(selector).isHidden();

// the rows of a table as they are read, up to so many cells

const rows = (id, cells) => page.locator(`#${id} tbody tr`).evaluateAll(
    (all, cells) => all.map((row) =>
        [...row.cells].slice(0, cells).map((c) => c.innerText.trim())
                      .filter(Boolean).join(' ')), cells ?? 9);

async function until(what, title) {
    let found = await what();

    for (let i = 0; i < 100 && !found; i++) {
        await page.waitForTimeout(100);
        found = await what();
    }

    ok(found, title, found);
}

// what axe finds wrong with the page as it is

async function wrong() {
    await page.evaluate(axe);

    return page.evaluate(async () => {
        const { violations } = await window.axe.run();

        return violations.map((v) => `${v.id}: `
                                     + v.nodes.map((x) => x.html).join(' '));
    });
}

// how much wider than the window the page is

const wide = () => page.evaluate(() =>
    document.documentElement.scrollWidth
    - document.documentElement.clientWidth);


// loading

let release;
const held = new Promise((resolve) => { release = resolve; });

await page.route('**/status.json', async (route) => {
    await held;
    await route.continue();
});

const answer = await page.goto(page_url);
const headers = answer.headers();

is(await text('#state'), 'Asking the gateway\u2026', 'loading: it says so');
ok(await hidden('main'), 'loading: no figures are shown');
ok(await hidden('#down'), 'loading: nor an error');

release();
await page.waitForSelector('[data-state="live"]');
await page.unroute('**/status.json');

is(await text('#state'), 'Live', 'then it is live');


// empty

ok(!await hidden('#empty'), 'empty: it says that there was no request');
is(await rows('projects'), ['No project has broken a rule.'],
   'empty: no projects');
is(await rows('rules'), ['No rule was broken.'], 'empty: no rules');
is(await page.locator('#totals dd').allInnerTexts(), ['0', '0', '0', '0'],
   'empty: zeros');
is(await rows('operations'), ['No request was judged.'],
   'empty: no operations');
is(await rows('budgets'), ['No request had a budget.'], 'empty: no budgets');
is(await page.locator('#operation option').count(), operations + 2,
   'all operations can be chosen');
is(await wrong(), [], 'empty: axe finds nothing wrong');


// what it was sent

const good = { volume_id: volume };
const long = { volume_id: volume, name: 'n'.repeat(256) };
const auto = { volume_id: volume, name: 'autobk_snapshot_1' };

await send(7, '/v3/alpha/snapshots', good);
await send(2, '/v3/alpha/snapshots', good, 400);
await send(3, '/v2/beta/snapshots', auto);
await send(5, '/m/v3/beta/snapshots', long);
await send(4, '/v3/gamma/snapshots', { ...long, volume_id: 'x' });
await send(1, '/m/v3/delta/snapshots?limit=1001');
await send(1, `/m/v3/${encodeURIComponent(script)}/snapshots?limit=1001`);
await send(1, `/m/v3/${encodeURIComponent(image)}/snapshots?limit=1001`);
await send(1, '/v3/alpha/snapshots?limit=60', undefined, 503);
await send(3, '/l/v3/alpha/snapshots');


const totals = () => page.locator('#totals dd').allInnerTexts();

await until(async () => (await totals()).join() === '9,4,8,4',
            'the totals are those of what was sent');

ok(await hidden('#empty'), 'it is not empty any more');

is(await rows('operations'),
   ['evs_v3_create 9 0 5 4', 'evs_v2_create 0 3 0 0', 'evs_v3_list 0 1 3 0'],
   'by operation, of which there were requests');

is(await rows('rules'),
   ['name-length 9 0', 'volume-id 4 0', 'name-reserved 0 3',
    'uri-canonical 2 0', 'limit-range 1 0', 'limit-advised 0 1'],
   'by rule, the most broken one first');

is(await rows('agreement'),
   ['accepted 7 0 2 0 0', 'warned 3 0 0 1 0', 'would be rejected 8 0 0 0 0',
    'rejected 0 0 0 0 4'], 'beside what the upstream answered');

is(await page.locator('#agreement td.look').allInnerTexts(), ['2', '8'],
   'where they disagree');

is(await rows('budgets'), ['evs_v3_list 1 0 2 0 0'],
   'and what limit_req did');

const breaking = [
    `${image} evs_v3_list uri-canonical reject 1`,
    `${script} evs_v3_list uri-canonical reject 1`,
    'delta evs_v3_list limit-range reject 1',
    'gamma evs_v3_create name-length reject 4',
    'gamma evs_v3_create volume-id reject 4',
    'beta evs_v3_create name-length reject 5'
];

is(await rows('projects', 5), breaking,
   'who would break, the last seen first, whatever they are called');
is(await page.title(), 'Snapshot gateway', 'no project is more than text');
is(await page.locator('tbody script, tbody img').count(), 0,
   'nor makes an element');

const cost = await rows('cost');

// on a machine that stalls it is more than the last bound

ok(cost.some((r) => /^judge time of 99 % [\u2264>] .* [\u00b5m]?s$/.test(r)),
   'what judging costs', cost);
ok(cost.includes('bodies read from a temporary file 0 0'), 'bodies on disk',
   cost);
ok(/^Counting since .*\. Version \d+\.\d+\.\d+, nginx 1\./.test(
   await text('#build')), 'what it was built from', await text('#build'));


// the chart

await until(async () => /requests a second/i.test(
    await page.getByRole('img', { name: /a second/ })
              .getAttribute('aria-label').catch(() => '')),
    'the chart says in words what it shows');

const bars = await page.locator('#chart rect').evaluateAll((all) =>
    all.map((r) => [r.getAttribute('class'), Number(r.getAttribute('height'))]));

for (const [verdict, count] of [['accepted', 9], ['warned', 4],
                                ['monitored', 8], ['rejected', 4]]) {
    const height = (name) => bars.filter(([c]) => c === name)
                                 .reduce((sum, [, h]) => sum + h, 0);

    ok(Math.abs(height(verdict) / height('accepted') - count / 9) < 0.05
       || bars.length > 4, `as much of it is ${verdict} as was sent`, bars);
    ok(height(verdict) > 0, `some of it is ${verdict}`, bars);
}


// the controls, by the keyboard alone

await page.locator('body').evaluate(() => document.activeElement.blur());
await page.keyboard.press('Tab');
is(await page.evaluate(() => document.activeElement.textContent),
   'Skip to the figures', 'first comes the way past the controls');
await page.keyboard.press('Enter');
is(await page.evaluate(() => document.activeElement.id), 'main',
   'which leads to the figures');

await page.getByLabel('Operation', { exact: true }).focus();
await page.keyboard.type('evs_v2_create');
await until(async () => (await totals()).join() === '0,3,0,0',
            'one operation can be looked at');
is(await rows('projects', 5), ['None of the rows is of that kind.'],
   'its projects, too');

await send(1, '/v3/alpha/snapshots/gone', undefined, 404);
await page.getByLabel('Operation', { exact: true }).selectOption('evs_show');
await until(async () => (await totals()).join() === '1,0,0,0',
            'what is not judged is counted by its name');
is([(await rows('agreement'))[0],
    await page.locator('#agreement td.look').count()],
   ['accepted 0 0 1 0 0', 0], 'a look-up of what is gone is no disagreement');
await page.getByLabel('Operation', { exact: true }).selectOption('');

await page.getByLabel('warnings, too').focus();
await page.keyboard.press('Space');
is(await rows('projects', 5),
   ['alpha evs_v3_list limit-advised warn 1', ...breaking,
    'beta evs_v2_create name-reserved warn 3'], 'and warnings');

await page.getByLabel('Project begins with').focus();
await page.keyboard.type('bet');
is(await rows('projects', 5), ['beta evs_v3_create name-length reject 5',
                               'beta evs_v2_create name-reserved warn 3'],
   'and one project');
await page.getByLabel('Project begins with').fill('');
await page.getByLabel('warnings, too').uncheck();

await page.getByRole('button', { name: 'Pause' }).focus();
await page.keyboard.press('Enter');
is(await text('#state'), 'Paused', 'it can be stopped');
await send(1, '/v3/alpha/snapshots', good);
await page.waitForTimeout(2500);
is((await totals())[0], '10', 'so that nothing changes');
await page.keyboard.press('Enter');
await until(async () => (await totals())[0] === '11', 'and go on');


// for whom it is not seen, or seen otherwise

for (const name of ['Traffic of the last minutes', 'Who would break',
                    'Violations by rule', 'Agreement with the upstream',
                    'What it costs']) {
    ok(await page.getByRole('region', { name }).first().isVisible(),
       `a screen reader finds "${name}"`);
}

is(await page.getByRole('status').innerText(), 'Live', 'and the state');
is(await wrong(), [], 'axe finds nothing wrong, in light');

await page.screenshot({ path: `${pictures}/light.png`, fullPage: true });

const light = await page.evaluate(() =>
    getComputedStyle(document.body).backgroundColor);

await page.emulateMedia({ colorScheme: 'dark' });
ok(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
   !== light, 'dark is another color');
is(await wrong(), [], 'axe finds nothing wrong, in dark');
await page.screenshot({ path: `${pictures}/dark.png`, fullPage: true });
await page.emulateMedia({ colorScheme: 'light' });

await page.setViewportSize({ width: 360, height: 740 });
await page.waitForTimeout(300);
ok(await wide() <= 0, 'on a phone nothing is wider than the window',
   await wide());
is(await wrong(), [], 'axe finds nothing wrong, on a phone');
await page.screenshot({ path: `${pictures}/phone.png`, fullPage: true });
await page.setViewportSize({ width: 1100, height: 900 });

// axe sees what it should

await page.evaluate(() => document.querySelector('h1').append(
    document.createElement('input')));
ok((await wrong()).some((v) => v.startsWith('label:')),
   'axe finds an input without a label');
await page.evaluate(() => document.querySelector('h1 input').remove());


// the policy

ok(/default-src 'none'/.test(headers['content-security-policy']),
   'there is a policy', headers);
is(headers['x-content-type-options'], 'nosniff', 'types are not guessed');
is(faults, [], 'no error in the console');
is(foreign, [], 'nothing is loaded from elsewhere');

ok(await page.evaluate(() => {
    try {
        document.body.insertAdjacentHTML('beforeend', '<b>x</b>');
        return false;
    } catch (error) {
        return error instanceof TypeError;
    }
}), 'text is never taken for HTML');

await page.evaluate(() => {
    const script = document.createElement('script');
    script.append('document.title = "broken"');
    document.body.append(script);
});
is(await page.title(), 'Snapshot gateway', 'no script but its own is run');
ok(faults.some((f) => /Content Security Policy|Trusted/.test(f)),
   'which the console tells', faults);


// a gateway that is gone

const down = async (fulfill, words, title) => {
    await page.route('**/status.json', fulfill);
    await until(async () => await page.getAttribute('body', 'data-state')
                            === 'down', `down: ${title}`);
    const said = await text('#down');
    ok(words.test(said), 'it says why', said);
    ok(/The figures are those of \d\d:\d\d:\d\d\. Trying again\.$/.test(said),
       'and how old the figures are', said);
    is((await totals())[0], '11', 'they can still be read');
    await page.unroute('**/status.json');
    await page.waitForSelector('[data-state="live"]');
    ok(await hidden('#down'), 'once it is back, all is well');
};

await down((route) => route.abort('connectionrefused'),
           /^The gateway gives no figures: it cannot be reached\./,
           'nobody listens');
await down((route) => route.fulfill({ status: 403, body: 'x' }),
           /status\.json was answered with 403/, 'it is forbidden');
await down((route) => route.fulfill({ status: 200, body: '{"a' }),
           /its answer is no JSON/, 'it is no JSON');
await down(() => {}, /it does not answer/, 'it hangs');


// counters that begin anew

const reset = async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();

    json.since += 1000;
    json.judge_seconds.count = 0;
    await route.fulfill({ response: answer, json });
};

await until(async () => await page.locator('#chart rect').count() > 0,
            'there is something in the chart');
await page.route('**/status.json', reset);
await until(async () => await page.locator('#chart rect').count() === 0,
            'what was counted before a new beginning is not compared');
await page.unroute('**/status.json');

console.log(`1..${n}`);
await browser.close();
