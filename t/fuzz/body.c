
/*
 * What the judge makes of a body, of each operation that has one, is what a
 * reader makes of it that was written from CONTRACT section 2 alone, over a
 * tree, and without a table: the same rules are broken.  So what is accepted
 * satisfies the contract, and what is rejected does not.  The tree is
 * jansson's, whether there may be one is said by text.h.  So is whether a
 * mistake is where it is said to be.  The input is the body.
 */


#include "fuzz.h"
#include "ngx_snapshot_syntax.h"
#include "reply.h"
#include "text.h"

#include <jansson.h>


static uint64_t fuzz_read(const ngx_snapshot_operation_t *op,
    ngx_snapshot_str_t body);
static json_t *fuzz_read_tree(ngx_snapshot_str_t body, json_error_t *error);
static uint64_t fuzz_read_evs(json_t *snapshot, int create);
static uint64_t fuzz_read_aliases(json_t *snapshot);
static uint64_t fuzz_read_dws(json_t *snapshot);
static uint64_t fuzz_read_unknown(json_t *object, const char *known);
static uint64_t fuzz_read_text(json_t *value, size_t max,
    ngx_snapshot_rule_e rule);
static uint64_t fuzz_read_force(json_t *force);
static uint64_t fuzz_read_metadata(json_t *metadata);
static uint64_t fuzz_read_dws_name(json_t *name);
static void fuzz_check_mistake(ngx_snapshot_str_t body);
static void fuzz_judge(const ngx_snapshot_operation_t *op,
    ngx_snapshot_str_t body);


static uint64_t
fuzz_read(const ngx_snapshot_operation_t *op, ngx_snapshot_str_t body)
{
    json_t        *root, *snapshot;
    uint64_t       rules;
    json_error_t   error;

    if (body.len > 114688) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_BODY_SIZE);
    }

    root = fuzz_read_tree(body, &error);

    if (!text_is_object(body)) {
        json_decref(root);
        return fuzz_bit(NGX_SNAPSHOT_RULE_JSON_SYNTAX);
    }

    if (root == NULL && json_error_code(&error) == json_error_duplicate_key) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY);
    }

    if (root == NULL) {
        fprintf(stderr, "jansson refuses what is right: %s\n", error.text);
        fuzz_show("body", body);
        abort();
    }

    rules = fuzz_read_unknown(root, " snapshot ");

    snapshot = json_object_get(root, "snapshot");

    if (snapshot == NULL) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

    } else if (!json_is_object(snapshot)) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);

    } else if (fuzz_is(op->name, "dws_v1_create")) {
        rules |= fuzz_read_dws(snapshot);

    } else {
        rules |= fuzz_read_evs(snapshot, fuzz_is(op->name, "evs_v3_create")
                                         || fuzz_is(op->name, "evs_v2_create"));
    }

    json_decref(root);

    return rules;
}


/*
 * A number is never looked at, so in place of what is one to text.h there is
 * a zero, which jansson can hold.
 */

