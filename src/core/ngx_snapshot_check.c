
/*
 * Holds values by kind of check, one row for each.  No rule, field or path is
 * named here: what a rule asks for is in its row.
 */

#include <stdarg.h>

#include "ngx_snapshot_check.h"
#include "ngx_snapshot_text.h"
#include "ngx_snapshot_vector.h"


#define ngx_snapshot_is_digit(c)  ((c) >= '0' && (c) <= '9')

#define ngx_snapshot_is_alpha(c)                                              \
    (((c) | 0x20) >= 'a' && ((c) | 0x20) <= 'z')

/* what is allowed is said first, then what was found */

#define NGX_SNAPSHOT_MUST_BE_PROJECT                                          \
    "must be 1 to 64 characters of 0-9, A-Z, a-z, \"-\" and \"_\", "
#define NGX_SNAPSHOT_MUST_BE_UUID                                             \
    "must be a UUID (8-4-4-4-12 hex digits), "

#define ngx_snapshot_min(a, b)  ((a) < (b) ? (a) : (b))
#define ngx_snapshot_plural(n)  ((n) == 1 ? "" : "s")


/*
 * types has a bit for each type of value that is looked at; stands_in, where
 * these stand for a value of another type.  describe() is NULL where a schema
 * has no word for it.
 */

typedef struct {
    int      (*hold)(const ngx_snapshot_value_t *v,
                     ngx_snapshot_finding_t *found);
    void     (*describe)(const ngx_snapshot_value_t *v,
                         ngx_snapshot_schema_t *schema);
    unsigned   types;
    unsigned   stands_in;
} ngx_snapshot_kind_t;


static ngx_snapshot_noinline int ngx_snapshot_found(
    ngx_snapshot_finding_t *found, const char *fmt, ...);
