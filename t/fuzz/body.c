
/*
 * What the gateway's reader and judge make of a body, of each operation that
 * has one, is what a reader makes of it that was written from CONTRACT section
 * 2 alone, over a tree, with the facts of t/data/contract.json: the same rules
 * are broken.  So what is accepted satisfies the contract, and what is rejected
 * does not.  The tree is jansson's, whether there may be one is said by text.h.
 * So is whether a mistake is where it is said to be.  The input is the body.
 */


#include "facts.h"
#include "reply.h"
#include "text.h"

#include <jansson.h>


static uint64_t fuzz_read(const ngx_snapshot_operation_t *op,
    ngx_snapshot_str_t body);
static json_t *fuzz_read_tree(ngx_snapshot_str_t body, json_error_t *error);
static uint64_t fuzz_read_members(const fact_operation_t *facts,
    json_t *object, ngx_snapshot_str_t body);
static uint64_t fuzz_read_member(const fact_field_t *field, json_t *value,
    ngx_snapshot_str_t body);
static uint64_t fuzz_read_entries(const fact_rule_t *rule, json_t *object);
static int fuzz_is_of_type(json_t *value, fact_type_e type);
static ngx_snapshot_str_t fuzz_text(json_t *value, ngx_snapshot_str_t body);
static const u_char *fuzz_place(ngx_snapshot_str_t body,
    ngx_snapshot_str_t message);
static void fuzz_check_mistake(ngx_snapshot_str_t body,
    ngx_snapshot_str_t message);
static void fuzz_judge(const ngx_snapshot_operation_t *op,
    ngx_snapshot_str_t body);


/*
 * Where the numbers of a tree are in the body: those in it count them, from 1
 * on, and one that has a sign is one byte before.
 */

static const u_char  **fuzz_numbers;


static uint64_t
fuzz_read(const ngx_snapshot_operation_t *op, ngx_snapshot_str_t body)
{
    json_t                  *root, *object;
    uint64_t                 rules;
    json_error_t             error;
    const fact_operation_t  *facts;

    if (body.len > fact_rule(NGX_SNAPSHOT_RULE_BODY_SIZE)->max) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_BODY_SIZE);
    }

    facts = fact_operation(op->name);
    root = fuzz_read_tree(body, &error);
    rules = 0;

    if (!text_is_object(body)) {
        rules = fuzz_bit(NGX_SNAPSHOT_RULE_JSON_SYNTAX);

    } else if (root == NULL
               && json_error_code(&error) == json_error_duplicate_key)
    {
        rules = fuzz_bit(NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY);

    } else if (root == NULL) {
        fprintf(stderr, "jansson refuses what is right: %s\n", error.text);
        fuzz_show("body", body);
        abort();

    } else {
        object = json_object_get(root, facts->wrapper);

        if (json_object_size(root) > (object != NULL)) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_UNKNOWN);
        }

        if (object == NULL) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

        } else if (!json_is_object(object)) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);

        } else {
            rules |= fuzz_read_members(facts, object, body);
        }
    }

    json_decref(root);
    free(fuzz_numbers);

    return rules;
}


/*
 * A number may have any size, so in place of what is one to text.h there is
 * its place among them, which jansson can hold.
 */

