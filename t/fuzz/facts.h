
/*
 * The contract as t/data/contract.json has it, and what its checks accept, for
 * the simple readers of the fuzzers.  Nothing here is of the gateway's but the
 * numbers of its rules.  The tables are made by t/fuzz/facts.
 */


#ifndef _FACTS_H_INCLUDED_
#define _FACTS_H_INCLUDED_


#include "fuzz.h"

#include <regex.h>
#include <strings.h>


#define FACT_FIELD_RULES  4


typedef enum {
    FACT_CHECK_NONE = 0,
    FACT_CHECK_UUID,
    FACT_CHECK_PATTERN,
    FACT_CHECK_PREFIX,
    FACT_CHECK_BYTES,
    FACT_CHECK_CHARACTERS,
    FACT_CHECK_WORDS,
    FACT_CHECK_RANGE
} fact_check_e;


typedef enum {
    FACT_TYPE_STRING = 0,
    FACT_TYPE_BOOLEAN,
    FACT_TYPE_OBJECT,
    FACT_TYPE_NUMBER
} fact_type_e;


/*
 * In the order of reporting; no code where a family has no such rule.  "more"
 * is what it answers in another case: a number that is too great, a method
 * that is wrong.  least and most are digits; text is a pattern, what a value
 * may not begin with, or the characters that it may not have.
 */

typedef struct {
    const char           *name;
    ngx_snapshot_rule_e   rule;
    unsigned              status;
    const char           *evs;
    const char           *dws;
    unsigned              more_status;
    const char           *more_evs;
    const char           *more_dws;
    fact_check_e          check;
    const char           *least;
    const char           *most;
    size_t                max;
    const char           *text;
    const char *const    *words;
    int                   any_case;
} fact_rule_t;


/*
 * An alias has all that the field has of which it is one.  as_string is the
 * rule of a string in place of a boolean, entry that of each member of an
 * object.
 */

typedef struct {
    const char           *name;
    const char           *alias_of;
    fact_type_e           type;
    int                   required;
    int                   nullable;
    ngx_snapshot_rule_e   rules[FACT_FIELD_RULES];
    ngx_snapshot_rule_e   as_string;
    ngx_snapshot_rule_e   entry;
} fact_field_t;


typedef struct {
    const char           *name;
    const char           *family;
    const char           *wrapper;
    ngx_snapshot_rule_e   any_of;
    const fact_field_t   *body;
    const fact_field_t   *query;
} fact_operation_t;


typedef struct {
    unsigned              status;
    const char           *name;
    const char           *evs;
    const char           *dws;
} fact_fault_t;


#include "facts-data.h"


/* NULL of an operation that is judged by neither */

static inline const fact_operation_t *
fact_operation(ngx_snapshot_str_t name)
{
    const fact_operation_t  *op;

    for (op = fact_operations; op->name; op++) {
        if (fuzz_is(name, op->name)) {
            return op;
        }
    }

    return NULL;
}


static inline const fact_rule_t *
fact_rule(ngx_snapshot_rule_e rule)
{
    const fact_rule_t  *r;

    for (r = fact_rules; r->rule != rule; r++) {
        if (r->name == NULL) {
            abort();
        }
    }

    return r;
}


static inline const fact_field_t *
fact_field(const fact_field_t *fields, ngx_snapshot_str_t name)
{
    for ( /* void */ ; fields->name; fields++) {
        if (fuzz_is(name, fields->name)) {
            return fields;
        }
    }

    return NULL;
}


/* the whole value, by a library that the gateway does not use */

static inline int
fact_matches(const fact_rule_t *r, ngx_snapshot_str_t value)
{
    int   rc;
    char  text[256], *s;

    static regex_t  compiled[NGX_SNAPSHOT_RULES];
    static int      is_compiled[NGX_SNAPSHOT_RULES];

    if (!is_compiled[r->rule]) {
        snprintf(text, sizeof(text), "^(%s)$", r->text);

        if (regcomp(&compiled[r->rule], text, REG_EXTENDED|REG_NOSUB) != 0) {
            abort();
        }

        is_compiled[r->rule] = 1;
    }

    if (value.len && memchr(value.data, '\0', value.len)) {
        return 0;
    }

    s = strndup((const char *) value.data, value.len);
    rc = regexec(&compiled[r->rule], s, 0, NULL, 0);

    free(s);

    return rc == 0;
}


/* numbers of any length, as text */

static inline int
fact_exceeds(ngx_snapshot_str_t digits, const char *max)
{
    while (digits.len > 1 && digits.data[0] == '0') {
        digits.data++;
        digits.len--;
    }

    if (digits.len != strlen(max)) {
        return digits.len > strlen(max);
    }

    return memcmp(digits.data, max, digits.len) > 0;
}


static inline int
fact_is_text_of(const fact_rule_t *r, ngx_snapshot_str_t value)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < value.len; i++) {
        n += (value.data[i] & 0xc0) != 0x80;

        if (value.data[i] && strchr(r->text, value.data[i])) {
            return 0;
        }
    }

    return n <= r->max;
}


static inline int
fact_is_word(const fact_rule_t *r, ngx_snapshot_str_t value)
{
    const char *const  *word;

    for (word = r->words; *word; word++) {
        if (strlen(*word) == value.len
            && (r->any_case
                ? strncasecmp(*word, (const char *) value.data, value.len)
                : memcmp(*word, value.data, value.len)) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* more is set to 1 where the rule's other answer is due */

static inline int
fact_holds(const fact_rule_t *r, ngx_snapshot_str_t value, int *more)
{
    *more = 0;

    switch (r->check) {

    case FACT_CHECK_UUID:
        return fuzz_is_uuid(value);

    case FACT_CHECK_PATTERN:
        return fact_matches(r, value);

    case FACT_CHECK_PREFIX:
        return value.len < strlen(r->text)
               || memcmp(value.data, r->text, strlen(r->text)) != 0;

    case FACT_CHECK_BYTES:
        return value.len <= r->max;

    case FACT_CHECK_CHARACTERS:
        return fact_is_text_of(r, value);

    case FACT_CHECK_WORDS:
        return fact_is_word(r, value);

    case FACT_CHECK_RANGE:
        if (!fuzz_is_digits(value)
            || (strcmp(r->least, "0") != 0 && !fact_exceeds(value, "0")))
        {
            return 0;
        }

        *more = fact_exceeds(value, r->most);

        return !*more;

    default:
        abort();
    }
}


/*
 * The rules that a value of a field breaks, of ranges the first one; code is
 * set to that of the last one.
 */

static inline uint64_t
fact_broken(const fact_field_t *field, ngx_snapshot_str_t value,
    const char **code)
{
    int                         more;
    uint64_t                    rules;
    const fact_rule_t          *r;
    const ngx_snapshot_rule_e  *rule;

    rules = 0;

    for (rule = field->rules; *rule != NGX_SNAPSHOT_RULE_NONE; rule++) {

        r = fact_rule(*rule);

        if (fact_holds(r, value, &more)) {
            continue;
        }

        rules |= fuzz_bit(*rule);
        *code = more && r->more_evs ? r->more_evs : r->evs;

        if (r->check == FACT_CHECK_RANGE) {
            break;
        }
    }

    return rules;
}


#endif /* _FACTS_H_INCLUDED_ */
