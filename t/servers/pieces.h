
/*
 * The pieces that hostile paths are made of: for all paths of so many pieces,
 * and for random ones.  A path leads to an operation only if a version stands
 * before the word in it, so others need not be tried.
 */


#ifndef _SERVERS_PIECES_H_INCLUDED_
#define _SERVERS_PIECES_H_INCLUDED_


#include "ngx_snapshot_core.h"

#include <stdlib.h>


typedef enum {
    PIECE_OTHER = 0,
    PIECE_VERSION,
    PIECE_WORD
} piece_e;


typedef struct {
    ngx_snapshot_str_t  text;
    piece_e             kind;
} piece_t;


/* those of all paths of so many pieces first */

static const piece_t  pieces[] = {
    { ngx_snapshot_string("/v3"), PIECE_VERSION },
    { ngx_snapshot_string("v3"), PIECE_VERSION },
    { ngx_snapshot_string("/snapshots/"), PIECE_WORD },
    { ngx_snapshot_string("/snapshots"), PIECE_WORD },
    { ngx_snapshot_string("snapshots"), PIECE_WORD },
    { ngx_snapshot_string("/p"), PIECE_OTHER },
    { ngx_snapshot_string("p"), PIECE_OTHER },
    { ngx_snapshot_string("%73napshots"), PIECE_WORD },
    { ngx_snapshot_string("Snap%25shots"), PIECE_WORD },
    { ngx_snapshot_string("/"), PIECE_OTHER },
    { ngx_snapshot_string("//"), PIECE_OTHER },
    { ngx_snapshot_string("detail"), PIECE_OTHER },
    { ngx_snapshot_string("/detail"), PIECE_OTHER },
    { ngx_snapshot_string("%%64etail"), PIECE_OTHER },
    { ngx_snapshot_string("."), PIECE_OTHER },
    { ngx_snapshot_string(".."), PIECE_OTHER },
    { ngx_snapshot_string("/../"), PIECE_OTHER },
    { ngx_snapshot_string("%2e"), PIECE_OTHER },
    { ngx_snapshot_string("%2f"), PIECE_OTHER },
    { ngx_snapshot_string("%252f"), PIECE_OTHER },
    { ngx_snapshot_string("\\"), PIECE_OTHER },
    { ngx_snapshot_string(";x"), PIECE_OTHER },
    { ngx_snapshot_string("#"), PIECE_OTHER },
    { ngx_snapshot_string("%23"), PIECE_OTHER },
    { ngx_snapshot_string("%3f"), PIECE_OTHER },
    { ngx_snapshot_string("%20"), PIECE_OTHER },
    { ngx_snapshot_string("%"), PIECE_OTHER },
    { ngx_snapshot_string(".json"), PIECE_OTHER },

#define PIECES_FIRST  28

    { ngx_snapshot_string("/v3/p/snapshots/"), PIECE_WORD },
    { ngx_snapshot_string("/v3/p/snapshots"), PIECE_WORD },
    { ngx_snapshot_string("/v3/snapshots/"), PIECE_WORD },
    { ngx_snapshot_string("/v2/p/snapshots"), PIECE_WORD },
    { ngx_snapshot_string("/v1.0/p/snapshots"), PIECE_WORD },
    { ngx_snapshot_string("/a/b/v3/p/snapshots/"), PIECE_WORD },
    { ngx_snapshot_string("/a/b"), PIECE_OTHER },
    { ngx_snapshot_string("V3"), PIECE_VERSION },
    { ngx_snapshot_string("%763"), PIECE_VERSION },
    { ngx_snapshot_string("v%33"), PIECE_VERSION },
    { ngx_snapshot_string("v1.0"), PIECE_VERSION },
    { ngx_snapshot_string("v1%2e0"), PIECE_VERSION },
    { ngx_snapshot_string("v2"), PIECE_VERSION },
    { ngx_snapshot_string("SNAPSHOTS"), PIECE_WORD },
    { ngx_snapshot_string("snap%shots"), PIECE_WORD },
    { ngx_snapshot_string("snap%2573hots"), PIECE_WORD },
    { ngx_snapshot_string("/Snapshots"), PIECE_WORD },
    { ngx_snapshot_string("Detail"), PIECE_OTHER },
    { ngx_snapshot_string("det%61il"), PIECE_OTHER },
    { ngx_snapshot_string("%de"), PIECE_OTHER },
    { ngx_snapshot_string("%64%65"), PIECE_OTHER },
    { ngx_snapshot_string("tail"), PIECE_OTHER },
    { ngx_snapshot_string("5aa119a8-d25b-45a7-8d1b-88e127885635"),
      PIECE_OTHER },
    { ngx_snapshot_string("%5c"), PIECE_OTHER },
    { ngx_snapshot_string("%255c"), PIECE_OTHER },
    { ngx_snapshot_string("/%2e%2e/"), PIECE_OTHER },
    { ngx_snapshot_string("/%252e./"), PIECE_OTHER },
    { ngx_snapshot_string("..%2f"), PIECE_OTHER },
    { ngx_snapshot_string("..;/"), PIECE_OTHER },
    { ngx_snapshot_string(";"), PIECE_OTHER },
    { ngx_snapshot_string("%3b"), PIECE_OTHER },
    { ngx_snapshot_string("%2523"), PIECE_OTHER },
    { ngx_snapshot_string("%00"), PIECE_OTHER },
    { ngx_snapshot_string("%09"), PIECE_OTHER },
    { ngx_snapshot_string("%0e"), PIECE_OTHER },
    { ngx_snapshot_string("%0f"), PIECE_OTHER },
    { ngx_snapshot_string("%%09"), PIECE_OTHER },
    { ngx_snapshot_string("%7f"), PIECE_OTHER },
    { ngx_snapshot_string("%a0"), PIECE_OTHER },
    { ngx_snapshot_string("\x85"), PIECE_OTHER },
    { ngx_snapshot_string(" "), PIECE_OTHER },
    { ngx_snapshot_string("%25"), PIECE_OTHER },
    { ngx_snapshot_string("%2525"), PIECE_OTHER },
    { ngx_snapshot_string("%%"), PIECE_OTHER },
    { ngx_snapshot_string("2f"), PIECE_OTHER },
    { ngx_snapshot_string("%2"), PIECE_OTHER },
    { ngx_snapshot_string("%66"), PIECE_OTHER },
    { ngx_snapshot_string("-"), PIECE_OTHER },
    { ngx_snapshot_string("_"), PIECE_OTHER },
    { ngx_snapshot_string("/metadata"), PIECE_OTHER },
    { ngx_snapshot_string("/metadata/"), PIECE_OTHER },
    { ngx_snapshot_string("/action"), PIECE_OTHER },
    { ngx_snapshot_string("%E5%BF%AB"), PIECE_OTHER },
    { ngx_snapshot_string("%c2%a0"), PIECE_OTHER },
    { ngx_snapshot_string("//h/"), PIECE_OTHER },
    { ngx_snapshot_string("/%2Fh/"), PIECE_OTHER },
    { ngx_snapshot_string("\\\\h"), PIECE_OTHER },
    { ngx_snapshot_string("..."), PIECE_OTHER },
    { ngx_snapshot_string(".a/.b"), PIECE_OTHER }
};

