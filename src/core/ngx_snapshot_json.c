
#include <setjmp.h>

#include <jansson.h>

#include "ngx_snapshot_json.h"
#include "ngx_snapshot_syntax.h"
#include "ngx_snapshot_text.h"


/* an integer of JSON is of any length, one of jansson's has 64 bits */

#define NGX_SNAPSHOT_JSON_FLAGS  JSON_DECODE_INT_AS_REAL


/* what stands before each block of jansson's, as aligned as the block */

typedef struct ngx_snapshot_json_block_s  ngx_snapshot_json_block_t;

struct ngx_snapshot_json_block_s {
    _Alignas(max_align_t)
    ngx_snapshot_json_block_t  *prev;
    ngx_snapshot_json_block_t  *next;
};


static void ngx_snapshot_json_watched(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);
static void *ngx_snapshot_json_malloc(size_t size);
static void ngx_snapshot_json_free(void *p);
static void ngx_snapshot_json_text(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);
static const u_char *ngx_snapshot_json_key(const u_char *end);
static void ngx_snapshot_json_wrong(ngx_snapshot_judge_t *j,
    ngx_snapshot_rule_e rule, ngx_snapshot_str_t body, const u_char *at,
    const char *what);
static json_t *ngx_snapshot_json_load(ngx_snapshot_str_t body, size_t flags,
    json_error_t *error);
static void ngx_snapshot_json_zeros(u_char *p, u_char *last);
static u_char *ngx_snapshot_json_string(u_char *p);
static void ngx_snapshot_json_push(ngx_snapshot_judge_t *j, json_t *object);
static ngx_snapshot_type_e ngx_snapshot_json_type(const json_t *value);


const char *const  ngx_snapshot_json_version = JANSSON_VERSION;


/* alloc and release are those that jansson is given elsewhere */

static struct {
    json_malloc_t              alloc;
    json_free_t                release;
    ngx_snapshot_json_block_t  blocks;
    jmp_buf                    out;
} ngx_snapshot_json_heap;


void
ngx_snapshot_json_read(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body)
{
    const char    *what;
    const u_char  *at;

    if (body.len == 0) {
        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_RULE_JSON_SYNTAX, "is empty",
                                0, 0);
        return;
    }

    at = ngx_snapshot_syntax(body, &what);

    if (at) {
        ngx_snapshot_json_wrong(j, NGX_SNAPSHOT_RULE_JSON_SYNTAX, body, at,
                                what);
        return;
    }

    ngx_snapshot_json_watched(j, body);
}


/* says what is wrong with the text, and at which line and character of it */

static void
ngx_snapshot_json_wrong(ngx_snapshot_judge_t *j, ngx_snapshot_rule_e rule,
    ngx_snapshot_str_t body, const u_char *at, const char *what)
{
    uint64_t       line, column;
    const u_char  *p;

    line = 1;
    column = 1;

    for (p = body.data; p < at; p++) {

        if (*p == '\n') {
            line++;
            column = 1;

        } else if ((*p & 0xc0) != 0x80) {
            column++;
        }
    }

    ngx_snapshot_judge_text(j, rule, what, line, column);
}


static void
ngx_snapshot_json_text(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body)
{
    json_t        *root;
    const u_char  *key;
    json_error_t   error;

    root = ngx_snapshot_json_load(body, JSON_REJECT_DUPLICATES, &error);

    if (root == NULL && json_error_code(&error) == json_error_duplicate_key) {

        key = ngx_snapshot_json_key(body.data + error.position);

        ngx_snapshot_json_wrong(j, NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY, body,
                                key,
                                "has one again");

        if (ngx_snapshot_judge_rejects(j)) {
            return;
        }

        /* the operator lets it through, and the last value wins */

        root = ngx_snapshot_json_load(body, 0, &error);
    }

    if (root == NULL) {
        j->failed = 1;
        return;
    }

    ngx_snapshot_judge_begin(j);
    ngx_snapshot_json_push(j, root);

    json_decref(root);
}


/* where the key that ends there begins: at the last quote not escaped */

static const u_char *
ngx_snapshot_json_key(const u_char *end)
{
    const u_char  *p, *q;

    p = end - 1;

    do {
        do {
            p--;
        } while (*p != '"');

        for (q = p; q[-1] == '\\'; q--) { /* void */ }

    } while ((p - q) % 2);

    return p;
}


/*
 * jansson has no number that is too great for a double.  No number is looked
 * at, so where there is such a one all are zeros, in a copy of the text.
 */

static json_t *
ngx_snapshot_json_load(ngx_snapshot_str_t body, size_t flags,
    json_error_t *error)
{
    json_t  *root;
    u_char  *copy;

    flags |= NGX_SNAPSHOT_JSON_FLAGS;

    root = json_loadb((const char *) body.data, body.len, flags, error);

    if (root || json_error_code(error) != json_error_numeric_overflow) {
        return root;
    }

    copy = ngx_snapshot_json_malloc(body.len);

    memcpy(copy, body.data, body.len);
    ngx_snapshot_json_zeros(copy, copy + body.len);

    root = json_loadb((const char *) copy, body.len, flags, error);

    ngx_snapshot_json_free(copy);

    return root;
}


