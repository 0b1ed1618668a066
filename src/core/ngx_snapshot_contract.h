
/*
 * The contract: every documented fact, one row each.  Data, no code but the
 * look-ups.  Pages are those of the API reference that a row is taken from:
 * 000 EVS v3 create, 001 EVS v2 create, 002 EVS v3 update, 003 DWS v1.0
 * create, 004 EVS v3 detail.
 */


#ifndef _NGX_SNAPSHOT_CONTRACT_H_INCLUDED_
#define _NGX_SNAPSHOT_CONTRACT_H_INCLUDED_


#include "ngx_snapshot_core.h"


#pragma GCC visibility push(hidden)


typedef enum {
    NGX_SNAPSHOT_FAMILY_EVS = 0,
    NGX_SNAPSHOT_FAMILY_DWS,
    NGX_SNAPSHOT_FAMILIES
} ngx_snapshot_family_e;


/*
 * title and text are what the description calls it.  flat: an error has its
 * code and message beside the object, too.  internal is the whole error of a
 * request that could not be judged, which must need no memory.
 */

typedef struct {
    ngx_snapshot_str_t            name;
    const char                   *title;
    const char                   *text;
    unsigned                      flat;
    ngx_snapshot_str_t            internal;
} ngx_snapshot_family_t;


typedef enum {
    NGX_SNAPSHOT_SEVERITY_PASS = 0,
    NGX_SNAPSHOT_SEVERITY_WARN,
    NGX_SNAPSHOT_SEVERITY_REJECT,
    NGX_SNAPSHOT_SEVERITIES
} ngx_snapshot_severity_e;


/* the rules, in the order of checking and of reporting */

typedef enum {
    NGX_SNAPSHOT_RULE_NONE = 0,
    NGX_SNAPSHOT_RULE_URI_CANONICAL,
    NGX_SNAPSHOT_RULE_PROJECT_ID,
    NGX_SNAPSHOT_RULE_PROJECT_MATCH,
    NGX_SNAPSHOT_RULE_METHOD_OVERRIDE,
    NGX_SNAPSHOT_RULE_SNAPSHOT_ID,
    NGX_SNAPSHOT_RULE_OPERATION_KNOWN,
    NGX_SNAPSHOT_RULE_CONTENT_TYPE,
    NGX_SNAPSHOT_RULE_CONTENT_ENCODING,
    NGX_SNAPSHOT_RULE_BODY_SIZE,
    NGX_SNAPSHOT_RULE_JSON_SYNTAX,
    NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY,
    NGX_SNAPSHOT_RULE_FIELD_REQUIRED,
    NGX_SNAPSHOT_RULE_FIELD_UNKNOWN,
    NGX_SNAPSHOT_RULE_FIELD_ALIAS,
    NGX_SNAPSHOT_RULE_FIELD_TYPE,
    NGX_SNAPSHOT_RULE_BOOLEAN_STRING,
    NGX_SNAPSHOT_RULE_PARAM_ENCODING,
    NGX_SNAPSHOT_RULE_PARAM_DUPLICATE,
    NGX_SNAPSHOT_RULE_PARAM_UNKNOWN,
    NGX_SNAPSHOT_RULE_VOLUME_ID,
    NGX_SNAPSHOT_RULE_CLUSTER_ID,
    NGX_SNAPSHOT_RULE_NAME_LENGTH,
    NGX_SNAPSHOT_RULE_NAME_RESERVED,
    NGX_SNAPSHOT_RULE_NAME_FORMAT,
    NGX_SNAPSHOT_RULE_DESCRIPTION_LENGTH,
    NGX_SNAPSHOT_RULE_DESCRIPTION_FORMAT,
    NGX_SNAPSHOT_RULE_METADATA_ENTRY,
    NGX_SNAPSHOT_RULE_UPDATE_EMPTY,
    NGX_SNAPSHOT_RULE_LIMIT_RANGE,
    NGX_SNAPSHOT_RULE_LIMIT_ADVISED,
    NGX_SNAPSHOT_RULE_OFFSET_RANGE,
    NGX_SNAPSHOT_RULE_SORT_DIR,
    NGX_SNAPSHOT_RULE_MARKER,
    NGX_SNAPSHOT_RULE_STATUS_KNOWN,
    NGX_SNAPSHOT_RULES
} ngx_snapshot_rule_e;


