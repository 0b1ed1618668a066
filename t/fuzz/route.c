
/*
 * A request line against all that servers do to paths (t/servers), and against
 * a second reading of CONTRACT section 1: no server finds an operation that the
 * gateway does not, what it accepts as one is documented letter for letter, and
 * a name that looks like nothing else passes.  The input is "METHOD path"; it
 * is read with and without a prefix.
 */


#include "fuzz.h"
#include "reply.h"

#include "../servers/gateway.h"
#include "../servers/names.h"
#include "../servers/reading.h"


#define fuzz_param(route, name)  (route)->param[NGX_SNAPSHOT_PARAM_##name]


/*
 * Forms of a path that are walked through, random chains beside that, and one
 * path of so many that is given to every two servers in a row
 */

#define FUZZ_FORMS   64
#define FUZZ_CHAINS  16
#define FUZZ_PAIRS   16


typedef struct {
    char     method[16];
    proof_t  proof;
} fuzz_request_t;


static void fuzz_try(fuzz_request_t *r);
static void fuzz_check_reading(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route);
static void fuzz_check_found(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route);
static void fuzz_check_judge(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route);
static void fuzz_check_servers(const fuzz_request_t *r);
static void fuzz_check_name(const u_char *name, size_t len);
static ngx_snapshot_str_t fuzz_segment(ngx_snapshot_str_t path, unsigned n);
static void fuzz_wrong(const fuzz_request_t *r,
    const ngx_snapshot_route_t *route, const char *what);


static void
fuzz_try(fuzz_request_t *r)
{
    gateway_memory_t       m;
    ngx_snapshot_route_t   route;

    m.blocks = 0;
    route = gateway_route(&r->proof, r->method, &m);

    gateway_says(&r->proof);

    fuzz_check_reading(r, &route);

    if (route.operation) {
        fuzz_check_found(r, &route);
        fuzz_check_judge(r, &route);
    }

    fuzz_check_servers(r);

    gateway_free(&m);
}


/* section 1, read a second time, says the same, also of the other methods */

static void
fuzz_check_reading(const fuzz_request_t *r, const ngx_snapshot_route_t *route)
{
    char                 what[80];
    size_t               i;
    reading_t            is;
    const char          *name;
    const proof_said_t  *said;

    for (i = 0; i < table_array(table_methods); i++) {

        said = &r->proof.said[i];
        is = reading(r->proof.path, r->proof.prefix, said->method);
        name = is.operation ? is.operation : "-";

        if (said->odd != (is.kind == READING_ODD)
            || strcmp(said->operation ? said->operation : "-", name) != 0)
        {
            snprintf(what, sizeof(what), "%s: section 1 says %s, %s",
                     table_methods[i].name, name,
                     is.kind == READING_ODD ? "odd" : "not odd");
            fuzz_wrong(r, route, what);
        }
    }

    if (table_method(fuzz_str(r->method)) == 0 && route->operation
        && (route->operation != &ngx_snapshot_unknown || route->odd))
    {
        fuzz_wrong(r, route, "a method that no operation has");
    }
}


/* an operation that is judged has its documented path, letter for letter */

static void
fuzz_check_found(const fuzz_request_t *r, const ngx_snapshot_route_t *route)
{
    unsigned             at;
    ngx_snapshot_str_t   path, prefix;
    const table_row_t   *row;

    path = r->proof.path;
    prefix = r->proof.prefix;

    if (route->odd || !gateway_is_judged(route->operation)) {
        return;
    }

    row = table_find(path, prefix, table_method(fuzz_str(r->method)), 0);

    if (row == NULL || !fuzz_is(route->operation->name, row->name)) {
        fuzz_wrong(r, route, "it is not documented so");
    }

    path.data += prefix.len;
    path.len -= prefix.len;

    at = fuzz_is(fuzz_segment(path, 2), "snapshots") ? 2 : 1;

    if (at == 2 ? !ngx_snapshot_eq(fuzz_param(route, PROJECT_ID),
                                   fuzz_segment(path, 1))
                : fuzz_param(route, PROJECT_ID).len != 0)
    {
        fuzz_wrong(r, route, "another project");
    }

    if (strcmp(r->method, "PUT") == 0
        && !ngx_snapshot_eq(fuzz_param(route, SNAPSHOT_ID),
                            fuzz_segment(path, at + 1)))
    {
        fuzz_wrong(r, route, "another snapshot");
    }
}


/* where operations must be known, nothing else is accepted */

static void
fuzz_check_judge(const fuzz_request_t *r, const ngx_snapshot_route_t *route)
{
    int                     right;
    fuzz_block_t           *blocks;
    ngx_snapshot_mem_t      mem;
    ngx_snapshot_judge_t    j;
    ngx_snapshot_policy_t   policy;

    blocks = NULL;
    mem.alloc = fuzz_alloc;
    mem.data = &blocks;

    ngx_snapshot_policy_default(&policy);
    policy.rule[NGX_SNAPSHOT_RULE_OPERATION_KNOWN].severity =
        NGX_SNAPSHOT_SEVERITY_REJECT;

    ngx_snapshot_judge_init(&j, &mem, &policy, fuzz_patterns(), route);
    (void) ngx_snapshot_judge_route(&j, route);

    right = !route->odd && route->operation != &ngx_snapshot_unknown;

    if (gateway_is_judged(route->operation)) {
        right = right && fuzz_is_project(fuzz_param(route, PROJECT_ID))
                && (strcmp(r->method, "PUT") != 0
                    || fuzz_is_uuid(fuzz_param(route, SNAPSHOT_ID)));
    }

    if ((j.count[NGX_SNAPSHOT_SEVERITY_REJECT] == 0) != right) {
        fuzz_wrong(r, route, "the judge says something else");
    }

    reply_check(&j);
    fuzz_free(blocks);
}


