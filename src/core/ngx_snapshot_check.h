
/*
 * One checker a kind, found by table.  A checker takes bytes and their number
 * and says whether a rule holds; it knows neither JSON nor queries.
 */


#ifndef _NGX_SNAPSHOT_CHECK_H_INCLUDED_
#define _NGX_SNAPSHOT_CHECK_H_INCLUDED_


#include "ngx_snapshot_contract.h"
#include "ngx_snapshot_regex.h"


#pragma GCC visibility push(hidden)


/*
 * What a checker found: text is ASCII without any of the value's bytes, "must
 * be what is allowed, is what was found"; code is NULL where the rule's own
 * holds.
 */

typedef struct {
    const char  *code;
    char         text[192];
} ngx_snapshot_finding_t;


/*
 * Holds a value against a rule whose check is not "none".  max is the rule's
 * own in bytes or as a number, regex the rule's compiled pattern where it has
 * one.  Returns 1 where the rule holds, 0 where it does not (then *found is
 * filled), NGX_SNAPSHOT_ERROR where that could not be told.
 */

int ngx_snapshot_check(const ngx_snapshot_rule_t *rule, uint64_t max,
    const ngx_snapshot_regex_t *regex, ngx_snapshot_str_t value,
    ngx_snapshot_finding_t *found);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_CHECK_H_INCLUDED_ */