/* a set of rules */

typedef struct {
    uint64_t                      bits;
} ngx_snapshot_rules_t;

_Static_assert(NGX_SNAPSHOT_RULES <= 64, "a set of rules has 64 bits");


static ngx_snapshot_inline void
ngx_snapshot_rules_add(ngx_snapshot_rules_t *set, ngx_snapshot_rule_e rule)
{
    set->bits |= (uint64_t) 1 << rule;
}


static ngx_snapshot_inline int
ngx_snapshot_rules_has(ngx_snapshot_rules_t set, ngx_snapshot_rule_e rule)
{
    return (int) (set.bits >> rule & 1);
}


/* the first rule of a set behind another one, or NGX_SNAPSHOT_RULE_NONE */

static ngx_snapshot_inline ngx_snapshot_rule_e
ngx_snapshot_rules_next(ngx_snapshot_rules_t set, ngx_snapshot_rule_e rule)
{
    uint64_t  bits;

    bits = set.bits >> rule >> 1;

    return bits ? (ngx_snapshot_rule_e) (rule + 1 + __builtin_ctzll(bits))
                : NGX_SNAPSHOT_RULE_NONE;
}


/* where a rule looks; at a value of those fields and parts that have it */

typedef enum {
    NGX_SNAPSHOT_WHERE_REQUEST = 0,
    NGX_SNAPSHOT_WHERE_UNKNOWN,
    NGX_SNAPSHOT_WHERE_BODY,
    NGX_SNAPSHOT_WHERE_QUERY,
    NGX_SNAPSHOT_WHERE_VALUE
} ngx_snapshot_where_e;


/*
 * How a value is checked, each a row in ngx_snapshot_check.c; "none" where the
 * judge decides.
 */

typedef enum {
    NGX_SNAPSHOT_CHECK_NONE = 0,
    NGX_SNAPSHOT_CHECK_PROJECT,
    NGX_SNAPSHOT_CHECK_UUID,
    NGX_SNAPSHOT_CHECK_MEDIA_TYPE,
    NGX_SNAPSHOT_CHECK_WORDS,
    NGX_SNAPSHOT_CHECK_BOOLEAN,
    NGX_SNAPSHOT_CHECK_LENGTH,
    NGX_SNAPSHOT_CHECK_CHARACTERS,
    NGX_SNAPSHOT_CHECK_PREFIX,
    NGX_SNAPSHOT_CHECK_PATTERN,
    NGX_SNAPSHOT_CHECK_LIMIT,
    NGX_SNAPSHOT_CHECK_ADVISED,
    NGX_SNAPSHOT_CHECK_RANGE,
    NGX_SNAPSHOT_CHECKS
} ngx_snapshot_check_e;


typedef enum {
    NGX_SNAPSHOT_UNIT_NONE = 0,
    NGX_SNAPSHOT_UNIT_BYTES,
    NGX_SNAPSHOT_UNIT_NUMBER
} ngx_snapshot_unit_e;


typedef struct {
    const ngx_snapshot_str_t     *words;
    unsigned                      nwords;
    unsigned                      nocase;
} ngx_snapshot_words_t;


/* what a limit parameter can break, page 004 and the error code list */

typedef struct {
    const char                   *code;
    const char                   *text;
} ngx_snapshot_limit_text_t;


#define NGX_SNAPSHOT_LIMIT_NOT_INTEGER   0
#define NGX_SNAPSHOT_LIMIT_NOT_POSITIVE  1
#define NGX_SNAPSHOT_LIMIT_TOO_GREAT     2
#define NGX_SNAPSHOT_LIMIT_TEXTS         3