static int ngx_snapshot_hold_project(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_project(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_uuid(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static uint64_t ngx_snapshot_uuid_wrong(ngx_snapshot_str_t s, size_t i);
static void ngx_snapshot_describe_uuid(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_media_type(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static int ngx_snapshot_hold_words(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_words(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_boolean(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_boolean(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_length(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_length(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static ngx_snapshot_noinline int ngx_snapshot_too_long(
    const ngx_snapshot_value_t *v, size_t n, const char *what,
    ngx_snapshot_finding_t *found);
static int ngx_snapshot_hold_characters(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_characters(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_prefix(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_prefix(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_pattern(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_pattern(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_limit(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_limit(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_advised(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_advised(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_hold_range(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found);
static void ngx_snapshot_describe_range(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema);
static int ngx_snapshot_media_hidden(ngx_snapshot_str_t name,
    ngx_snapshot_str_t value, ngx_snapshot_str_t charset);
static int ngx_snapshot_media_parameter(ngx_snapshot_str_t *s,
    ngx_snapshot_str_t *name, ngx_snapshot_str_t *value);
static size_t ngx_snapshot_token_len(ngx_snapshot_str_t s);
static void ngx_snapshot_cut(ngx_snapshot_str_t *s, size_t n);
static void ngx_snapshot_cut_space(ngx_snapshot_str_t *s);
static int ngx_snapshot_is_word(const ngx_snapshot_value_t *v);
static int ngx_snapshot_number(ngx_snapshot_str_t s, uint64_t *n);


#define STRING  (1U << NGX_SNAPSHOT_TYPE_STRING)
#define NUMBER  (1U << NGX_SNAPSHOT_TYPE_NUMBER)

static const ngx_snapshot_kind_t  ngx_snapshot_kinds[NGX_SNAPSHOT_CHECKS] = {

    [NGX_SNAPSHOT_CHECK_PROJECT] = {
        ngx_snapshot_hold_project, ngx_snapshot_describe_project,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_UUID] = {
        ngx_snapshot_hold_uuid, ngx_snapshot_describe_uuid,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_MEDIA_TYPE] = {
        ngx_snapshot_hold_media_type, NULL,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_WORDS] = {
        ngx_snapshot_hold_words, ngx_snapshot_describe_words,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_BOOLEAN] = {
        ngx_snapshot_hold_boolean, ngx_snapshot_describe_boolean,
        STRING, 1
    },

    [NGX_SNAPSHOT_CHECK_LENGTH] = {
        ngx_snapshot_hold_length, ngx_snapshot_describe_length,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_CHARACTERS] = {
        ngx_snapshot_hold_characters, ngx_snapshot_describe_characters,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_PREFIX] = {
        ngx_snapshot_hold_prefix, ngx_snapshot_describe_prefix,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_PATTERN] = {
        ngx_snapshot_hold_pattern, ngx_snapshot_describe_pattern,
        STRING, 0
    },

    [NGX_SNAPSHOT_CHECK_LIMIT] = {
        ngx_snapshot_hold_limit, ngx_snapshot_describe_limit,
        STRING|NUMBER, 0
    },

    [NGX_SNAPSHOT_CHECK_ADVISED] = {
        ngx_snapshot_hold_advised, ngx_snapshot_describe_advised,
        STRING|NUMBER, 0
    },

    [NGX_SNAPSHOT_CHECK_RANGE] = {
        ngx_snapshot_hold_range, ngx_snapshot_describe_range,
        STRING|NUMBER, 0
    }
};


ngx_snapshot_rule_e
ngx_snapshot_patterns_compile(ngx_snapshot_patterns_t *patterns)
{
    unsigned            i;
    ngx_snapshot_str_t  pattern;

    memset(patterns, 0, sizeof(ngx_snapshot_patterns_t));

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {

        pattern = ngx_snapshot_rules[i].pattern;

        if (pattern.len == 0) {
            continue;
        }

        patterns->rule[i] = ngx_snapshot_regex_compile(pattern);

        if (patterns->rule[i] == NULL) {
            return (ngx_snapshot_rule_e) i;
        }
    }

    return NGX_SNAPSHOT_RULE_NONE;
}


void
ngx_snapshot_patterns_free(ngx_snapshot_patterns_t *patterns)
{
    unsigned  i;

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {
        ngx_snapshot_regex_free(patterns->rule[i]);
    }
}


int
ngx_snapshot_check(const ngx_snapshot_value_t *value,
    ngx_snapshot_finding_t *found)
{
    const ngx_snapshot_kind_t  *kind;

    kind = &ngx_snapshot_kinds[value->rule->check];

    if (!(kind->types & 1U << value->type)) {
        return 1;
    }

    return kind->hold(value, found);
}


int
ngx_snapshot_check_param(ngx_snapshot_param_e param, ngx_snapshot_str_t bytes)
{
    ngx_snapshot_value_t  value;

    value.type = NGX_SNAPSHOT_TYPE_STRING;
    value.bytes = bytes;
    value.rule = &ngx_snapshot_rules[ngx_snapshot_path_params[param].rule];
    value.max = value.rule->max;
    value.patterns = NULL;

    return ngx_snapshot_check(&value, NULL);
}


int
ngx_snapshot_check_takes(ngx_snapshot_rule_e rule, ngx_snapshot_type_e type)
{
    return (ngx_snapshot_kinds[ngx_snapshot_rules[rule].check].types
            & 1U << type) != 0;
}


int
ngx_snapshot_check_stands_in(ngx_snapshot_rule_e rule,
    ngx_snapshot_type_e type)
{
    return ngx_snapshot_kinds[ngx_snapshot_rules[rule].check].stands_in
           && ngx_snapshot_check_takes(rule, type);
}


int
ngx_snapshot_text_is(ngx_snapshot_str_t text, ngx_snapshot_type_e type)
{
    static const ngx_snapshot_str_t  words[] = {
        ngx_snapshot_string("true"), ngx_snapshot_string("false")
    };

    switch (type) {

    case NGX_SNAPSHOT_TYPE_NUMBER:
        return text.len != 0
               && ngx_snapshot_number_len(text.data, text.data + text.len)
                  == text.len;

    case NGX_SNAPSHOT_TYPE_BOOLEAN:
        return ngx_snapshot_eq(text, words[0])
               || ngx_snapshot_eq(text, words[1]);

    default:
        return 1;
    }
}


void
ngx_snapshot_schema_init(ngx_snapshot_schema_t *schema)
{
    memset(schema, 0, sizeof(ngx_snapshot_schema_t));

    schema->max = UINT64_MAX;
    schema->max_bytes = UINT64_MAX;
    schema->max_characters = UINT64_MAX;
}


void
ngx_snapshot_describe(const ngx_snapshot_rule_t *rule, uint64_t max,
    ngx_snapshot_schema_t *schema)
{
    ngx_snapshot_value_t        value;
    const ngx_snapshot_kind_t  *kind;

    memset(&value, 0, sizeof(ngx_snapshot_value_t));

    value.rule = rule;
    value.max = max;

    kind = &ngx_snapshot_kinds[rule->check];

    if (kind->describe) {
        kind->describe(&value, schema);
    }
}


/*
 * Says what a check found, where somebody wants to know.  fmt is as for
 * printf(), with "%s", "%u" of a uint64_t and "%V" of an ngx_snapshot_str_t *.
 * Returns 0: the rule does not hold.
 */

static ngx_snapshot_noinline int
ngx_snapshot_found(ngx_snapshot_finding_t *found, const char *fmt, ...)
{
    va_list                    args;
    const char                *p;
    const ngx_snapshot_str_t  *s;

    if (found == NULL || found->text == NULL) {
        return 0;
    }

    va_start(args, fmt);

    for (p = strchr(fmt, '%'); p; p = strchr(fmt, '%')) {

        ngx_snapshot_text_add(found->text, fmt, p - fmt);

        if (p[1] == 's') {
            ngx_snapshot_text_cstr(found->text, va_arg(args, const char *));

        } else if (p[1] == 'u') {
            ngx_snapshot_text_num(found->text, va_arg(args, uint64_t));

        } else {
            s = va_arg(args, const ngx_snapshot_str_t *);
            ngx_snapshot_text_add(found->text, s->data, s->len);
        }

        fmt = p + 2;
    }

    va_end(args);

    ngx_snapshot_text_cstr(found->text, fmt);

    return 0;
}


static int
ngx_snapshot_hold_project(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    size_t  i, n;

    if (v->bytes.len == 0) {
        return ngx_snapshot_found(found, NGX_SNAPSHOT_MUST_BE_PROJECT
                                  "is missing");
    }

    if (v->bytes.len > NGX_SNAPSHOT_PROJECT_ID_MAX) {
        return ngx_snapshot_found(found, NGX_SNAPSHOT_MUST_BE_PROJECT
                                  "has %u bytes", (uint64_t) v->bytes.len);
    }

    for (i = 0; i < v->bytes.len; i += NGX_SNAPSHOT_VECTOR) {

        n = __builtin_ctz(ngx_snapshot_vector_mask(
                              ~ngx_snapshot_vector_words(
                                  ngx_snapshot_vector_load(v->bytes, i)))
                          | 1U << NGX_SNAPSHOT_VECTOR);

        /* what is behind the end is no such character either */

        if (n < NGX_SNAPSHOT_VECTOR && i + n < v->bytes.len) {
            return ngx_snapshot_found(found, NGX_SNAPSHOT_MUST_BE_PROJECT
                                      "has another character at byte %u",
                                      (uint64_t) (i + n + 1));
        }
    }

    return 1;
}


static void
ngx_snapshot_describe_project(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    static const ngx_snapshot_str_t  pattern =
        ngx_snapshot_string("[0-9A-Za-z_-]{1,64}");

    (void) v;

    schema->pattern = pattern;
}


static int
ngx_snapshot_hold_uuid(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    uint64_t  wrong;

    if (v->bytes.len != NGX_SNAPSHOT_UUID_LEN) {
        return ngx_snapshot_found(found, NGX_SNAPSHOT_MUST_BE_UUID
                                  "has %u byte%s", (uint64_t) v->bytes.len,
                                  ngx_snapshot_plural(v->bytes.len));
    }

    /* the last ones overlap those before them */

    wrong = ngx_snapshot_uuid_wrong(v->bytes, 0)
            | ngx_snapshot_uuid_wrong(v->bytes, NGX_SNAPSHOT_VECTOR)
            | ngx_snapshot_uuid_wrong(v->bytes, NGX_SNAPSHOT_UUID_LEN
                                                - NGX_SNAPSHOT_VECTOR);
    if (wrong == 0) {
        return 1;
    }

    return ngx_snapshot_found(found, NGX_SNAPSHOT_MUST_BE_UUID
                              "has another character at byte %u",
                              (uint64_t) __builtin_ctzll(wrong) + 1);
}


/* a bit for each byte from i on that is neither the hex digit nor the dash */

static ngx_snapshot_inline uint64_t
ngx_snapshot_uuid_wrong(ngx_snapshot_str_t s, size_t i)
{
    ngx_snapshot_vector_t  bytes, hex, dash, dashes;

    static const ngx_snapshot_str_t  form =
                  ngx_snapshot_string("........-....-....-....-............");

    bytes = ngx_snapshot_vector_load(s, i);
    dashes = ngx_snapshot_are(ngx_snapshot_vector_load(form, i), '-');

    hex = ngx_snapshot_within(bytes, '0', '9')
          | ngx_snapshot_within(bytes | 0x20, 'a', 'f');
    dash = ngx_snapshot_are(bytes, '-');

    return (uint64_t) ngx_snapshot_vector_mask((dashes & ~dash)
                                               | (~dashes & ~hex))
           << i;
}


static void
ngx_snapshot_describe_uuid(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    static const ngx_snapshot_str_t  pattern =
        ngx_snapshot_string("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}"
                            "-[0-9A-Fa-f]{12}");

    (void) v;

    schema->format = "uuid";
    schema->pattern = pattern;
}


/* RFC 9110, section 8.3.1, and what the contract leaves of its parameters */

static int
ngx_snapshot_hold_media_type(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    ngx_snapshot_str_t  s, type, name, value;

    static const ngx_snapshot_str_t  json =
                                      ngx_snapshot_string("application/json");
    static const ngx_snapshot_str_t  charset = ngx_snapshot_string("charset");
    static const ngx_snapshot_str_t  utf_8 = ngx_snapshot_string("utf-8");
    static const ngx_snapshot_str_t  utf8 = ngx_snapshot_string("utf8");

    s = v->bytes;

    if (ngx_snapshot_same(s, json)) {
        return 1;
    }

    ngx_snapshot_cut_space(&s);

    type = s;

    if (type.len > json.len) {
        type.len = json.len;
    }

    if (!ngx_snapshot_caseeq(type, json)) {
        goto wrong;
    }

    ngx_snapshot_cut(&s, json.len);

    for ( ;; ) {
        ngx_snapshot_cut_space(&s);

        if (s.len == 0) {
            return 1;
        }

        if (s.data[0] != ';') {
            goto wrong;
        }

        ngx_snapshot_cut(&s, 1);
        ngx_snapshot_cut_space(&s);

        if (s.len == 0 || s.data[0] == ';') {
            continue;
        }

        if (!ngx_snapshot_media_parameter(&s, &name, &value)) {
            return ngx_snapshot_found(found, "%s, has a malformed parameter",
                                      v->rule->must);
        }

        if ((ngx_snapshot_caseeq(name, charset)
             && !ngx_snapshot_caseeq(value, utf_8)
             && !ngx_snapshot_caseeq(value, utf8))
            || ngx_snapshot_media_hidden(name, value, charset))
        {
            return ngx_snapshot_found(found, "must have no charset but utf-8, "
                                      "has another");
        }
    }

wrong:

    return ngx_snapshot_found(found, "%s, is another media type",
                              v->rule->must);
}


/*
 * 1 where a parameter may be a charset to a server: "charset*" and the like of
 * RFC 2231, and a value in which one is found by those who do not mind quotes.
 */

static int
ngx_snapshot_media_hidden(ngx_snapshot_str_t name, ngx_snapshot_str_t value,
    ngx_snapshot_str_t charset)
{
    if (name.len > charset.len && name.data[charset.len] == '*') {
        name.len = charset.len;

        if (ngx_snapshot_caseeq(name, charset)) {
            return 1;
        }
    }

    for ( /* void */ ; value.len >= charset.len; ngx_snapshot_cut(&value, 1)) {

        name.data = value.data;
        name.len = charset.len;

        if (ngx_snapshot_caseeq(name, charset)) {
            return 1;
        }
    }

    return 0;
}


/*
 * Takes "name=value" off the beginning of s.  A quoted value keeps its escapes,
 * so that a charset with one is not utf-8.
 */

static int
ngx_snapshot_media_parameter(ngx_snapshot_str_t *s, ngx_snapshot_str_t *name,
    ngx_snapshot_str_t *value)
{
    size_t  i;

    name->data = s->data;
    name->len = ngx_snapshot_token_len(*s);
    ngx_snapshot_cut(s, name->len);

    if (name->len == 0 || s->len == 0 || s->data[0] != '=') {
        return 0;
    }

    ngx_snapshot_cut(s, 1);

    if (s->len == 0 || s->data[0] != '"') {
        value->data = s->data;
        value->len = ngx_snapshot_token_len(*s);
        ngx_snapshot_cut(s, value->len);

        return value->len != 0;
    }

    ngx_snapshot_cut(s, 1);

    for (i = 0; i < s->len && s->data[i] != '"'; i++) {
        if (s->data[i] == '\\') {
            i++;
        }
    }

    if (i >= s->len) {
        return 0;
    }

    value->data = s->data;
    value->len = i;
    ngx_snapshot_cut(s, i + 1);

    return 1;
}


/* a token of RFC 9110, section 5.6.2 */

static size_t
ngx_snapshot_token_len(ngx_snapshot_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!ngx_snapshot_is_digit(s.data[i])
            && !ngx_snapshot_is_alpha(s.data[i])
            && (s.data[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", s.data[i])))
        {
            break;
        }
    }

    return i;
}


static void
ngx_snapshot_cut(ngx_snapshot_str_t *s, size_t n)
{
    s->data += n;
    s->len -= n;
}


static void
ngx_snapshot_cut_space(ngx_snapshot_str_t *s)
{
    while (s->len && (s->data[0] == ' ' || s->data[0] == '\t')) {
        ngx_snapshot_cut(s, 1);
    }
}


static int
ngx_snapshot_hold_words(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    unsigned                     i;
    const ngx_snapshot_words_t  *words;

    if (ngx_snapshot_is_word(v)) {
        return 1;
    }

    words = &v->rule->words;

    (void) ngx_snapshot_found(found, "must be ");

    for (i = 0; i < words->nwords; i++) {
        (void) ngx_snapshot_found(found, "%s\"%V\"",
                                  ngx_snapshot_before(i, words->nwords),
                                  &words->words[i]);
    }

    return ngx_snapshot_found(found, v->bytes.len ? ", is another value"
                                                  : ", is empty");
}


static void
ngx_snapshot_describe_words(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->one_of = &v->rule->words;
}


/* holds where the string is not one that clients send for a boolean */

static int
ngx_snapshot_hold_boolean(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    if (!ngx_snapshot_is_word(v)) {
        return 1;
    }

    return ngx_snapshot_found(found, "must be true or false, is a boolean in "
                              "quotes");
}


static void
ngx_snapshot_describe_boolean(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->none_of = &v->rule->words;
}


static int
ngx_snapshot_is_word(const ngx_snapshot_value_t *v)
{
    unsigned                     i;
    const ngx_snapshot_words_t  *words;

    words = &v->rule->words;

    for (i = 0; i < words->nwords; i++) {
        if (words->nocase ? ngx_snapshot_caseeq(v->bytes, words->words[i])
                          : ngx_snapshot_same(v->bytes, words->words[i]))
        {
            return 1;
        }
    }

    return 0;
}


static int
ngx_snapshot_hold_length(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    return v->bytes.len <= v->max
           || ngx_snapshot_too_long(v, v->bytes.len, "byte", found);
}


/* says so; a limit is at least 1, so there are more than one */

static ngx_snapshot_noinline int
ngx_snapshot_too_long(const ngx_snapshot_value_t *v, size_t n,
    const char *what, ngx_snapshot_finding_t *found)
{
    return ngx_snapshot_found(found, "%u %ss, at most %u %s allowed",
                              (uint64_t) n, what, v->max,
                              v->max == 1 ? "is" : "are");
}


static void
ngx_snapshot_describe_length(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->max_bytes = ngx_snapshot_min(v->max, schema->max_bytes);
}


static int
ngx_snapshot_hold_characters(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    size_t               n;
    const u_char        *p, *last;
    ngx_snapshot_str_t   except;

    n = 0;
    except = v->rule->except;
    last = v->bytes.data + v->bytes.len;

    for (p = v->bytes.data; p < last; p++) {
        n += (*p & 0xc0) != 0x80;
    }

    if (n > v->max) {
        return ngx_snapshot_too_long(v, n, "character", found);
    }

    for (p = v->bytes.data; p < last; p++) {

        if (memchr(except.data, *p, except.len)) {
            return ngx_snapshot_found(found, "must have none of %V, has one at "
                                      "byte %u", &except,
                                      (uint64_t) (p - v->bytes.data + 1));
        }
    }

    return 1;
}


static void
ngx_snapshot_describe_characters(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->max_characters = ngx_snapshot_min(v->max, schema->max_characters);
    schema->except = v->rule->except;
}


static int
ngx_snapshot_hold_prefix(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    ngx_snapshot_str_t         head;
    const ngx_snapshot_str_t  *prefix;

    prefix = &v->rule->prefix;

    if (v->bytes.len < prefix->len) {
        return 1;
    }

    head.data = v->bytes.data;
    head.len = prefix->len;

    if (!ngx_snapshot_eq(head, *prefix)) {
        return 1;
    }

    return ngx_snapshot_found(found, "must not begin with \"%V\", begins with "
                              "it", prefix);
}


static void
ngx_snapshot_describe_prefix(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->prefix = v->rule->prefix;
}


static int
ngx_snapshot_hold_pattern(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    int                        rc;
    const ngx_snapshot_str_t  *pattern;

    if (v->patterns == NULL) {
        return NGX_SNAPSHOT_ERROR;
    }

    rc = ngx_snapshot_regex_match(
                           v->patterns->rule[v->rule - ngx_snapshot_rules],
                           v->bytes);

    if (rc != 0) {
        return rc;
    }

    pattern = &v->rule->pattern;

    return ngx_snapshot_found(found, "must match %V, has %u byte%s that %s not",
                              pattern, (uint64_t) v->bytes.len,
                              ngx_snapshot_plural(v->bytes.len),
                              v->bytes.len == 1 ? "does" : "do");
}


static void
ngx_snapshot_describe_pattern(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->pattern = v->rule->pattern;
}


/* page 004: an integer greater than 0, at most max */

static int
ngx_snapshot_hold_limit(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    uint64_t                          n;
    ngx_snapshot_str_t                s;
    const ngx_snapshot_limit_text_t  *texts, *text;

    texts = v->rule->limit;
    s = v->bytes;

    if (s.len > 1 && s.data[0] == '-') {
        ngx_snapshot_cut(&s, 1);

        text = ngx_snapshot_number(s, &n)
                   ? &texts[NGX_SNAPSHOT_LIMIT_NOT_POSITIVE]
                   : &texts[NGX_SNAPSHOT_LIMIT_NOT_INTEGER];

    } else if (!ngx_snapshot_number(s, &n)) {
        text = &texts[NGX_SNAPSHOT_LIMIT_NOT_INTEGER];

    } else if (n == 0) {
        text = &texts[NGX_SNAPSHOT_LIMIT_NOT_POSITIVE];

    } else if (n <= v->max) {
        return 1;

    } else {
        text = &texts[NGX_SNAPSHOT_LIMIT_TOO_GREAT];
    }

    if (found) {
        found->code = text->code;
    }

    if (text == &texts[NGX_SNAPSHOT_LIMIT_TOO_GREAT]) {
        return ngx_snapshot_found(found, "%s%u.", text->text, v->max);
    }

    return ngx_snapshot_found(found, "%s", text->text);
}


static void
ngx_snapshot_describe_limit(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    ngx_snapshot_describe_range(v, schema);

    schema->min = 1;
}


/* page 004 advises at most 50 a page; what is no number has its own rule */

static int
ngx_snapshot_hold_advised(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    uint64_t  n;

    if (!ngx_snapshot_number(v->bytes, &n) || n <= v->max) {
        return 1;
    }

    return ngx_snapshot_found(found, "should be at most %u, is greater",
                              v->max);
}


static void
ngx_snapshot_describe_advised(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->max = ngx_snapshot_min(v->max, schema->max);
}


static int
ngx_snapshot_hold_range(const ngx_snapshot_value_t *v,
    ngx_snapshot_finding_t *found)
{
    uint64_t  n;

    if (!ngx_snapshot_number(v->bytes, &n)) {
        return ngx_snapshot_found(found, "must be an integer from 0 to %u, is "
                                  "%s", v->max,
                                  v->bytes.len ? "another value" : "empty");
    }

    if (n > v->max) {
        return ngx_snapshot_found(found, "must be an integer from 0 to %u, is "
                                  "greater", v->max);
    }

    return 1;
}


static void
ngx_snapshot_describe_range(const ngx_snapshot_value_t *v,
    ngx_snapshot_schema_t *schema)
{
    schema->integer = 1;

    ngx_snapshot_describe_advised(v, schema);
}


/* 1 and the number, UINT64_MAX where it is greater; 0 where s is no number */

static int
ngx_snapshot_number(ngx_snapshot_str_t s, uint64_t *n)
{
    size_t  i;
    u_char  digit;

    *n = 0;

    for (i = 0; i < s.len; i++) {

        if (!ngx_snapshot_is_digit(s.data[i])) {
            return 0;
        }

        digit = s.data[i] - '0';

        if (*n > (UINT64_MAX - digit) / 10) {
            *n = UINT64_MAX;
            continue;
        }

        *n = *n * 10 + digit;
    }

    return s.len != 0;
}
