
/* Bytes of a file or a pipe, by lines or one at a time. */


#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>


#define CHECK_READ  ((size_t) 256 * 1024)


static int check_source_skip(check_source_t *s);


void
check_source_init(check_source_t *s, const char *name, int fd)
{
    memset(s, 0, sizeof(check_source_t));

    s->name = name;
    s->fd = fd;
    s->line = 1;

    s->buf.data = check_alloc(2 * CHECK_READ);
    s->buf.size = 2 * CHECK_READ;
}


int
check_source_fill(check_source_t *s)
{
    ssize_t  n;

    if (s->eof) {
        return 0;
    }

    if (s->pos) {
        s->buf.len -= s->pos;
        memmove(s->buf.data, s->buf.data + s->pos, s->buf.len);
        s->pos = 0;
    }

    if (s->buf.size - s->buf.len < CHECK_READ) {

        s->buf.size *= 2;
        s->buf.data = realloc(s->buf.data, s->buf.size);

        if (s->buf.data == NULL) {
            check_no_memory();
        }
    }

    do {
        n = read(s->fd, s->buf.data + s->buf.len, CHECK_READ);
    } while (n < 0 && errno == EINTR);

    if (n <= 0) {
        s->eof = 1;
        s->error = (n < 0) ? errno : 0;
        return 0;
    }

    s->buf.len += (size_t) n;
    s->bytes += (uint64_t) n;

    return 1;
}


int
check_source_refill(check_source_t *s)
{
    return check_source_fill(s) ? s->buf.data[s->pos] : -1;
}


int
check_source_line(check_source_t *s, ngx_snapshot_str_t *line)
{
    size_t   seen;
    u_char  *end;

    seen = 0;
    s->at = s->line;

    for ( ;; ) {

        end = memchr(s->buf.data + s->pos + seen, '\n',
                     s->buf.len - s->pos - seen);

        line->data = s->buf.data + s->pos;

        if (end) {
            line->len = (size_t) (end - line->data);
            s->pos += line->len + 1;
            s->line++;
            break;
        }

        seen = s->buf.len - s->pos;

        if (seen > CHECK_RECORD_MAX) {
            return check_source_skip(s);
        }

        if (!check_source_fill(s)) {

            line->data = s->buf.data + s->pos;
            line->len = seen;
            s->pos = s->buf.len;

            if (seen == 0) {
                return 0;
            }

            break;
        }
    }

    if (line->len && line->data[line->len - 1] == '\r') {
        line->len--;
    }

    return 1;
}


/* to the end of a line that is too long to be kept */

static int
check_source_skip(check_source_t *s)
{
    u_char  *end;

    do {
        end = memchr(s->buf.data + s->pos, '\n', s->buf.len - s->pos);

        if (end) {
            s->pos = (size_t) (end + 1 - s->buf.data);
            s->line++;
            break;
        }

        s->pos = s->buf.len;

    } while (check_source_fill(s));

    return NGX_SNAPSHOT_ERROR;
}


int
check_source_bytes(check_source_t *s, uint64_t n, check_buffer_t *b)
{
    size_t         len, i;
    const u_char  *p;

    while (n) {

        if (check_source_peek(s) < 0) {
            s->at = s->line;
            return NGX_SNAPSHOT_ERROR;
        }

        p = s->buf.data + s->pos;
        len = s->buf.len - s->pos;

        if (len > n) {
            len = (size_t) n;
        }

        for (i = 0; i < len; i++) {
            s->line += (p[i] == '\n');
        }

        if (b->len + len <= CHECK_RECORD_MAX) {
            check_buffer_add(b, p, len);
        }

        s->pos += len;
        n -= len;
    }

    return NGX_SNAPSHOT_OK;
}
