
#include <setjmp.h>

#include <jansson.h>

#include "ngx_snapshot_json.h"


/* numbers are never looked at, so a long one shall not be an error */

#define NGX_SNAPSHOT_JSON_FLAGS  JSON_DECODE_INT_AS_REAL


/* what stands before each block of jansson's, as aligned as the block */

typedef struct ngx_snapshot_json_block_s  ngx_snapshot_json_block_t;

struct ngx_snapshot_json_block_s {
    _Alignas(max_align_t)
    ngx_snapshot_json_block_t  *prev;
    ngx_snapshot_json_block_t  *next;
};


typedef struct {
    enum json_error_code   code;
    const char            *what;
} ngx_snapshot_json_fault_t;


static void ngx_snapshot_json_watched(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);
static void *ngx_snapshot_json_malloc(size_t size);
static void ngx_snapshot_json_free(void *p);
static void ngx_snapshot_json_text(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);
static int ngx_snapshot_json_nul(ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t body);
static void ngx_snapshot_json_error(ngx_snapshot_judge_t *j,
    const json_error_t *error);
static void ngx_snapshot_json_push(ngx_snapshot_judge_t *j, json_t *object);
static ngx_snapshot_type_e ngx_snapshot_json_type(const json_t *value);


/* jansson's own texts hold the client's bytes, so they are not used */

static const ngx_snapshot_json_fault_t  ngx_snapshot_json_faults[] = {
    { json_error_stack_overflow, "nested too deeply" },
    { json_error_premature_end_of_input, "ends too early" },
    { json_error_end_of_input_expected, "text after the end" },
    { json_error_invalid_syntax, "malformed" },
    { json_error_invalid_utf8, "invalid UTF-8" },
    { json_error_null_character, "a NUL in a string" },
    { json_error_null_byte_in_key, "a NUL in a key" },
    { json_error_numeric_overflow, "a number too large to be held" },
    { json_error_unknown, "malformed" }
};


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
    if (body.len == 0) {
        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_JSON_SYNTAX, "empty", 0, 0);
        return;
    }

    if (ngx_snapshot_json_nul(j, body)) {
        return;
    }

    ngx_snapshot_json_watched(j, body);
}


/*
 * 1 where there is a NUL byte, which no text has, and that is said.  jansson
 * reads over one that stands behind a number or a word (its issue 331).
 */

static int
ngx_snapshot_json_nul(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body)
{
    uint64_t       line, column;
    const u_char  *p, *nul;

    nul = memchr(body.data, 0, body.len);

    if (nul == NULL) {
        return 0;
    }

    line = 1;
    column = 1;

    for (p = body.data; p < nul; p++) {

        if (*p == '\n') {
            line++;
            column = 1;

        } else if ((*p & 0xc0) != 0x80) {
            column++;
        }
    }

    ngx_snapshot_judge_text(j, NGX_SNAPSHOT_JSON_SYNTAX, "a NUL", line, column);

    return 1;
}


static void
ngx_snapshot_json_text(ngx_snapshot_judge_t *j, ngx_snapshot_str_t body)
{
    json_t        *root;
    json_error_t   error;

    root = json_loadb((const char *) body.data, body.len,
                      NGX_SNAPSHOT_JSON_FLAGS|JSON_REJECT_DUPLICATES, &error);

    if (root == NULL && json_error_code(&error) == json_error_duplicate_key) {

        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_JSON_DUPLICATE_KEY,
                                "a key is there twice, the second time",
                                error.line, error.column);

        if (ngx_snapshot_judge_rejects(j)) {
            return;
        }

        /* the operator lets it through, and the last value wins */

        root = json_loadb((const char *) body.data, body.len,
                          NGX_SNAPSHOT_JSON_FLAGS, &error);
    }

    if (root == NULL) {
        ngx_snapshot_json_error(j, &error);
        return;
    }

    if (json_is_object(root)) {
        ngx_snapshot_judge_begin(j);
        ngx_snapshot_json_push(j, root);

    } else {
        ngx_snapshot_judge_text(j, NGX_SNAPSHOT_JSON_SYNTAX,
                                "an array at the top", 0, 0);
    }

    json_decref(root);
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


static void
ngx_snapshot_json_error(ngx_snapshot_judge_t *j, const json_error_t *error)
{
    enum json_error_code              code;
    const ngx_snapshot_json_fault_t  *f;

    code = json_error_code(error);

    for (f = ngx_snapshot_json_faults; f->code != json_error_unknown; f++) {
        if (f->code == code) {
            break;
        }
    }

    ngx_snapshot_judge_text(j, NGX_SNAPSHOT_JSON_SYNTAX, f->what,
                            error->line, error->column);
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
        return NGX_SNAPSHOT_OBJECT;

    case JSON_ARRAY:
        return NGX_SNAPSHOT_ARRAY;

    case JSON_STRING:
        return NGX_SNAPSHOT_STRING;

    case JSON_TRUE:
    case JSON_FALSE:
        return NGX_SNAPSHOT_BOOLEAN;

    case JSON_NULL:
        return NGX_SNAPSHOT_NULL;

    default:
        return NGX_SNAPSHOT_NUMBER_TYPE;
    }
}
