
/*
 * Reads the longest paths that cost most, one after another, for t/path-cost.t,
 * which counts the instructions of each under callgrind.  Prints a line for
 * each: its name, and its bytes.
 */


#include "ngx_snapshot_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>


/* nginx takes no longer request line where nobody asks for it */

#define COST_PATH  8100
#define COST_POOL  262144


/* the unit is repeated between the two others as often as there is room */

typedef struct {
    const char  *name;
    const char  *method;
    const char  *head;
    const char  *unit;
    const char  *tail;
} cost_path_t;


static const cost_path_t  cost_paths[] = {

    /* what the reader before took longest for */

    { "dots behind backslashes", "POST", "/", "\\...v3v3;/..",
      "%252525252525%23%3fp1#" },
    { "dots behind backslashes, with the word", "POST", "/v3/",
      "\\...v3v3;/..", "%252525252525%23%3fsnapshots#" },
    { "dots and doubled escapes", "POST", "/\\;/..%20%252525252525\\;",
      "x\\./..", "%23" },
    { "dots and doubled escapes, with the word", "POST",
      "/v3/%252525252525\\;", "x\\./..", "snapshots%23" },

    /* one piece again and again */

    { "escapes of escapes", "POST", "/v3/%", "25", "2fsnapshots" },
    { "escapes", "POST", "/v3/", "%25", "/snapshots" },
    { "escaped letters", "POST", "/v3/", "%61", "/snapshots" },
    { "escapes that are nearly one more", "POST", "/v3/", "%252",
      "/snapshots" },
    { "line breaks", "POST", "/v3/", "%0a", "/snapshots" },
    { "dot segments", "POST", "/v3", "/..", "/snapshots" },
    { "dots", "POST", "/v3/", ".", "/snapshots" },
    { "segments", "POST", "/v3", "/a", "/snapshots/" },
    { "slashes", "POST", "/v3", "/", "snapshots" },
    { "backslashes", "POST", "/v3/", "\\", "snapshots" },
    { "semicolons", "POST", "/v3/", ";", "/snapshots" },
    { "blanks", "POST", "/v3/", "%20", "/snapshots" },
    { "versions", "POST", "", "/v3", "/snapshots/" },
    { "nearly versions", "POST", "/v3", "/v1.", "/snapshots/" },
    { "words", "POST", "/v3", "/snapshots", "/" },
    { "words that do not end", "POST", "/v3/", "snapshots", "/snapshots/" },
    { "nearly words", "POST", "/v3", "/snapshotz", "/snapshots/" },
    { "capitals", "POST", "/V3", "/SNAPSHOTS", "/" },
    { "suffixes", "POST", "/v3/p/snapshots", "/.a", "" },
    { "a long plain name", "GET", "/v3/p/snapshots/", "a", "" },
    { "a long escaped name", "GET", "/v3/p/snapshots/", "%E5%BF%AB", "" },
    { "a long name of dots", "GET", "/v3/p/snapshots/a%20", ".", "" },
    { "a long name of ends", "GET", "/v3/p/snapshots/a%20", "..x#", "" },
    { "a long key", "PUT", "/v3/p/snapshots/i/metadata/", "%20", "" },
    { "details", "GET", "/v3/p/snapshots/%23", "/detai", "" },

    /* what a search for the worst came to */

    { "backslashes behind an escaped #", "GET", "/v3/p/snapshots/%23",
      "\\\\\\\\\\%25", "" },
    { "slashes behind an escaped #", "GET", "/v3/p/snapshots/%23", "%25\\//",
      "" },
    { "letters behind an escaped #", "GET", "/v3/p/snapshots/%23", "/d\\",
      "" },
    { "letters that words begin with", "PUT", "/v3", "/s", "/snapshots/" },
    { "letters that versions begin with", "PUT", "/v3", "/v", "/snapshots/" },
    { "letters and backslashes", "PUT", "/v3", "%25s\\s\\s", "/snapshots/" },
    { "words in capitals", "PUT", "", "/\\/..;/%25/v30\\\\\\SNAPSHOTS", "" },
    { "words with a % in them", "PUT", "/v3", "/.snap%25shots", "" },
    { "versions that go on", "PUT", "/", ";v3a", "/v3/snapshots/.." },
    { "versions in both forms", "PUT", "/", "v%252;%25v2;",
      "/v3/snapshots/.." },
    { "dots in both forms", "GET", "/v3/p/snapshots/%23", ".......v2%25", "" },
    { "dots and nothing else", "POST", "/v3/p/snapshots/i/", ".",
      "/snapshots/.." },
    { "dots behind slashes", "PUT", "/v3", "/.~", "/snapshots/.." },
    { "details behind no slash", "GET", "/v3/p/snapshots/%23",
      "%25.\xde" "detail\xde" "detail..", "" },
    { "details and dots", "GET", "/v3/p/snapshots/%23",
      "\xde" "detail..Detail%25\xde\xde", "" },
    { "nearly the last version, in both forms", "DELETE", "/",
      "v1.03%253;", "/snapshots" },
    { "the same, with words that do not end", "DELETE", "/2",
      "%25.v1.0snapshots~v1.02", "/snapshots" },
    { "fragments and parameters", "GET", "/v3/p/snapshots/%23", "#;",
      "/v3/snapshots/.." },
    { "versions and dots", "PUT", "", "/.a/.b/v1.02", "//v3/snapshots" },
    { "parameters and fragments", "POST", "/", "%3b#", "/v3/p/snapshots" },
    { "bytes of other sets", "GET", "/v3/p/snapshots/%23", "\xe5\xbf\xab",
      "/v3/snapshots" },

    { "out of scope, with escapes", "GET", "/static/", "%20", "" },
    { "out of scope, plain", "GET", "/static/", "ab/", "" }
};