/*
 * must says what is allowed where the check has no words of its own.  The last
 * members are what a check of that kind wants to know: the words that a value
 * must be one of, or must not be; what it must not begin with; the characters,
 * of ASCII, that it must not have; a pattern of pcre2 for all of it; what is
 * said of a limit.
 */

typedef struct {
    ngx_snapshot_str_t                name;
    ngx_snapshot_severity_e           severity;
    unsigned                          status;
    /* NULL where the rule does not exist for the family */
    const char                       *code[NGX_SNAPSHOT_FAMILIES];
    ngx_snapshot_unit_e               unit;
    uint64_t                          max;
    ngx_snapshot_where_e              where;
    ngx_snapshot_check_e              check;
    const char                       *must;
    ngx_snapshot_words_t              words;
    ngx_snapshot_str_t                prefix;
    ngx_snapshot_str_t                except;
    ngx_snapshot_str_t                pattern;
    const ngx_snapshot_limit_text_t  *limit;
} ngx_snapshot_rule_t;


/* what an operator made of a rule */

typedef struct {
    ngx_snapshot_severity_e       severity;
    uint64_t                      max;
} ngx_snapshot_setting_t;


typedef enum {
    NGX_SNAPSHOT_TYPE_STRING = 0,
    NGX_SNAPSHOT_TYPE_BOOLEAN,
    NGX_SNAPSHOT_TYPE_OBJECT,
    NGX_SNAPSHOT_TYPE_ARRAY,
    NGX_SNAPSHOT_TYPE_NUMBER,
    NGX_SNAPSHOT_TYPE_NULL,
    NGX_SNAPSHOT_TYPES,
    NGX_SNAPSHOT_TYPE_ANY = NGX_SNAPSHOT_TYPES
} ngx_snapshot_type_e;


/* values that are kept for the variables of the same names */

typedef enum {
    NGX_SNAPSHOT_KEEP_NONE = 0,
    NGX_SNAPSHOT_KEEP_NAME,
    NGX_SNAPSHOT_KEEP_VOLUME_ID,
    NGX_SNAPSHOT_KEEP_CLUSTER_ID,
    NGX_SNAPSHOT_KEEPS
} ngx_snapshot_keep_e;


#define NGX_SNAPSHOT_FLAG_REQUIRED  0x01
#define NGX_SNAPSHOT_FLAG_NULLABLE  0x02

#define NGX_SNAPSHOT_FIELD_CHECKS  3


typedef struct ngx_snapshot_scope_s  ngx_snapshot_scope_t;


/*
 * A member of a body, also of a response, or a parameter of a query; text says
 * what it is.
 */

typedef struct {
    ngx_snapshot_str_t            name;
    ngx_snapshot_type_e           type;
    unsigned                      flags;
    ngx_snapshot_rule_e           rules[NGX_SNAPSHOT_FIELD_CHECKS];
    ngx_snapshot_keep_e           keep;
    const ngx_snapshot_scope_t   *members;
    const char                   *page;
    const char                   *text;
} ngx_snapshot_field_t;


/*
 * Another name that servers know for a field, and the rule that it breaks;
 * where that does not reject, it is judged as the field.
 */

typedef struct {
    ngx_snapshot_str_t            name;
    ngx_snapshot_str_t            field;
    ngx_snapshot_rule_e           rule;
} ngx_snapshot_alias_t;


/*
 * The fields that may stand beside each other, those that are required first;
 * title is what the description calls such an object, NULL where it is part of
 * another.
 */

struct ngx_snapshot_scope_s {
    const char                   *title;
    const ngx_snapshot_field_t   *fields;
    unsigned                      nfields;
    /* a rule that wants at least one of the fields, or 0 */
    ngx_snapshot_rule_e           any_of;
    /* a rule for every member of a map, which has no fields, or 0 */
    ngx_snapshot_rule_e           entry;
    const ngx_snapshot_alias_t   *aliases;
    unsigned                      naliases;
};


