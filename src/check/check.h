
/*
 * What the parts of snapshot-check share.  Inputs make records, the judge makes
 * a verdict of each, the tally and the reports take both; none of them keeps
 * anything of a record, so memory does not grow with the input.
 */


#ifndef _CHECK_H_INCLUDED_
#define _CHECK_H_INCLUDED_


/* memmem(), memrchr() */

#define _GNU_SOURCE

#include <jansson.h>
#include <stdio.h>

#include "ngx_snapshot_contract.h"
#include "ngx_snapshot_text.h"


/* a record, or a line, is not read where it is larger, in bytes */

#define CHECK_RECORD_MAX      ((size_t) 16 * 1024 * 1024)

#define CHECK_HEADERS_MAX     1024

/* of each rule and of each tenant so many examples are kept */

#define CHECK_EXAMPLES        3

/* tenants that are told apart; what the others do is counted in one row */

#define CHECK_TENANTS         ((size_t) 4096)

#define CHECK_TENANT_MAX      64

/* the message of an example is cut here */

#define CHECK_MESSAGE_MAX     240

/* rules are told by their number, from 1 on, in the order of reporting */

#define CHECK_RULES_MAX       64

#define CHECK_VIOLATIONS_MAX  100

#define CHECK_EXIT_OK          0
#define CHECK_EXIT_VIOLATIONS  1
#define CHECK_EXIT_ERROR       2


/* memory for as long as one record is in hand */

typedef struct check_block_s  check_block_t;

struct check_block_s {
    check_block_t              *next;
    size_t                      size;
    size_t                      used;
};

typedef struct {
    check_block_t              *first;
    ngx_snapshot_mem_t          mem;
} check_arena_t;


/* bytes that grow, and are kept from one record to the next */

typedef struct {
    u_char                     *data;
    size_t                      len;
    size_t                      size;
} check_buffer_t;


/*
 * Where input comes from.  line is that of the byte at pos, from 1 on, at that
 * where what was read last begins.
 */

typedef struct {
    const char                 *name;
    int                         fd;
    int                         error;
    unsigned                    eof;
    uint64_t                    line;
    uint64_t                    at;
    uint64_t                    bytes;
    check_buffer_t              buf;
    size_t                      pos;
} check_source_t;


/* what a record does not tell, a set; by these bits check_lacks has words */

#define CHECK_LACKS_HEADERS    0x01
#define CHECK_LACKS_BODY       0x02
#define CHECK_LACKS_TARGET     0x04
#define CHECK_LACKS_TENANT     0x08

#define CHECK_LACKS            4

extern const ngx_snapshot_str_t  check_lacks[CHECK_LACKS];


typedef struct {
    ngx_snapshot_str_t          name;
    ngx_snapshot_str_t          value;
} check_header_t;


/*
 * One request.  target is what the client sent; where CHECK_LACKS_TARGET is set
 * it has been decoded.  tenant is there where the record tells it.  typed: the
 * type of the body is known even where other header fields are not.  chunked:
 * the length was not announced.  recorded are the violations that a gateway
 * wrote into its log, where judged is set.
 */

typedef struct {
    const char                 *file;
    uint64_t                    line;
    uint64_t                    number;
    ngx_snapshot_str_t          method;
    ngx_snapshot_str_t          target;
    ngx_snapshot_str_t          body;
    ngx_snapshot_str_t          tenant;
    uint64_t                    length;
    ngx_snapshot_str_t          recorded;
    unsigned                    lacks;
    unsigned                    typed;
    unsigned                    chunked;
    unsigned                    judged;
    unsigned                    nheaders;
    check_header_t              headers[CHECK_HEADERS_MAX];
} check_record_t;


typedef enum {
    CHECK_NOT_JUDGED = 0,
    CHECK_ACCEPTED,
    CHECK_WARNED,
    CHECK_REJECTED,
    CHECK_INCOMPLETE,
    CHECK_VERDICTS
} check_verdict_e;

extern const ngx_snapshot_str_t  check_verdicts[CHECK_VERDICTS];


typedef struct {
    unsigned                    rule;
    unsigned                    rejects;
    ngx_snapshot_str_t          at;
    ngx_snapshot_str_t          message;
    const char                 *code;
} check_violation_t;


/*
 * lacks: what the record lacks of what the operation is judged by.  more: so
 * many violations have no room in the list.  status and code are those of a
 * refusal, or 0 and NULL.
 */

typedef struct {
    check_verdict_e             verdict;
    ngx_snapshot_str_t          operation;
    ngx_snapshot_str_t          tenant;
    unsigned                    status;
    const char                 *code;
    unsigned                    lacks;
    unsigned                    n;
    uint64_t                    more;
    check_violation_t           violations[CHECK_VIOLATIONS_MAX];
} check_verdict_t;


