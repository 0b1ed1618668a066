
/* Trees of jansson.  It knows no contract and no request. */

#include "ngx_snapshot_tree.h"


json_t *
ngx_snapshot_tree_merge(json_t *object, json_t *members)
{
    if (json_object_update(object, members) != 0) {
        json_decref(object);
        object = NULL;
    }

    json_decref(members);

    return object;
}


json_t *
ngx_snapshot_tree_push(json_t *array, json_t *item)
{
    if (json_array_append_new(array, item) != 0) {
        json_decref(array);
        return NULL;
    }

    return array;
}


json_t *
ngx_snapshot_tree_string(ngx_snapshot_str_t s)
{
    return json_stringn(s.len ? (const char *) s.data : "", s.len);
}


void
ngx_snapshot_tree_text(json_t *tree, size_t flags, ngx_snapshot_text_t *text)
{
    char    *p;
    size_t   size;

    size = json_dumpb(tree, NULL, 0, flags);
    p = (char *) ngx_snapshot_text_room(text, size);

    if (size == 0 || p == NULL || json_dumpb(tree, p, size, flags) != size) {
        text->failed = 1;

    } else {
        text->pos += size;
    }

    json_decref(tree);
}
