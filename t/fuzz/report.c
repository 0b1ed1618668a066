
/*
 * Whatever a client sent, the answer is valid JSON and the header valid RFC
 * 9651, with the contract's names and codes, and no value is echoed.  Here
 * names are any bytes, also those that no reader would let through.
 *
 * The first byte of the input tells the operation, the second the policy, the
 * rest is names, between bytes 0xff.  The first byte of a name tells where it
 * is in a body: "^" at the top, "." in the metadata, else in the snapshot; "@"
 * is a media type and "~" a project id.  What is after a "=" is the value.
 */


/* for memmem() */

#define _GNU_SOURCE

#include "fuzz.h"
#include "reply.h"


#define FUZZ_END     0xff

#define FUZZ_EVERY   0x01
#define FUZZ_REJECT  0x02
#define FUZZ_MIXED   0x04
#define FUZZ_SMALL   0x08
#define FUZZ_TEXT    0x10
#define FUZZ_LARGE   0x20


typedef struct {
    u_char               kind;
    ngx_snapshot_str_t   name;
    ngx_snapshot_str_t   value;
    ngx_snapshot_type_e  type;
} fuzz_piece_t;


/* it is put into each value, and must not come back */

static const char  fuzz_secret[] = "k33p-1t";


static void fuzz_policy(ngx_snapshot_policy_t *policy, unsigned how);
static int fuzz_piece(fuzz_piece_t *piece, ngx_snapshot_str_t *rest,
    const ngx_snapshot_mem_t *mem);
static void fuzz_judge_body(ngx_snapshot_judge_t *j, ngx_snapshot_str_t pieces,
    unsigned how);
static void fuzz_push(ngx_snapshot_judge_t *j, ngx_snapshot_str_t pieces,
    u_char kind);
static void fuzz_judge_query(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t pieces);
static void fuzz_check_secret(const ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t input);
static void fuzz_check_status(const ngx_snapshot_mem_t *mem, unsigned status,
    ngx_snapshot_family_e family);
static void fuzz_check_error(ngx_snapshot_str_t object, unsigned status,
    ngx_snapshot_family_e family);


static void
fuzz_policy(ngx_snapshot_policy_t *policy, unsigned how)
{
    unsigned  i;

    ngx_snapshot_policy_default(policy);

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {

        if (how & FUZZ_MIXED) {
            policy->rule[i].severity = (i * (how | 1)) % 3;

        } else if (how & FUZZ_REJECT) {
            policy->rule[i].severity = NGX_SNAPSHOT_SEVERITY_REJECT;
        }

        if (how & FUZZ_SMALL) {
            policy->rule[i].max = 3;
        }
    }
}


/* takes one off the rest; 0 where there is none */

static int
fuzz_piece(fuzz_piece_t *piece, ngx_snapshot_str_t *rest,
    const ngx_snapshot_mem_t *mem)
{
    u_char  *p;
    size_t   i, equals;

    if (rest->len == 0) {
        return 0;
    }

    for (i = 0; i < rest->len && rest->data[i] != FUZZ_END; i++) { /* void */ }

    piece->name = *rest;
    piece->name.len = i;
    piece->kind = 0;

    rest->data += i + (i < rest->len);
    rest->len -= i + (i < rest->len);

    if (i && strchr("^.@~", piece->name.data[0]) && piece->name.data[0]) {
        piece->kind = piece->name.data[0];
        piece->name.data++;
        piece->name.len--;
    }

    for (equals = 0;
         equals < piece->name.len && piece->name.data[equals] != '=';
         equals++)
    { /* void */ }

    piece->value.len = 0;
    piece->type = NGX_SNAPSHOT_TYPE_STRING;

    if (equals == piece->name.len) {
        return 1;
    }

    piece->value.data = piece->name.data + equals + 1;
    piece->value.len = piece->name.len - equals - 1;
    piece->name.len = equals;

    if (piece->value.len && piece->value.data[0] >= '1'
        && piece->value.data[0] < '1' + NGX_SNAPSHOT_TYPES)
    {
        piece->type = piece->value.data[0] - '1';
    }

    /* the secret behind it */

    p = mem->alloc(mem->data, piece->value.len + sizeof(fuzz_secret));

    memcpy(p, piece->value.data, piece->value.len);
    memcpy(p + piece->value.len, fuzz_secret, sizeof(fuzz_secret) - 1);

    piece->value.data = p;
    piece->value.len += sizeof(fuzz_secret) - 1;

    return 1;
}