typedef struct check_s  check_t;

/* takes one record; it and all that it names is gone after the call */

typedef void (*check_record_pt)(check_t *c, check_record_t *r);

/*
 * Reads a source to its end.  Returns NGX_SNAPSHOT_ERROR where nothing behind
 * the place that check_unreadable() was told of can be read.
 */

typedef struct {
    const char                 *name;
    int                       (*recognize)(ngx_snapshot_str_t head);
    int                       (*read)(check_t *c, check_source_t *s);
} check_kind_t;


typedef struct {
    const char                 *file;
    uint64_t                    line;
    unsigned                    rule;
    size_t                      len;
    u_char                      message[CHECK_MESSAGE_MAX];
} check_example_t;


typedef struct {
    uint64_t                    requests;
    unsigned                    nexamples;
    check_example_t             examples[CHECK_EXAMPLES];
} check_rule_tally_t;


typedef struct {
    size_t                      len;
    u_char                      name[CHECK_TENANT_MAX];
    uint64_t                    requests;
    uint64_t                    verdicts[CHECK_VERDICTS];
    unsigned                    nexamples;
    check_example_t             examples[CHECK_EXAMPLES];
} check_tenant_tally_t;


/* others: the tenants for which there was no room */

typedef struct {
    uint64_t                    requests;
    uint64_t                    unreadable;
    uint64_t                    verdicts[CHECK_VERDICTS];
    uint64_t                    lacks[CHECK_LACKS];
    check_rule_tally_t          rules[CHECK_RULES_MAX];
    check_tenant_tally_t       *tenants[2 * CHECK_TENANTS];
    unsigned                    ntenants;
    check_tenant_tally_t        others;
} check_tally_t;


/* begin and record may be NULL */

typedef struct {
    const char                 *name;
    void                      (*begin)(check_t *c);
    void                      (*record)(check_t *c, const check_record_t *r,
                                        const check_verdict_t *v);
    void                      (*end)(check_t *c);
} check_format_t;


typedef enum {
    CHECK_FAIL_NEVER = 0,
    CHECK_FAIL_WARN,
    CHECK_FAIL_REJECT
} check_fail_e;


/* names of members of a log, as "target=RequestPath" gives them */

typedef struct {
    const char                 *name;
    const char                 *member;
} check_member_t;

#define CHECK_MEMBERS_MAX  16


typedef struct check_judge_s  check_judge_t;

struct check_s {
    check_judge_t              *judge;
    const check_format_t       *format;
    const check_kind_t         *kind;
    check_fail_e                fail;
    check_member_t              members[CHECK_MEMBERS_MAX];
    unsigned                    nmembers;
    unsigned                    quiet;
    unsigned                    terminal;
    unsigned                    nfiles;
    uint64_t                    shown;
    uint64_t                    results;
    FILE                       *out;
    check_source_t             *source;
    check_arena_t               arena;
    check_arena_t               kept;
    check_buffer_t              body;
    check_record_t              record;
    check_verdict_t             verdict;
    check_tally_t               tally;
};


/* memory.c */

/* Cleared memory; ends the program where that is short, as all here do. */

void *check_alloc(size_t size);
_Noreturn void check_no_memory(void);
void check_arena_init(check_arena_t *a);

/* Takes all back; keeps the first block for the next record. */

void check_arena_reset(check_arena_t *a);
void *check_arena_alloc(check_arena_t *a, size_t size);

/* Makes room for len bytes more, and appends them. */

void check_buffer_add(check_buffer_t *b, const void *data, size_t len);
ngx_snapshot_str_t check_str(const char *s);

/* 1 where the bytes from p on begin with a word. */

int check_begins(const u_char *p, const u_char *last, const char *word);


/* source.c */

void check_source_init(check_source_t *s, const char *name, int fd);

/*
 * Reads more behind what is there.  Returns 0 at the end, and where reading
 * failed: then error is set.
 */

int check_source_fill(check_source_t *s);

/* The next byte, or -1. */

int check_source_refill(check_source_t *s);

static inline int
check_source_peek(check_source_t *s)
{
    return s->pos < s->buf.len ? s->buf.data[s->pos] : check_source_refill(s);
}

static inline int
check_source_byte(check_source_t *s)
{
    int  c;

    c = check_source_peek(s);

    if (c >= 0) {
        s->pos++;
        s->line += (c == '\n');
    }

    return c;
}

/*
 * The next line without its end, which lives until the next call.  Returns 1,
 * 0 at the end, or NGX_SNAPSHOT_ERROR for a line that is larger than a record
 * may be, which has been skipped.
 */

int check_source_line(check_source_t *s, ngx_snapshot_str_t *line);

/*
 * Appends the next so many bytes to a buffer, as long as that is no larger than
 * a record may be.  Returns NGX_SNAPSHOT_ERROR where there are not so many.
 */