/* of those behind the first, so many are heads */

#define PIECES_HEADS  7

#define PIECES  (sizeof(pieces) / sizeof(pieces[0]))


/* xorshift: the same on each machine, from a seed that is not 0 */

static inline uint64_t
pieces_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;

    return *seed * 0x2545f4914f6cdd1dull >> 32;
}


/*
 * Writes a path of up to 10 random pieces, most of them behind what the path of
 * an operation begins with, and now and then another byte, into p, which has
 * room for max bytes.  Returns its length.
 */

static inline size_t
pieces_path(u_char *p, size_t max, uint64_t *seed)
{
    size_t          i, n, len;
    uint64_t        r;
    const piece_t  *piece;

    len = 0;
    n = 1 + pieces_random(seed) % 10;

    for (i = 0; i < n; i++) {

        r = pieces_random(seed);

        piece = (i == 0 && r % 16 < 10)
                ? &pieces[PIECES_FIRST + r / 16 % PIECES_HEADS]
                : &pieces[r / 16 % PIECES];

        if (len + piece->text.len + 1 > max) {
            break;
        }

        memcpy(p + len, piece->text.data, piece->text.len);
        len += piece->text.len;

        if (r >> 27 == 0) {
            p[len++] = (u_char) pieces_random(seed);
        }
    }

    return len;
}


#endif /* _SERVERS_PIECES_H_INCLUDED_ */