static void
fuzz_judge_body(ngx_snapshot_judge_t *j, ngx_snapshot_str_t pieces,
    unsigned how)
{
    fuzz_piece_t         piece;
    ngx_snapshot_str_t   rest, none;

    none.data = NULL;
    none.len = 0;

    rest = pieces;

    while (fuzz_piece(&piece, &rest, j->mem)) {
        if (piece.kind == '@') {
            ngx_snapshot_judge_header(j,
                              fuzz_str(piece.value.len ? "content-type"
                                                       : "Content-Encoding"),
                              piece.value.len ? piece.value : piece.name);
        }
    }

    ngx_snapshot_judge_headers_end(j);

    (void) ngx_snapshot_judge_size(j, how & FUZZ_LARGE ? 1 << 20 : 0);

    if (how & FUZZ_TEXT) {
        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY,
                                "has one again",
                                how, SIZE_MAX);
    }

    ngx_snapshot_judge_begin(j);

    fuzz_push(j, pieces, '^');

    if (ngx_snapshot_judge_member(j, fuzz_str("snapshot"),
                                  NGX_SNAPSHOT_TYPE_OBJECT, none))
    {
        fuzz_push(j, pieces, 0);

        if (ngx_snapshot_judge_member(j, fuzz_str("metadata"),
                                      NGX_SNAPSHOT_TYPE_OBJECT, none))
        {
            fuzz_push(j, pieces, '.');
            ngx_snapshot_judge_leave(j);
        }

        ngx_snapshot_judge_leave(j);
    }

    ngx_snapshot_judge_leave(j);
}


static void
fuzz_push(ngx_snapshot_judge_t *j, ngx_snapshot_str_t pieces, u_char kind)
{
    fuzz_piece_t  piece;

    while (fuzz_piece(&piece, &pieces, j->mem)) {
        if (piece.kind == kind
            && ngx_snapshot_judge_member(j, piece.name, piece.type,
                                         piece.value))
        {
            ngx_snapshot_judge_leave(j);
        }
    }
}


static void
fuzz_judge_query(ngx_snapshot_judge_t *j, ngx_snapshot_str_t pieces)
{
    fuzz_piece_t  piece;

    if (j->operation->query == NULL) {
        return;
    }

    ngx_snapshot_judge_params(j);

    while (fuzz_piece(&piece, &pieces, j->mem)) {

        if (piece.kind == '^') {
            ngx_snapshot_judge_separator(j);

        } else if (piece.kind == '@') {
            ngx_snapshot_judge_override(j);
        }

        ngx_snapshot_judge_param(j, piece.name, piece.value,
                                 piece.kind != '.' ? NGX_SNAPSHOT_WHOLE
                                                   : NGX_SNAPSHOT_BROKEN);
    }
}


/* a name may be the secret as well, where somebody has found that out */

static void
fuzz_check_secret(const ngx_snapshot_judge_t *j, ngx_snapshot_str_t input)
{
    unsigned             details;
    ngx_snapshot_str_t   reply;

    if (memmem(input.data, input.len, fuzz_secret, sizeof(fuzz_secret) - 1)) {
        return;
    }

    for (details = 0; details < 2; details++) {

        if (j->count[NGX_SNAPSHOT_SEVERITY_REJECT]
            && ngx_snapshot_report_object(j, details, &reply)
               == NGX_SNAPSHOT_OK
            && memmem(reply.data, reply.len, fuzz_secret,
                      sizeof(fuzz_secret) - 1))
        {
            reply_wrong("a value is echoed", reply);
        }
    }
}


/* what nginx itself answers */