int check_source_bytes(check_source_t *s, uint64_t n, check_buffer_t *b);


/* cases.c, har.c, http.c, log.c */

#define CHECK_LOG_NAMES                                                       \
    "method, target, request, uri, args, body, tenant, verdict, violations"

/* 1 for one of these names */

int check_log_knows(const char *name, size_t len);

extern const check_kind_t  check_cases;
extern const check_kind_t  check_har;
extern const check_kind_t  check_http;
extern const check_kind_t  check_log;


/* input.c */

extern const check_kind_t *const  check_kinds[];

/* Reads a file, "-" is the standard input; counts what could not be read. */

void check_input(check_t *c, const char *name);

/* Reads an open descriptor, and leaves it open. */

void check_read(check_t *c, const char *name, int fd);

/* Begins a record of the source in hand. */

check_record_t *check_begin(check_t *c, const check_source_t *s,
    uint64_t line);

/* Adds a header field as nginx keeps it, or not at all. */

void check_header(check_record_t *r, ngx_snapshot_str_t name,
    ngx_snapshot_str_t value);

/* Judges the record that was begun, and tallies and reports the verdict. */

void check_done(check_t *c);

/* Names what cannot be read on the standard error output, and counts it. */

void check_unreadable(check_t *c, const check_source_t *s, uint64_t line,
    const char *why);

/* The bytes of a value of JSON, or of an object's member; else empty. */

ngx_snapshot_str_t check_value(const json_t *value);
ngx_snapshot_str_t check_member(const json_t *object, const char *name);


/* judging.c, the only file that knows the core's judge */

check_judge_t *check_judge_create(void);
void check_judge(check_judge_t *j, check_arena_t *a, const check_record_t *r,
    check_verdict_t *v);

/*
 * Give a rule another severity and, where max is not NULL, another limit; the
 * prefix of paths, whose bytes must outlive the judge.  They return NULL, or
 * what is wrong, in memory of the arena.
 */

const char *check_judge_rule(check_judge_t *j, check_arena_t *a,
    const char *name, const char *severity, const char *max);
const char *check_judge_prefix(check_judge_t *j, const char *prefix);

/* Allows one more field or parameter; its name must outlive the judge. */

const char *check_judge_allow(check_judge_t *j,
    const ngx_snapshot_allowed_t *allowed);

/* Reads a limit, in bytes with "k", "m" or "g"; it must be above 0. */

int check_judge_max(ngx_snapshot_unit_e unit, const char *s, uint64_t *max);

/* Says which variable tells a tenant; of these, $http_... is known here. */

const char *check_judge_tenant(check_judge_t *j, const char *variable);

unsigned check_rules(void);
ngx_snapshot_str_t check_rule_name(unsigned rule);
ngx_snapshot_str_t check_rule_severity(const check_judge_t *j, unsigned rule);

const ngx_snapshot_policy_t *check_judge_policy(const check_judge_t *j);

/* The variable that tells a tenant, "$http_x_tenant", or NULL. */

const char *check_judge_variable(const check_judge_t *j);
ngx_snapshot_str_t check_judge_path(const check_judge_t *j);


/* reference.c */

/* Print the contract: all tables as JSON; as OpenAPI 3.minor; one code. */

void check_contract(void);
void check_openapi(check_t *c, unsigned minor);
void check_explain(check_t *c, const char *code);


/* allow.c */

/*
 * Reads the arguments of "snapshot_allow" and tells the judge.  Returns NULL,
 * or what is wrong; static.
 */

const char *check_allow(check_judge_t *j, const char *kind, const char *name,
    const char *const *options, unsigned n);


/* rules.c */

/* Reads a file of directives; names what is wrong, and exits. */

void check_rules_file(check_t *c, const char *name);


/* tally.c */

void check_tally(check_t *c, const check_record_t *r,
    const check_verdict_t *v);

/* The tenants with the most refusals first; in memory that the tally owns. */

check_tenant_tally_t **check_tally_tenants(check_tally_t *t);


/* text.c, json.c, sarif.c, junit.c */

extern const check_format_t  check_text;
extern const check_format_t  check_json;
extern const check_format_t  check_ndjson;
extern const check_format_t  check_sarif;
extern const check_format_t  check_junit;


/* json.c, for sarif.c too */

/* Append a member, with a comma before it where it is not the first. */

void check_json_string(ngx_snapshot_text_t *t, const char *name,
    ngx_snapshot_str_t value);
void check_json_number(ngx_snapshot_text_t *t, const char *name,
    uint64_t value);

/* Writes a text to where the report goes. */

void check_put(check_t *c, const ngx_snapshot_text_t *t);


/* options.c */

void check_options(check_t *c, int argc, char **argv);


#endif /* _CHECK_H_INCLUDED_ */