typedef enum {
    NGX_SNAPSHOT_METHOD_GET = 0x01,
    NGX_SNAPSHOT_METHOD_HEAD = 0x02,
    NGX_SNAPSHOT_METHOD_POST = 0x04,
    NGX_SNAPSHOT_METHOD_PUT = 0x08,
    NGX_SNAPSHOT_METHOD_DELETE = 0x10
} ngx_snapshot_method_e;

#define NGX_SNAPSHOT_METHODS  5


/*
 * Where an operation is found: "/v3/{project_id}/snapshots", a path from the
 * version on, in which "{name}" stands for any one segment.
 */

typedef struct {
    unsigned                      methods;
    const char                   *path;
} ngx_snapshot_target_t;


/* an operation has so many at most */

#define NGX_SNAPSHOT_TARGETS  4


/*
 * The "{name}" of paths, and the rule of each where the operation is judged;
 * tenant is the rule that wants it to be the tenant's, of any request, or 0.
 */

typedef enum {
    NGX_SNAPSHOT_PARAM_PROJECT_ID = 0,
    NGX_SNAPSHOT_PARAM_SNAPSHOT_ID,
    NGX_SNAPSHOT_PARAMS
} ngx_snapshot_param_e;


typedef struct {
    ngx_snapshot_str_t            name;
    ngx_snapshot_rule_e           rule;
    ngx_snapshot_rule_e           tenant;
    const char                   *text;
} ngx_snapshot_path_param_t;


/*
 * The first ones are judged, each by a body or a query; their siblings are
 * known by name alone, and have neither.
 */

typedef struct {
    ngx_snapshot_str_t            name;
    ngx_snapshot_family_e         family;
    ngx_snapshot_target_t         targets[NGX_SNAPSHOT_TARGETS + 1];
    const ngx_snapshot_scope_t   *body;
    const ngx_snapshot_scope_t   *query;
    unsigned                      status;
    const ngx_snapshot_scope_t   *response;
    const char                   *summary;
    const char                   *page;
    const char                   *text;
    /* the samples of the page, as JSON */
    const char                   *request;
    const char                   *sample;
} ngx_snapshot_operation_t;


/*
 * A field inside the wrapper of a body, or with query a parameter, that an
 * operator allows beside those of the contract, in one operation or, with NULL,
 * in all; max is in bytes of a string or a number.
 */

typedef struct {
    ngx_snapshot_str_t                name;
    ngx_snapshot_type_e               type;
    uint64_t                          max;
    const ngx_snapshot_operation_t   *operation;
    unsigned                          query;
} ngx_snapshot_allowed_t;


/* what an operator made of the contract */

typedef struct {
    ngx_snapshot_setting_t            rule[NGX_SNAPSHOT_RULES];
    const ngx_snapshot_allowed_t     *allowed;
    unsigned                          nallowed;
} ngx_snapshot_policy_t;


#define ngx_snapshot_has_rules(operation)                                     \
    ((operation)->body != NULL || (operation)->query != NULL)


/*
 * A request header that a rule looks at.  One whose rule has no check must not
 * be there; one that is required must be there once; a nullable one that is
 * empty counts as absent.
 */

typedef struct {
    ngx_snapshot_str_t            name;
    ngx_snapshot_rule_e           rule;
    unsigned                      flags;
} ngx_snapshot_header_t;


/*
 * An error by its status: the key of the error object, the code where the
 * family's error code list has one, and what is said where nginx itself made
 * it.
 */

typedef struct {
    unsigned                      status;
    const char                   *name;
    const char                   *code[NGX_SNAPSHOT_FAMILIES];
    const char                   *message;
} ngx_snapshot_fault_t;


/* 1 to 64 of [0-9A-Za-z_-], CONTRACT section 2 */

#define NGX_SNAPSHOT_PROJECT_ID_MAX  64