static json_t *
fuzz_read_tree(ngx_snapshot_str_t body, json_error_t *error)
{
    char    *copy, *q;
    text_t   t, number;
    json_t  *root;

    copy = malloc(body.len + 1);
    if (copy == NULL) {
        abort();
    }

    q = copy;
    t.p = body.data;
    t.last = body.data + body.len;

    while (t.p < t.last) {

        number = t;

        if (*t.p == '"') {
            do {
                *q++ = (char) *t.p++;

                if (t.last - t.p > 1 && *t.p == '\\') {
                    *q++ = (char) *t.p++;
                    *q++ = (char) *t.p++;
                }

            } while (t.p < t.last && *t.p != '"');

            if (t.p < t.last) {
                *q++ = (char) *t.p++;
            }

        } else if (*t.p != '-' && text_number(&number)) {
            *q++ = '0';

            if (number.p - t.p > 1) {
                *q++ = ' ';
            }

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
fuzz_read_evs(json_t *snapshot, int create)
{
    json_t              *name, *description, *volume;
    uint64_t             rules;
    ngx_snapshot_str_t   id;

    name = json_object_get(snapshot, "name");
    description = json_object_get(snapshot, "description");

    rules = fuzz_read_text(name, 255, NGX_SNAPSHOT_RULE_NAME_LENGTH)
            | fuzz_read_text(description, 255,
                             NGX_SNAPSHOT_RULE_DESCRIPTION_LENGTH);

    if (json_is_string(name)
        && strncmp(json_string_value(name), "autobk_snapshot_", 16) == 0)
    {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_NAME_RESERVED);
    }

    if (!create) {

        if ((name == NULL || json_is_null(name))
            && (description == NULL || json_is_null(description)))
        {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_UPDATE_EMPTY);
        }

        return rules | fuzz_read_aliases(snapshot)
               | fuzz_read_unknown(snapshot, " name description display_name "
                                             "display_description ");
    }

    volume = json_object_get(snapshot, "volume_id");

    if (volume == NULL) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

    } else if (!json_is_string(volume)) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);

    } else if (json_string_length(volume) == 0) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

    } else {
        id = fuzz_str(json_string_value(volume));

        rules |= fuzz_is_uuid(id) ? 0 : fuzz_bit(NGX_SNAPSHOT_RULE_VOLUME_ID);
    }

    return rules
           | fuzz_read_force(json_object_get(snapshot, "force"))
           | fuzz_read_metadata(json_object_get(snapshot, "metadata"))
           | fuzz_read_aliases(snapshot)
           | fuzz_read_unknown(snapshot, " volume_id force metadata "
                                         "description name display_name "
                                         "display_description ");
}


static uint64_t
fuzz_read_aliases(json_t *snapshot)
{
    return json_object_get(snapshot, "display_name")
           || json_object_get(snapshot, "display_description")
           ? fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_ALIAS) : 0;
}


static uint64_t
fuzz_read_dws(json_t *snapshot)
{
    size_t       n;
    json_t      *cluster, *description;
    uint64_t     rules;
    const char  *p;

    description = json_object_get(snapshot, "description");

    rules = fuzz_read_unknown(snapshot, " name cluster_id description ")
            | fuzz_read_dws_name(json_object_get(snapshot, "name"))
            | fuzz_read_text(description, SIZE_MAX,
                             NGX_SNAPSHOT_RULE_DESCRIPTION_FORMAT);

    if (json_is_string(description)) {
        p = json_string_value(description);

        for (n = 0; *p; p++) {
            n += (*p & 0xc0) != 0x80;
        }

        if (n > 256 || strpbrk(json_string_value(description), "!<>'=&\"")) {
            rules |= fuzz_bit(NGX_SNAPSHOT_RULE_DESCRIPTION_FORMAT);
        }
    }

    cluster = json_object_get(snapshot, "cluster_id");

    if (cluster == NULL) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

    } else if (!json_is_string(cluster)) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);

    } else if (json_string_length(cluster) == 0) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);

    } else if (!fuzz_is_uuid(fuzz_str(json_string_value(cluster)))) {
        rules |= fuzz_bit(NGX_SNAPSHOT_RULE_CLUSTER_ID);
    }

    return rules;
}


/* the known ones are between spaces, which no key has that is one of them */

static uint64_t
fuzz_read_unknown(json_t *object, const char *known)
{
    void        *iter;
    char         word[32];
    const char  *key;

    for (iter = json_object_iter(object);
         iter;
         iter = json_object_iter_next(object, iter))
    {
        key = json_object_iter_key(iter);

        if (strlen(key) > 20 || strchr(key, ' ')) {
            return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_UNKNOWN);
        }

        sprintf(word, " %s ", key);

        if (strstr(known, word) == NULL) {
            return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_UNKNOWN);
        }
    }

    return 0;
}


/* a string of at most so many bytes, or null, or nothing */