static u_char  cost_pool[COST_POOL];
static size_t  cost_used;


static void *
cost_alloc(void *data, size_t size)
{
    void  *p;

    (void) data;

    p = cost_pool + cost_used;
    cost_used += (size + 15) & ~(size_t) 15;

    if (cost_used > sizeof(cost_pool)) {
        fprintf(stderr, "more memory than there should be\n");
        exit(1);
    }

    return p;
}


static ngx_snapshot_str_t
cost_str(const char *s)
{
    ngx_snapshot_str_t  str;

    str.data = (const u_char *) s;
    str.len = strlen(s);

    return str;
}


static size_t
cost_make(char *p, const cost_path_t *path)
{
    size_t  len, size, rest;

    strcpy(p, path->head);

    len = strlen(path->head);
    size = strlen(path->unit);
    rest = strlen(path->tail);

    while (len + size + rest <= COST_PATH) {
        memcpy(p + len, path->unit, size);
        len += size;
    }

    strcpy(p + len, path->tail);

    return len + rest;
}


int
main(int argc, char **argv)
{
    char                           p[COST_PATH + 1];
    size_t                         i, len, kept;
    ngx_snapshot_mem_t             mem = { cost_alloc, NULL };
    ngx_snapshot_str_t             path, prefix;
    ngx_snapshot_route_t           route;
    const ngx_snapshot_router_t   *router;

    (void) argc;
    (void) argv;

    router = ngx_snapshot_router(&mem);
    kept = cost_used;
    prefix = cost_str("");

    for (i = 0; i < sizeof(cost_paths) / sizeof(cost_paths[0]); i++) {

        len = cost_make(p, &cost_paths[i]);
        path = cost_str(p);

        CALLGRIND_TOGGLE_COLLECT;

        if (ngx_snapshot_route(&route, router, &mem,
                               cost_str(cost_paths[i].method), path, prefix, 0)
            != NGX_SNAPSHOT_OK)
        {
            return 1;
        }

        CALLGRIND_TOGGLE_COLLECT;
        CALLGRIND_DUMP_STATS_AT(cost_paths[i].name);

        printf("%s\t%zu\n", cost_paths[i].name, len);
        cost_used = kept;
    }

    return 0;
}