static json_t *
fuzz_read_tree(ngx_snapshot_str_t body, json_error_t *error)
{
    char      *copy, *q;
    text_t     t, number;
    json_t    *root;
    unsigned   n;

    /* one of a digit becomes one of six at most */

    copy = malloc(body.len * 6 + 8);
    fuzz_numbers = malloc((body.len + 2) * sizeof(*fuzz_numbers));

    if (copy == NULL || fuzz_numbers == NULL) {
        abort();
    }

    n = 0;
    q = copy;
    t.p = body.data;
    t.last = body.data + body.len;

    while (t.p < t.last) {

        number = t;

        if (*t.p == '"') {
            *q++ = (char) *t.p++;

            while (t.p < t.last && *t.p != '"') {

                if (*t.p == '\\' && t.last - t.p > 1) {
                    *q++ = (char) *t.p++;
                }

                *q++ = (char) *t.p++;
            }

            if (t.p < t.last) {
                *q++ = (char) *t.p++;
            }

        } else if (*t.p != '-' && text_number(&number)) {
            fuzz_numbers[++n] = t.p;
            q += sprintf(q, "%u", n);
            t.p = number.p;

        } else {
            *q++ = (char) *t.p++;
        }
    }

    root = json_loadb(copy, q - copy, JSON_REJECT_DUPLICATES, error);

    free(copy);

    return root;
}


static uint64_t
fuzz_read_members(const fact_operation_t *facts, json_t *object,
    ngx_snapshot_str_t body)
{
    int                  some;
    void                *iter;
    json_t              *value;
    uint64_t             rules;
    const fact_field_t  *field;

    rules = 0;
    some = 0;

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        if (fact_field(facts->body, fuzz_str(json_object_iter_key(iter)))
            == NULL)
        {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_UNKNOWN);
        }
    }

    for (field = facts->body; field->name; field++) {

        value = json_object_get(object, field->name);

        if (value == NULL) {
            rules |= field->required && field->alias_of == NULL
                     ? fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED) : 0;

        } else if (field->alias_of) {

            /* it is refused, so nothing else is said of it */

            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_ALIAS);

        } else {
            some |= !json_is_null(value);
            rules |= fuzz_read_member(field, value, body);
        }
    }

    if (facts->any_of && !some) {
        rules |= fuzz_bit(facts->any_of);
    }

    return rules;
}


static uint64_t
fuzz_read_member(const fact_field_t *field, json_t *value,
    ngx_snapshot_str_t body)
{
    int          more;
    const char  *code;

    if (json_is_null(value) && field->nullable) {
        return 0;
    }

    if (field->as_string && json_is_string(value)) {
        return fuzz_bit(fact_holds(fact_rule(field->as_string),
                                   fuzz_text(value, body), &more)
                        ? field->as_string : NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    if (!fuzz_is_of_type(value, field->type)) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    if (field->required && json_is_string(value)
        && json_string_length(value) == 0)
    {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);
    }

    if (field->entry) {
        return fuzz_read_entries(fact_rule(field->entry), value);
    }

    return fact_broken(field, fuzz_text(value, body), &code);
}


static uint64_t
fuzz_read_entries(const fact_rule_t *rule, json_t *object)
{
    void    *iter;
    size_t   len;
    json_t  *value;

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        len = strlen(json_object_iter_key(iter));
        value = json_object_iter_value(iter);

        if (len < 1 || len > rule->max
            || !json_is_string(value) || json_string_length(value) > rule->max)
        {
            return fuzz_bit(rule->rule);
        }
    }

    return 0;
}


static int
fuzz_is_of_type(json_t *value, fact_type_e type)
{
    switch (type) {

    case FACT_TYPE_STRING:
        return json_is_string(value);

    case FACT_TYPE_BOOLEAN:
        return json_is_boolean(value);

    case FACT_TYPE_OBJECT:
        return json_is_object(value);

    default:
        return json_is_number(value);
    }
}


/* a string without its escapes, a number as it was sent, else nothing */

static ngx_snapshot_str_t
fuzz_text(json_t *value, ngx_snapshot_str_t body)
{
    text_t               t;
    json_int_t           n;
    ngx_snapshot_str_t   text;

    text = fuzz_str("");

    if (json_is_string(value)) {
        text.data = (const u_char *) json_string_value(value);
        text.len = json_string_length(value);

    } else if (json_is_number(value)) {
        n = json_integer_value(value);

        t.p = fuzz_numbers[n < 0 ? -n : n] - (n < 0);
        t.last = body.data + body.len;

        text.data = t.p;
        (void) text_number(&t);
        text.len = t.p - text.data;
    }

    return text;
}


