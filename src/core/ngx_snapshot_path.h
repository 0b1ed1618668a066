
/*
 * A path as servers may read it, CONTRACT section 1: plain, odd and harmless,
 * or odd.  Knows what servers do to paths, and no operation: the words that
 * matter are the caller's.
 */


#ifndef _NGX_SNAPSHOT_PATH_H_INCLUDED_
#define _NGX_SNAPSHOT_PATH_H_INCLUDED_


#include "ngx_snapshot_core.h"


#pragma GCC visibility push(hidden)


typedef enum {
    NGX_SNAPSHOT_PATH_PLAIN = 0,
    NGX_SNAPSHOT_PATH_HARMLESS,
    NGX_SNAPSHOT_PATH_ODD
} ngx_snapshot_path_e;


/* what makes a path odd, a set; in the order in which messages name it */

#define NGX_SNAPSHOT_ODD_ESCAPE     0x0001
#define NGX_SNAPSHOT_ODD_SEMICOLON  0x0002
#define NGX_SNAPSHOT_ODD_BACKSLASH  0x0004
#define NGX_SNAPSHOT_ODD_FRAGMENT   0x0008
#define NGX_SNAPSHOT_ODD_BYTE       0x0010
#define NGX_SNAPSHOT_ODD_TRAILING   0x0020
#define NGX_SNAPSHOT_ODD_DOUBLED    0x0040
#define NGX_SNAPSHOT_ODD_DOTS       0x0080
#define NGX_SNAPSHOT_ODD_START      0x0100
#define NGX_SNAPSHOT_ODD_SUFFIX     0x0200
#define NGX_SNAPSHOT_ODD_LETTERS    0x0400

#define NGX_SNAPSHOT_ODDITIES       11

/* by the bits above, lowest first, as in "has an escape" */

extern const ngx_snapshot_str_t
    ngx_snapshot_oddities[NGX_SNAPSHOT_ODDITIES];


/* operations have at most so many segments, and one more shows a longer path */

#define NGX_SNAPSHOT_SEGMENTS  7


/* there are so many versions at most */

#define NGX_SNAPSHOT_VERSIONS  4


/* versions that begin a path, the collection, and a word that may follow it */

typedef struct {
    ngx_snapshot_str_t          version[NGX_SNAPSHOT_VERSIONS];
    unsigned                    versions;
    ngx_snapshot_str_t          collection;
    ngx_snapshot_str_t          literal;
} ngx_snapshot_path_words_t;


/*
 * How a path is used: its method has operations that are judged; the method
 * looks names up, of which the literal is none; one segment behind the
 * collection is an operation; more than one of them, or another word, may be;
 * what stands before the version is not known.
 */

#define NGX_SNAPSHOT_USE_JUDGED    0x01
#define NGX_SNAPSHOT_USE_NAMES     0x02
#define NGX_SNAPSHOT_USE_MEMBER    0x04
#define NGX_SNAPSHOT_USE_DEEP      0x08
#define NGX_SNAPSHOT_USE_ANYWHERE  0x10


/*
 * scope: the path has the word of the collection, or is plain and may have it;
 * else nothing more is known.
 * odd: why it is odd.  version: the first one in a path that is not plain, or
 * as many as there are.  project: from the head of such a path, or empty.
 *
 * segment, segments: of a plain path, or of the normal form of an odd one,
 * behind the prefix; segments counts those that segment has no room for as
 * well.  dotted: so many of the last begin with a dot; dots: there may be one.
 * foreign: the path has another prefix; capitals: the same in other letters.
 */

typedef struct {
    ngx_snapshot_path_e         kind;
    unsigned                    scope;
    unsigned                    odd;
    unsigned                    version;
    unsigned                    foreign;
    unsigned                    capitals;
    unsigned                    segments;
    unsigned                    dotted;
    unsigned                    dots;
    ngx_snapshot_str_t          segment[NGX_SNAPSHOT_SEGMENTS];
    ngx_snapshot_str_t          project;
} ngx_snapshot_path_t;


/* what a glance at a path shows: an escape, or what may be the word */

#define NGX_SNAPSHOT_HAS_ESCAPE  1
#define NGX_SNAPSHOT_HAS_WORD    2

/*
 * A set of NGX_SNAPSHOT_HAS_: whether there is a "%" that matters, and whether
 * the first two letters of the word are, in any case.  Where there is neither,
 * nothing in the path can be, or become, the word.
 */

unsigned ngx_snapshot_path_has(ngx_snapshot_str_t text,
    ngx_snapshot_str_t word);

/*
 * Reads a path, the target of a request up to its first "?".  prefix is what
 * stands before the version, without a slash at its end, or empty; it is plain.
 * use is a set of NGX_SNAPSHOT_USE_, has what ngx_snapshot_path_has() said, and
 * not 0.  Takes time in proportion to the length of the path, and memory once
 * at most, for one that is not plain.  What is filled in names bytes of path or
 * of that memory.  Returns NGX_SNAPSHOT_OK, or NGX_SNAPSHOT_ERROR where memory
 * is short.
 */

int ngx_snapshot_path_read(ngx_snapshot_path_t *p,
    const ngx_snapshot_mem_t *mem, ngx_snapshot_str_t path,
    ngx_snapshot_str_t prefix, const ngx_snapshot_path_words_t *words,
    unsigned use, unsigned has);


/* 1 where the word, in any letters, is in the path as it is. */

int ngx_snapshot_path_has_word(ngx_snapshot_str_t path,
    ngx_snapshot_str_t word);

/* 1 for a plain path, which every server reads in the same way. */

int ngx_snapshot_path_is_plain(ngx_snapshot_str_t path);


#pragma GCC visibility pop


#endif /* _NGX_SNAPSHOT_PATH_H_INCLUDED_ */
