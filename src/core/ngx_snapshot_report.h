
/* Violations to message, error object and header list, CONTRACT section 3. */


#ifndef _NGX_SNAPSHOT_REPORT_H_INCLUDED_
#define _NGX_SNAPSHOT_REPORT_H_INCLUDED_


#include "ngx_snapshot_judge.h"


#pragma GCC visibility push(hidden)


/*
 * The violation after v in the order of reporting, of severity "least" or
 * more; the first where v is NULL; NULL where there is no other.
 */

const ngx_snapshot_violation_t *ngx_snapshot_report_next(
    const ngx_snapshot_judge_t *j, const ngx_snapshot_violation_t *v,
    ngx_snapshot_severity_e least);

/*
 * The error object of a rejected request, with NGX_SNAPSHOT_DETAILED_MAX
 * violations in it, and the number of the others, where details is set; for
 * DWS with the two members that its clients read beside it.  Valid JSON in
 * UTF-8 whatever the client sent.  The bytes are the judge's memory's.  Returns
 * NGX_SNAPSHOT_ERROR where that was short.
 */

int ngx_snapshot_report_object(const ngx_snapshot_judge_t *j, int details,
    ngx_snapshot_str_t *object);

/*
 * The violations of severity "least" to "most" as an RFC 9651 list, such as
 * name-reserved;at="/snapshot/name"; empty where there are none, of at most
 * 1,024 bytes, which ends in more;count=2 where two have no room.  The bytes
 * are the judge's memory's.  Returns NGX_SNAPSHOT_ERROR where that was short.
 */

int ngx_snapshot_report_list(const ngx_snapshot_judge_t *j,
    ngx_snapshot_severity_e least, ngx_snapshot_severity_e most,
    ngx_snapshot_str_t *list);

/*
 * The code of an error that is no violation, by its status: documented ones
 * for EVS, else the status in digits.  buf has room for 4 bytes and may be
 * what is returned.
 */

const char *ngx_snapshot_report_code(unsigned status,
    ngx_snapshot_family_e family, char *buf);

/*
 * The error object of an error that is no violation, by its status, 400 to
 * 599, with the message that belongs to it where none is given.  The bytes are
 * mem's.  Returns NGX_SNAPSHOT_ERROR where that was short.
 */

int ngx_snapshot_report_status(const ngx_snapshot_mem_t *mem, unsigned status,
    ngx_snapshot_family_e family, const char *message,
    ngx_snapshot_str_t *object);

/*
 * The verdict on a request that passes: verdict, operation, and as many
 * violations as in the error object.  The bytes are the judge's memory's.
 * Returns NGX_SNAPSHOT_ERROR where that was short.
 */

int ngx_snapshot_report_verdict(const ngx_snapshot_judge_t *j,
    ngx_snapshot_str_t *object);

/*
 * The error object of a request that could not be judged.  Static, needs no
 * memory.
 */

ngx_snapshot_str_t ngx_snapshot_report_internal(ngx_snapshot_family_e family);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_REPORT_H_INCLUDED_ */
