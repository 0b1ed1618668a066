
/*
 * Kinds of checks, each one row: what it accepts, and how that looks in a
 * schema.  It is given bytes and their type, and knows neither JSON, queries
 * nor paths, nor who asks.
 */


#ifndef _NGX_SNAPSHOT_CHECK_H_INCLUDED_
#define _NGX_SNAPSHOT_CHECK_H_INCLUDED_


#include "ngx_snapshot_contract.h"
#include "ngx_snapshot_regex.h"
#include "ngx_snapshot_text.h"


#pragma GCC visibility push(hidden)


/* the compiled pattern of each rule that has one, else NULL */

typedef struct {
    ngx_snapshot_regex_t  *rule[NGX_SNAPSHOT_RULES];
} ngx_snapshot_patterns_t;


/*
 * A value, its bytes those of a string without its escapes or a number as it
 * was sent, and the rule that it is held against: max is the rule's own, in
 * bytes or as a number.  patterns may be NULL where the rule has none.
 */

typedef struct {
    ngx_snapshot_type_e             type;
    ngx_snapshot_str_t              bytes;
    const ngx_snapshot_rule_t      *rule;
    uint64_t                        max;
    const ngx_snapshot_patterns_t  *patterns;
} ngx_snapshot_value_t;


/*
 * What a check found: appended to text, ASCII without any of the value's bytes,
 * "must be what is allowed, is what was found", or not said where that is NULL;
 * code is set where the rule's own does not hold.
 */

typedef struct {
    const char           *code;
    ngx_snapshot_text_t  *text;
} ngx_snapshot_finding_t;


/*
 * What rules ask of a value, as a schema can say it.  integer: it is a whole
 * number from min to max.  max_bytes counts bytes of UTF-8, max_characters
 * its characters.  format is what JSON Schema calls the pattern, which matches
 * all of the value; prefix is not its beginning, no character in except is in
 * it; it is one of the words in one_of, and none of those in none_of.  A member
 * that is empty, NULL, or UINT64_MAX asks nothing.
 */

typedef struct {
    unsigned                     integer;
    uint64_t                     min;
    uint64_t                     max;
    uint64_t                     max_bytes;
    uint64_t                     max_characters;
    const char                  *format;
    ngx_snapshot_str_t           pattern;
    ngx_snapshot_str_t           prefix;
    ngx_snapshot_str_t           except;
    const ngx_snapshot_words_t  *one_of;
    const ngx_snapshot_words_t  *none_of;
} ngx_snapshot_schema_t;


/*
 * Compiles the pattern of each rule that has one.  Returns the rule whose
 * pattern is wrong, or for which memory is short, or NGX_SNAPSHOT_RULE_NONE.
 * In either case the caller frees what there is with
 * ngx_snapshot_patterns_free().
 */

ngx_snapshot_rule_e ngx_snapshot_patterns_compile(
    ngx_snapshot_patterns_t *patterns);

void ngx_snapshot_patterns_free(ngx_snapshot_patterns_t *patterns);

/*
 * Holds a value against its rule, whose check is not "none".  Returns 1 where
 * the rule holds, 0 where it does not (then *found is filled, if given),
 * NGX_SNAPSHOT_ERROR where that could not be told.
 */

int ngx_snapshot_check(const ngx_snapshot_value_t *value,
    ngx_snapshot_finding_t *found);

/* Checks a part of a path; its rule has no pattern. */

int ngx_snapshot_check_param(ngx_snapshot_param_e param,
    ngx_snapshot_str_t bytes);

/* 1 where a rule's check looks at values of a type. */

int ngx_snapshot_check_takes(ngx_snapshot_rule_e rule,
    ngx_snapshot_type_e type);

/*
 * 1 where a rule judges values of the type that stand for one of another type,
 * in place of the rule that would say that the type is wrong.
 */

int ngx_snapshot_check_stands_in(ngx_snapshot_rule_e rule,
    ngx_snapshot_type_e type);

/* 1 where a parameter's value reads as one of the type. */

int ngx_snapshot_text_is(ngx_snapshot_str_t text, ngx_snapshot_type_e type);

/* A schema that asks nothing. */

void ngx_snapshot_schema_init(ngx_snapshot_schema_t *schema);

/*
 * Adds what a rule asks of a value, where max is its own, to a schema.  What
 * it points to is static.
 */

void ngx_snapshot_describe(const ngx_snapshot_rule_t *rule, uint64_t max,
    ngx_snapshot_schema_t *schema);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_CHECK_H_INCLUDED_ */