/* makes a zero of each number, with its sign, and blanks of the rest of it */

static void
ngx_snapshot_json_zeros(u_char *p, u_char *last)
{
    size_t  n;

    while (p < last) {

        if (*p == '"') {
            p = ngx_snapshot_json_string(p);
            continue;
        }

        n = ngx_snapshot_number_len(p, last);

        if (n == 0 || *p == '-') {
            p++;
            continue;
        }

        memset(p, ' ', n);
        *p = '0';
        p += n;
    }
}


/* behind the string that begins at p, which ends, as the text is right */

static u_char *
ngx_snapshot_json_string(u_char *p)
{
    for (p++; *p != '"'; p++) {
        if (*p == '\\') {
            p++;
        }
    }

    return p + 1;
}


/*
 * jansson does not bear a lack of memory: it tells it as a fault of the text,
 * drops a byte, or goes on behind the end of a block.  So it never comes to
 * know of one: the reading is left with all of its blocks freed.
 */

static void
ngx_snapshot_json_watched(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body)
{
    json_malloc_t  alloc;
    json_free_t    release;

    json_get_alloc_funcs(&alloc, &release);

    ngx_snapshot_json_heap.alloc = alloc;
    ngx_snapshot_json_heap.release = release;
    ngx_snapshot_json_heap.blocks.next = &ngx_snapshot_json_heap.blocks;
    ngx_snapshot_json_heap.blocks.prev = &ngx_snapshot_json_heap.blocks;

    json_set_alloc_funcs(ngx_snapshot_json_malloc, ngx_snapshot_json_free);

    if (setjmp(ngx_snapshot_json_heap.out) == 0) {
        ngx_snapshot_json_text(j, body);

    } else {
        while (ngx_snapshot_json_heap.blocks.next
               != &ngx_snapshot_json_heap.blocks)
        {
            ngx_snapshot_json_free(ngx_snapshot_json_heap.blocks.next + 1);
        }

        j->failed = 1;
    }

    json_set_alloc_funcs(alloc, release);
}


static void *
ngx_snapshot_json_malloc(size_t size)
{
    ngx_snapshot_json_block_t  *b, *blocks;

    b = (size <= SIZE_MAX - sizeof(ngx_snapshot_json_block_t))
        ? ngx_snapshot_json_heap.alloc(size
                                       + sizeof(ngx_snapshot_json_block_t))
        : NULL;

    if (b == NULL) {
        longjmp(ngx_snapshot_json_heap.out, 1);
    }

    blocks = &ngx_snapshot_json_heap.blocks;

    b->prev = blocks;
    b->next = blocks->next;
    b->next->prev = b;
    blocks->next = b;

    return b + 1;
}


static void
ngx_snapshot_json_free(void *p)
{
    ngx_snapshot_json_block_t  *b;

    if (p == NULL) {
        return;
    }

    b = (ngx_snapshot_json_block_t *) p - 1;

    b->prev->next = b->next;
    b->next->prev = b->prev;

    ngx_snapshot_json_heap.release(b);
}


/* as deep as the judge wants, which is never deeper than its table */

static void
ngx_snapshot_json_push(ngx_snapshot_judge_t *j, json_t *object)
{
    void                 *iter;
    json_t               *value;
    ngx_snapshot_str_t    key, bytes;

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        key.data = (const u_char *) json_object_iter_key(iter);
        key.len = strlen((const char *) key.data);

        value = json_object_iter_value(iter);

        bytes.data = (const u_char *) json_string_value(value);
        bytes.len = json_string_length(value);

        if (ngx_snapshot_judge_member(j, key, ngx_snapshot_json_type(value),
                                      bytes))
        {
            ngx_snapshot_json_push(j, value);
        }
    }

    ngx_snapshot_judge_leave(j);
}


static ngx_snapshot_type_e
ngx_snapshot_json_type(const json_t *value)
{
    switch (json_typeof(value)) {

    case JSON_OBJECT:
        return NGX_SNAPSHOT_TYPE_OBJECT;

    case JSON_ARRAY:
        return NGX_SNAPSHOT_TYPE_ARRAY;

    case JSON_STRING:
        return NGX_SNAPSHOT_TYPE_STRING;

    case JSON_TRUE:
    case JSON_FALSE:
        return NGX_SNAPSHOT_TYPE_BOOLEAN;

    case JSON_NULL:
        return NGX_SNAPSHOT_TYPE_NULL;

    default:
        return NGX_SNAPSHOT_TYPE_NUMBER;
    }
}