/* the byte that a message names by line and character */

static const u_char *
fuzz_place(ngx_snapshot_str_t body, ngx_snapshot_str_t message)
{
    char           text[256], *at;
    unsigned       line, column;
    const u_char  *p;

    snprintf(text, sizeof(text), "%.*s", (int) message.len, message.data);

    at = strstr(text, " at line ");

    if (at == NULL
        || sscanf(at, " at line %u, column %u", &line, &column) != 2)
    {
        return NULL;
    }

    for (p = body.data; line > 1; p++) {
        line -= (*p == '\n');
    }

    /* what is before it is UTF-8 */

    for ( /* void */ ; column > 1; column--) {
        p += (*p < 0x80) ? 1 : (*p < 0xe0) ? 2 : (*p < 0xf0) ? 3 : 4;
    }

    return p;
}


/*
 * What is before a mistake can begin an object, and with the mistake no more.
 * Of a character, of an escape and of a pair of these the first byte counts,
 * of a number the first one that is not in it.
 */

static void
fuzz_check_mistake(ngx_snapshot_str_t body, ngx_snapshot_str_t message)
{
    const u_char        *at;
    ngx_snapshot_str_t   head;

    at = fuzz_place(body, message);

    if (at == NULL) {
        if (body.len) {
            fprintf(stderr, "the mistake has no place\n");
            abort();
        }

        return;
    }

    head.data = body.data;
    head.len = at - body.data;

    if (!text_may_begin(head)) {
        fprintf(stderr, "the mistake is before that place\n");
        fuzz_show("message", message);
        fuzz_show("body", body);
        fuzz_show("up to it", head);
        abort();
    }

    if (head.len == body.len || *at >= 0x80 || strchr("\\-.eE", *at)) {
        return;
    }

    head.len++;

    if (text_may_begin(head)) {
        fprintf(stderr, "the mistake is behind that place\n");
        fuzz_show("message", message);
        fuzz_show("body", body);
        fuzz_show("up to it", head);
        abort();
    }
}


static void
fuzz_judge(const ngx_snapshot_operation_t *op, ngx_snapshot_str_t body)
{
    uint64_t                rules;
    fuzz_block_t           *blocks;
    ngx_snapshot_mem_t      mem;
    ngx_snapshot_judge_t    j;

    fuzz_begin(&j, &mem, &blocks, op);

    /* as the gateway does it */

    if (ngx_snapshot_judge_size(&j, body.len)) {
        ngx_snapshot_json_read(fuzz_reader(), &j, body);
    }

    rules = fuzz_read(op, body);

    if (j.failed
        || rules != j.rules.bits
        || (fuzz_rejecting(rules) != 0)
           != (j.count[NGX_SNAPSHOT_SEVERITY_REJECT] != 0))
    {
        fprintf(stderr, "the judge and the contract differ:\n");
        fuzz_show("operation", op->name);
        fuzz_show("body", body);
        fuzz_show_rules("the judge says", j.rules.bits);
        fuzz_show_rules("the contract says", rules);

        if (j.failed) {
            fprintf(stderr, "  the judge gave up\n");
        }

        abort();
    }

    if (rules == fuzz_bit(NGX_SNAPSHOT_RULE_JSON_SYNTAX)) {
        fuzz_check_mistake(body, ngx_snapshot_text_str(&j.first->message));
    }

    reply_check(&j);

    fuzz_free(blocks);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned             i;
    ngx_snapshot_str_t   body;

    body = fuzz_exact(data, size);

    for (i = 0; i < NGX_SNAPSHOT_OPERATIONS; i++) {
        if (ngx_snapshot_operations[i].body && !fuzz_is_twin(i)) {
            fuzz_judge(&ngx_snapshot_operations[i], body);
        }
    }

    free((void *) body.data);

    return 0;
}