/* a UUID as 8-4-4-4-12 hex digits */

#define NGX_SNAPSHOT_UUID_LEN  36

/* by rule, CONTRACT section 2; severities as in "snapshot_rule" */

extern const ngx_snapshot_rule_t  ngx_snapshot_rules[NGX_SNAPSHOT_RULES];
extern const ngx_snapshot_str_t
    ngx_snapshot_severities[NGX_SNAPSHOT_SEVERITIES];

extern const ngx_snapshot_family_t
    ngx_snapshot_families[NGX_SNAPSHOT_FAMILIES];

/* types as messages call them */

extern const char *const  ngx_snapshot_types[NGX_SNAPSHOT_TYPES];

/*
 * With their siblings.  Both tables end in a row without a name; the headers
 * that are required come first.
 */

enum {
    NGX_SNAPSHOT_OPERATIONS = 0

#define NGX_SNAPSHOT_OPERATION(...)  + 1
#define NGX_SNAPSHOT_SIBLING(...)    + 1

#include "ngx_snapshot_operations.h"

#undef NGX_SNAPSHOT_OPERATION
#undef NGX_SNAPSHOT_SIBLING
};

extern const ngx_snapshot_operation_t
    ngx_snapshot_operations[NGX_SNAPSHOT_OPERATIONS + 1];
extern const ngx_snapshot_header_t  ngx_snapshot_headers[];

extern const ngx_snapshot_path_param_t
    ngx_snapshot_path_params[NGX_SNAPSHOT_PARAMS];

/* by the bits above, lowest first */

extern const ngx_snapshot_str_t  ngx_snapshot_methods[NGX_SNAPSHOT_METHODS];

/* a request in scope that is none of the operations */

extern const ngx_snapshot_operation_t  ngx_snapshot_unknown;

/* the query parameter that overrides a method */

extern const ngx_snapshot_str_t  ngx_snapshot_method_param;


/*
 * The error of an HTTP status, CONTRACT section 3; its name is "error" and its
 * message NULL where none is documented.  Static.
 */

const ngx_snapshot_fault_t *ngx_snapshot_fault(unsigned status);

/* The rule of that name, in its own letters, or NGX_SNAPSHOT_RULE_NONE. */

ngx_snapshot_rule_e ngx_snapshot_rule_by_name(ngx_snapshot_str_t name);

/* The rule whose name has the least distance to a name that is none. */

ngx_snapshot_rule_e ngx_snapshot_rule_nearest(ngx_snapshot_str_t name);

/*
 * 1 where a request of the operation can break the rule, whatever severity
 * the rule is given.
 */

int ngx_snapshot_rule_applies(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_rule_e rule);

/* 1 where the operation's path, the first one, has the parameter. */

int ngx_snapshot_has_param(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_param_e param);

/* 1 where a segment is the version of an operation's path, in any letters. */

int ngx_snapshot_is_version(ngx_snapshot_str_t segment);

/*
 * The scope of the fields inside the wrapper of the operation's body, or of its
 * parameters with query, or NULL where it has none.
 */

const ngx_snapshot_scope_t *ngx_snapshot_inner_scope(
    const ngx_snapshot_operation_t *operation, unsigned query);

/* The alias of that name in the scope, or NULL. */

const ngx_snapshot_alias_t *ngx_snapshot_find_alias(
    const ngx_snapshot_scope_t *scope, ngx_snapshot_str_t name);

/* What the policy allows by that name in the operation, or NULL. */

const ngx_snapshot_allowed_t *ngx_snapshot_find_allowed(
    const ngx_snapshot_policy_t *policy,
    const ngx_snapshot_operation_t *operation, unsigned query,
    ngx_snapshot_str_t name);

/*
 * Sets every rule of the policy to the contract's default, beside which nothing
 * is allowed.
 */

void ngx_snapshot_policy_default(ngx_snapshot_policy_t *policy);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_CONTRACT_H_INCLUDED_ */