static void
fuzz_check_servers(const fuzz_request_t *r)
{
    int           found;
    char          what[320], chain[256];
    unsigned      i;
    uint64_t      seed;
    proof_gap_t   gap;

    static walk_t  walk;

    seed = walk_hash(r->proof.path.data, r->proof.path.len) | 1;
    found = !proof_holds(&gap, &r->proof, &walk, FUZZ_FORMS,
                         pieces_random(&seed) % FUZZ_PAIRS == 0);

    for (i = 0; i < FUZZ_CHAINS && !found; i++) {
        found = proof_random(&gap, &r->proof, &seed);
    }

    if (found) {
        proof_says(&gap, chain, sizeof(chain));
        snprintf(what, sizeof(what), "a server that %s takes it for %s",
                 chain, gap.row->name);
        fuzz_wrong(r, NULL, what);
    }
}


/* a name is looked up, and a key changed, however they are escaped */

static void
fuzz_check_name(const u_char *name, size_t len)
{
    char                  *p;
    size_t                 i, j, n;
    fuzz_request_t         r;
    gateway_memory_t       m;
    ngx_snapshot_route_t   route;

    static const struct {
        const char  *method;
        const char  *head;
    } uses[] = {
        { "GET", "/v3/p/snapshots/" },
        { "PUT", "/v3/p/snapshots/i/metadata/" },
        { "DELETE", "/v2/p/snapshots/i/metadata/" }
    };

    if (len > NAMES_MAX || names_is_refused(name, len)) {
        return;
    }

    m.blocks = 0;
    p = malloc(4 * NAMES_MAX);

    for (i = 0; i < fuzz_array(uses); i++) {

        strcpy(r.method, uses[i].method);
        strcpy(p, uses[i].head);
        n = strlen(p);

        for (j = 0; j < NAMES_CLIENTS; j++) {

            r.proof.prefix = fuzz_str("");
            r.proof.path.data = (const u_char *) p;
            r.proof.path.len = n + names_escape((u_char *) p + n, name, len,
                                                names_clients[j].kept);

            route = gateway_route(&r.proof, r.method, &m);
            gateway_free(&m);

            if (route.operation == NULL || route.odd) {
                fuzz_wrong(&r, NULL, "a name does not pass");
            }
        }
    }

    free(p);
}


/* the segments of a path, from 0 on; empty where there are less */

static ngx_snapshot_str_t
fuzz_segment(ngx_snapshot_str_t path, unsigned n)
{
    size_t              i;
    ngx_snapshot_str_t  s;

    s.data = path.data;
    s.len = 0;

    for (i = 0; i < path.len; i += 1 + s.len) {

        s.data = path.data + i + 1;
        s.len = step_segment(path.data, i + 1, path.len);

        if (n-- == 0) {
            return s;
        }
    }

    s.len = 0;

    return s;
}


static void
fuzz_wrong(const fuzz_request_t *r, const ngx_snapshot_route_t *route,
    const char *what)
{
    fprintf(stderr, "the route and the contract differ: %s:\n", what);
    fprintf(stderr, "  method: %s\n", r->method);
    fuzz_show("path", r->proof.path);
    fuzz_show("prefix", r->proof.prefix);

    if (route && route->operation) {
        fuzz_show("operation", route->operation->name);
        fuzz_show("project", fuzz_param(route, PROJECT_ID));
        fuzz_show("id", fuzz_param(route, SNAPSHOT_ID));
        fprintf(stderr, "  odd: %x\n", route->odd);
    }

    abort();
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i, n;
    fuzz_request_t  r;

    static const char *const  prefixes[] = { "", "/a/b" };

    for (n = 0; n < size && data[n] != ' '; n++) { /* void */ }

    if (n == size || n >= sizeof(r.method) || size - n > STEPS_PATH_MAX
        || memchr(data, '\0', n))
    {
        return 0;
    }

    memset(&r, 0, sizeof(r));
    memcpy(r.method, data, n);

    data += n + 1;
    size -= n + 1;

    fuzz_check_name(data, size);

    /* a "?" of the client's ends the path, one that was decoded does not */

    for (n = 0; n < size && data[n] != '?'; n++) { /* void */ }

    for (i = 0; i < 2 * fuzz_array(prefixes); i++) {

        if (i % 2 && n == size) {
            continue;
        }

        r.proof.prefix = fuzz_str(prefixes[i / 2]);
        r.proof.path = fuzz_exact(data, i % 2 ? n : size);

        fuzz_try(&r);

        free((void *) r.proof.path.data);
    }

    return 0;
}