static void
fuzz_check_status(const ngx_snapshot_mem_t *mem, unsigned status,
    ngx_snapshot_family_e family)
{
    ngx_snapshot_str_t  object;

    if (ngx_snapshot_report_status(mem, status, family, NULL, &object)
        != NGX_SNAPSHOT_OK)
    {
        fprintf(stderr, "there is no answer\n");
        abort();
    }

    fuzz_check_error(object, status, family);
    fuzz_check_error(ngx_snapshot_report_internal(family), 500, family);
}


static void
fuzz_check_error(ngx_snapshot_str_t object, unsigned status,
    ngx_snapshot_family_e family)
{
    char         code[4];
    json_t      *root, *error;
    size_t       i;
    const char  *own, *expected;

    snprintf(code, sizeof(code), "%u", status % 1000);
    expected = code;

    for (i = 0; i < fuzz_array(fact_faults); i++) {
        if (fact_faults[i].status == status) {
            own = family == NGX_SNAPSHOT_FAMILY_DWS ? fact_faults[i].dws
                                                    : fact_faults[i].evs;
            expected = own ? own : code;
        }
    }

    root = reply_load(object);
    error = json_object_get(root, reply_fault(status));

    if (json_object_size(error) != 2) {
        reply_wrong("another name or other members", object);
    }

    reply_check_family(family, root, error, object);

    if (strcmp(reply_get(error, "code", object), expected) != 0) {
        reply_wrong("another code", object);
    }

    (void) reply_get(error, "message", object);

    json_decref(root);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned                i;
    fuzz_piece_t            piece;
    fuzz_block_t           *blocks;
    ngx_snapshot_mem_t      mem;
    ngx_snapshot_str_t      input, pieces, rest, *project, *id;
    ngx_snapshot_judge_t    j;
    ngx_snapshot_route_t    route;
    ngx_snapshot_policy_t   policy;

    if (size < 2) {
        return 0;
    }

    blocks = NULL;
    mem.alloc = fuzz_alloc;
    mem.data = &blocks;

    input = fuzz_exact(data, size);

    pieces.data = input.data + 2;
    pieces.len = input.len - 2;

    memset(&route, 0, sizeof(route));

    i = data[0] % (NGX_SNAPSHOT_OPERATIONS + 1);

    route.operation = i < NGX_SNAPSHOT_OPERATIONS ? &ngx_snapshot_operations[i]
                                                  : &ngx_snapshot_unknown;
    route.family = i < NGX_SNAPSHOT_OPERATIONS ? route.operation->family
                                               : data[0] % 2;
    route.methods = data[0] >> 4;
    route.odd = (data[1] >> 6 == 3) ? data[0] : 0;

    project = &route.param[NGX_SNAPSHOT_PARAM_PROJECT_ID];
    id = &route.param[NGX_SNAPSHOT_PARAM_SNAPSHOT_ID];

    route.params = 1u << NGX_SNAPSHOT_PARAM_PROJECT_ID;

    if ((data[0] & 1) && route.family == NGX_SNAPSHOT_FAMILY_EVS) {
        route.params |= 1u << NGX_SNAPSHOT_PARAM_SNAPSHOT_ID;
    }

    *project = fuzz_str("p");
    *id = fuzz_str("f9faf7df-fdc1-4093-9ef3-5cba06eef995");

    rest = pieces;

    while (fuzz_piece(&piece, &rest, &mem)) {
        if (piece.kind == '~') {
            *project = piece.name;
            *id = piece.value;
        }
    }

    fuzz_policy(&policy, data[1]);

    ngx_snapshot_judge_init(&j, &mem, &policy, fuzz_patterns(), &route);

    j.detailed = data[1] & FUZZ_EVERY;

    (void) ngx_snapshot_judge_route(&j, &route);

    if (route.operation->body) {
        fuzz_judge_body(&j, pieces, data[1]);

    } else {
        fuzz_judge_query(&j, pieces);
    }

    if (j.failed) {
        fprintf(stderr, "the judge gave up\n");
        abort();
    }

    reply_check(&j);
    fuzz_check_secret(&j, input);

    fuzz_check_status(&mem, 400 + (data[0] * 256 + data[1]) % 200,
                      route.family);

    free((void *) input.data);
    fuzz_free(blocks);

    return 0;
}