static uint64_t
fuzz_read_text(json_t *value, size_t max, ngx_snapshot_rule_e rule)
{
    if (value == NULL || json_is_null(value)) {
        return 0;
    }

    if (!json_is_string(value)) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    return json_string_length(value) > max ? fuzz_bit(rule) : 0;
}


static uint64_t
fuzz_read_force(json_t *force)
{
    size_t  i;

    static const char *const  words[] = { "true", "false", "1", "0", "yes",
                                          "no", "on", "off", "t", "f", "y",
                                          "n" };

    if (force == NULL || json_is_boolean(force)) {
        return 0;
    }

    if (!json_is_string(force)) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    for (i = 0; i < fuzz_array(words); i++) {
        if (strcasecmp(json_string_value(force), words[i]) == 0) {
            return fuzz_bit(NGX_SNAPSHOT_RULE_BOOLEAN_STRING);
        }
    }

    return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
}


static uint64_t
fuzz_read_metadata(json_t *metadata)
{
    void    *iter;
    size_t   len;
    json_t  *value;

    if (metadata == NULL || json_is_null(metadata)) {
        return 0;
    }

    if (!json_is_object(metadata)) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    for (iter = json_object_iter(metadata);
         iter;
         iter = json_object_iter_next(metadata, iter))
    {
        len = strlen(json_object_iter_key(iter));
        value = json_object_iter_value(iter);

        if (len < 1 || len > 255
            || !json_is_string(value) || json_string_length(value) > 255)
        {
            return fuzz_bit(NGX_SNAPSHOT_RULE_METADATA_ENTRY);
        }
    }

    return 0;
}


static uint64_t
fuzz_read_dws_name(json_t *name)
{
    size_t       i, len;
    const char  *s;

    if (name == NULL) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);
    }

    if (!json_is_string(name)) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_TYPE);
    }

    s = json_string_value(name);
    len = json_string_length(name);

    if (len == 0) {
        return fuzz_bit(NGX_SNAPSHOT_RULE_FIELD_REQUIRED);
    }

    if (len < 4 || len > 64
        || !((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z')))
    {
        return fuzz_bit(NGX_SNAPSHOT_RULE_NAME_FORMAT);
    }

    for (i = 1; i < len; i++) {
        if (!fuzz_is_word((u_char) s[i])) {
            return fuzz_bit(NGX_SNAPSHOT_RULE_NAME_FORMAT);
        }
    }

    return 0;
}


/*
 * What is before a mistake can begin an object, and with the mistake no more.
 * Of a character, of an escape and of a pair of these the first byte counts,
 * of a number the first one that is not in it.
 */

static void
fuzz_check_mistake(ngx_snapshot_str_t body)
{
    const char          *what;
    const u_char        *at;
    ngx_snapshot_str_t   head;

    at = body.len ? ngx_snapshot_syntax(body, &what) : NULL;

    if (at == NULL) {
        return;
    }

    head.data = body.data;
    head.len = at - body.data;

    if (!text_may_begin(head)) {
        fprintf(stderr, "the mistake is before that place: %s\n", what);
        fuzz_show("body", body);
        fuzz_show("up to it", head);
        abort();
    }

    if (head.len == body.len || *at >= 0x80 || strchr("\\-.eE", *at)) {
        return;
    }

    head.len++;

    if (text_may_begin(head)) {
        fprintf(stderr, "the mistake is behind that place: %s\n", what);
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

    if (ngx_snapshot_judge_size(&j, body.len)
        && !ngx_snapshot_scan(&j, body, 0))
    {
        ngx_snapshot_json_read(&j, body);
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

    reply_check(&j);

    fuzz_free(blocks);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned             i;
    ngx_snapshot_str_t   body;

    body = fuzz_exact(data, size);

    fuzz_check_mistake(body);

    for (i = 0; i < NGX_SNAPSHOT_OPERATIONS; i++) {
        if (ngx_snapshot_operations[i].body && !fuzz_is_twin(i)) {
            fuzz_judge(&ngx_snapshot_operations[i], body);
        }
    }

    free((void *) body.data);

    return 0;
}
