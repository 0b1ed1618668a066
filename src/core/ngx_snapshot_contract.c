
/*
 * The rows of the contract, and the look-ups in them.  How a value is checked,
 * read or described is not known here.
 */

#include "ngx_snapshot_contract.h"
#include "ngx_snapshot_text.h"


static int ngx_snapshot_path_has(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_rule_e rule);
static int ngx_snapshot_scope_has(const ngx_snapshot_scope_t *scope,
    ngx_snapshot_rule_e rule);


#define S(s)  ngx_snapshot_string(s)

#define PASS    NGX_SNAPSHOT_SEVERITY_PASS
#define WARN    NGX_SNAPSHOT_SEVERITY_WARN
#define REJECT  NGX_SNAPSHOT_SEVERITY_REJECT

#define NO_MAX  NGX_SNAPSHOT_UNIT_NONE, 0
#define BYTES   NGX_SNAPSHOT_UNIT_BYTES
#define NUMBER  NGX_SNAPSHOT_UNIT_NUMBER

/* where the rule looks, and how */

#define JUDGE(place)  .where = NGX_SNAPSHOT_WHERE_##place
#define CHECK(place, kind)                                                    \
    .where = NGX_SNAPSHOT_WHERE_##place, .check = NGX_SNAPSHOT_CHECK_##kind

#define ngx_snapshot_count(a)  (sizeof(a) / sizeof((a)[0]))
#define WORDS(a, nocase)  { (a), ngx_snapshot_count(a), (nocase) }


/* page 004: "desc" is the default */

static const ngx_snapshot_str_t  ngx_snapshot_sort_dirs[] = {
    S("asc"), S("desc")
};


/* the page "snapshot status" that page 004 refers to */

static const ngx_snapshot_str_t  ngx_snapshot_statuses[] = {
    S("creating"), S("available"), S("error"), S("deleting"),
    S("error_deleting"), S("rollbacking"), S("backing-up")
};


/* what the Python clients of OpenStack send in place of a JSON boolean */

static const ngx_snapshot_str_t  ngx_snapshot_booleans[] = {
    S("true"), S("false"), S("1"), S("0"), S("yes"), S("no"), S("on"),
    S("off"), S("t"), S("f"), S("y"), S("n")
};


/* RFC 9110, section 8.4.1: content codings are compared without case */

static const ngx_snapshot_str_t  ngx_snapshot_encodings[] = { S("identity") };


static const ngx_snapshot_limit_text_t
    ngx_snapshot_limit_texts[NGX_SNAPSHOT_LIMIT_TEXTS] =
{
    { "EVS.5400", "limit param must be an integer." },
    { "EVS.5400", "limit param must be positive." },
    { "EVS.2142", "invalid filter limit, can not greater than " }
};


/* an error object that needs no memory: its name, message and code */

#define INTERNAL_TEXT  "the gateway could not judge the request"
#define INTERNAL(code, flat)                                                  \
    S("{\"error\": {\"message\": \"" INTERNAL_TEXT "\", "                     \
      "\"code\": \"" code "\"}" flat "}")


const ngx_snapshot_family_t  ngx_snapshot_families[NGX_SNAPSHOT_FAMILIES] = {

    [NGX_SNAPSHOT_FAMILY_EVS] = {
        S("evs"), "EVS", "Snapshots of volumes.", 0, INTERNAL("EVS.5500", "")
    },

    [NGX_SNAPSHOT_FAMILY_DWS] = {
        S("dws"), "DWS", "Snapshots of clusters.", 1,
        INTERNAL("500", ", \"error_code\": \"500\", \"error_msg\": \""
                        INTERNAL_TEXT "\"")
    }
};


const ngx_snapshot_rule_t  ngx_snapshot_rules[NGX_SNAPSHOT_RULES] = {

    [NGX_SNAPSHOT_RULE_URI_CANONICAL] = {
        S("uri-canonical"), REJECT, 400, { "EVS.5400", "DWS.5065" },
        NO_MAX, JUDGE(REQUEST),
        .must = "must be spelled exactly as documented"
    },

    [NGX_SNAPSHOT_RULE_PROJECT_ID] = {
        S("project-id"), REJECT, 400, { "EVS.0001", "DWS.5065" },
        NO_MAX, CHECK(VALUE, PROJECT)
    },

    [NGX_SNAPSHOT_RULE_PROJECT_MATCH] = {
        S("project-match"), WARN, 403, { "EVS.5403", "403" },
        NO_MAX, JUDGE(REQUEST),
        .must = "must be the project of the tenant"
    },

    [NGX_SNAPSHOT_RULE_METHOD_OVERRIDE] = {
        S("method-override"), REJECT, 400, { "EVS.5400", "DWS.5065" },
        NO_MAX, JUDGE(REQUEST),
        .must = "must be absent"
    },

    [NGX_SNAPSHOT_RULE_SNAPSHOT_ID] = {
        S("snapshot-id"), REJECT, 400, { "EVS.2045", NULL },
        NO_MAX, CHECK(VALUE, UUID)
    },

    [NGX_SNAPSHOT_RULE_OPERATION_KNOWN] = {
        S("operation-known"), PASS, 404, { "EVS.5404", "404" },
        NO_MAX, JUDGE(UNKNOWN),
        .must = "must be a documented operation"
    },

    [NGX_SNAPSHOT_RULE_CONTENT_TYPE] = {
        S("content-type"), REJECT, 415, { "415", "415" },
        NO_MAX, CHECK(BODY, MEDIA_TYPE),
        .must = "must be \"application/json\""
    },

    [NGX_SNAPSHOT_RULE_CONTENT_ENCODING] = {
        S("content-encoding"), REJECT, 415, { "415", "415" },
        NO_MAX, CHECK(BODY, WORDS),
        .words = WORDS(ngx_snapshot_encodings, 1)
    },

    [NGX_SNAPSHOT_RULE_BODY_SIZE] = {
        S("body-size"), REJECT, 413, { "413", "413" },
        BYTES, 114688, JUDGE(BODY)
    },

    [NGX_SNAPSHOT_RULE_JSON_SYNTAX] = {
        S("json-syntax"), REJECT, 400, { "EVS.5400", "DWS.5065" },
        NO_MAX, JUDGE(BODY),
        .must = "must be one JSON object in UTF-8"
    },

    [NGX_SNAPSHOT_RULE_JSON_DUPLICATE_KEY] = {
        S("json-duplicate-key"), REJECT, 400, { "EVS.5400", "DWS.5039" },
        NO_MAX, JUDGE(BODY),
        .must = "must have each key of an object once"
    },

    [NGX_SNAPSHOT_RULE_FIELD_REQUIRED] = {
        S("field-required"), REJECT, 400, { "EVS.5400", "DWS.5037" },
        NO_MAX, JUDGE(BODY)
    },

    [NGX_SNAPSHOT_RULE_FIELD_UNKNOWN] = {
        S("field-unknown"), REJECT, 400, { "EVS.5400", "DWS.5065" },
        NO_MAX, JUDGE(BODY)
    },

    [NGX_SNAPSHOT_RULE_FIELD_ALIAS] = {
        S("field-alias"), REJECT, 400, { "EVS.5400", NULL },
        NO_MAX, JUDGE(VALUE),
        .must = "must be given as "
    },

    [NGX_SNAPSHOT_RULE_FIELD_TYPE] = {
        S("field-type"), REJECT, 400, { "EVS.1018", "DWS.5065" },
        NO_MAX, JUDGE(BODY)
    },

    [NGX_SNAPSHOT_RULE_BOOLEAN_STRING] = {
        S("boolean-string"), REJECT, 400, { "EVS.1018", NULL },
        NO_MAX, CHECK(VALUE, BOOLEAN),
        .words = WORDS(ngx_snapshot_booleans, 1)
    },

    [NGX_SNAPSHOT_RULE_PARAM_ENCODING] = {
        S("param-encoding"), REJECT, 400, { "EVS.5400", NULL },
        NO_MAX, JUDGE(QUERY)
    },

    [NGX_SNAPSHOT_RULE_PARAM_DUPLICATE] = {
        S("param-duplicate"), REJECT, 400, { "EVS.5400", NULL },
        NO_MAX, JUDGE(QUERY)
    },

    [NGX_SNAPSHOT_RULE_PARAM_UNKNOWN] = {
        S("param-unknown"), WARN, 400, { "EVS.5400", NULL },
        NO_MAX, JUDGE(QUERY)
    },

    [NGX_SNAPSHOT_RULE_VOLUME_ID] = {
        S("volume-id"), REJECT, 400, { "EVS.1002", NULL },
        NO_MAX, CHECK(VALUE, UUID)
    },

    [NGX_SNAPSHOT_RULE_CLUSTER_ID] = {
        S("cluster-id"), WARN, 400, { NULL, "DWS.5064" },
        NO_MAX, CHECK(VALUE, UUID)
    },

    [NGX_SNAPSHOT_RULE_NAME_LENGTH] = {
        S("name-length"), REJECT, 400, { "EVS.5400", NULL },
        BYTES, 255, CHECK(VALUE, LENGTH)
    },

    /* pages 000, 001, 002: snapshots that backups make are named so */

    [NGX_SNAPSHOT_RULE_NAME_RESERVED] = {
        S("name-reserved"), WARN, 400, { "EVS.5400", NULL },
        NO_MAX, CHECK(VALUE, PREFIX),
        .prefix = S("autobk_snapshot_")
    },

    /* page 003: begins with a letter, 4 to 64 characters in all */

    [NGX_SNAPSHOT_RULE_NAME_FORMAT] = {
        S("name-format"), REJECT, 400, { NULL, "DWS.5065" },
        NO_MAX, CHECK(VALUE, PATTERN),
        .pattern = S("[A-Za-z][A-Za-z0-9_-]{3,63}")
    },

    [NGX_SNAPSHOT_RULE_DESCRIPTION_LENGTH] = {
        S("description-length"), REJECT, 400, { "EVS.5400", NULL },
        BYTES, 255, CHECK(VALUE, LENGTH)
    },

    /* not on page 003, but on today's public page of the same operation */

    [NGX_SNAPSHOT_RULE_DESCRIPTION_FORMAT] = {
        S("description-format"), WARN, 400, { NULL, "DWS.5065" },
        NUMBER, 256, CHECK(VALUE, CHARACTERS),
        .except = S("!<>'=&\"")
    },

    [NGX_SNAPSHOT_RULE_METADATA_ENTRY] = {
        S("metadata-entry"), WARN, 400, { "EVS.1018", NULL },
        BYTES, 255, CHECK(VALUE, LENGTH)
    },

    [NGX_SNAPSHOT_RULE_UPDATE_EMPTY] = {
        S("update-empty"), WARN, 400, { "EVS.1007", NULL },
        NO_MAX, JUDGE(VALUE)
    },

    [NGX_SNAPSHOT_RULE_LIMIT_RANGE] = {
        S("limit-range"), REJECT, 400, { "EVS.5400", NULL },
        NUMBER, 1000, CHECK(VALUE, LIMIT),
        .limit = ngx_snapshot_limit_texts
    },

    [NGX_SNAPSHOT_RULE_LIMIT_ADVISED] = {
        S("limit-advised"), WARN, 400, { "EVS.1023", NULL },
        NUMBER, 50, CHECK(VALUE, ADVISED)
    },

    [NGX_SNAPSHOT_RULE_OFFSET_RANGE] = {
        S("offset-range"), REJECT, 400, { "EVS.5400", NULL },
        NUMBER, 2147483647, CHECK(VALUE, RANGE)
    },

    [NGX_SNAPSHOT_RULE_SORT_DIR] = {
        S("sort-dir"), REJECT, 400, { "EVS.1040", NULL },
        NO_MAX, CHECK(VALUE, WORDS),
        .words = WORDS(ngx_snapshot_sort_dirs, 0)
    },

    [NGX_SNAPSHOT_RULE_MARKER] = {
        S("marker"), REJECT, 400, { "EVS.1024", NULL },
        NO_MAX, CHECK(VALUE, UUID)
    },

    [NGX_SNAPSHOT_RULE_STATUS_KNOWN] = {
        S("status-known"), WARN, 400, { "EVS.5400", NULL },
        NO_MAX, CHECK(VALUE, WORDS),
        .words = WORDS(ngx_snapshot_statuses, 0)
    }
};


const ngx_snapshot_str_t
    ngx_snapshot_severities[NGX_SNAPSHOT_SEVERITIES] =
{
    S("pass"), S("warn"), S("reject")
};


const char *const  ngx_snapshot_types[NGX_SNAPSHOT_TYPES] = {
    "a string", "a boolean", "an object", "an array", "a number", "null"
};


#define FIELD(name, type, flags, keep, page, text, ...)                       \
    { S(name), NGX_SNAPSHOT_TYPE_##type, flags, { __VA_ARGS__ },              \
      NGX_SNAPSHOT_KEEP_##keep, NULL, page, text }

#define MEMBERS(name, flags, scope, page, text)                               \
    { S(name), NGX_SNAPSHOT_TYPE_OBJECT, flags, { 0, 0, 0 },                  \
      NGX_SNAPSHOT_KEEP_NONE, scope, page, text }

#define SCOPE(title, fields, any_of)                                          \
    { title, fields, ngx_snapshot_count(fields), any_of,                      \
      NGX_SNAPSHOT_RULE_NONE, NULL, 0 }

#define ALIASED(title, fields, any_of, aliases)                               \
    { title, fields, ngx_snapshot_count(fields), any_of,                      \
      NGX_SNAPSHOT_RULE_NONE, aliases, ngx_snapshot_count(aliases) }

#define REQUIRED  NGX_SNAPSHOT_FLAG_REQUIRED
#define NULLABLE  NGX_SNAPSHOT_FLAG_NULLABLE


/* any key, strings as values */

static const ngx_snapshot_scope_t  ngx_snapshot_metadata = {
    NULL, NULL, 0, NGX_SNAPSHOT_RULE_NONE, NGX_SNAPSHOT_RULE_METADATA_ENTRY,
    NULL, 0
};


/* names of Cinder's first version, which it still takes */

static const ngx_snapshot_alias_t  ngx_snapshot_evs_aliases[] = {
    { S("display_name"), S("name"), NGX_SNAPSHOT_RULE_FIELD_ALIAS },
    { S("display_description"), S("description"),
      NGX_SNAPSHOT_RULE_FIELD_ALIAS }
};


#define PREFIX_TEXT                                                           \
    " Backups give their snapshots a prefix of their own, and the console "   \
    "restricts what can be done with such a snapshot."
#define METADATA_TEXT                                                         \
    "Metadata of the snapshot: keys of your own, with strings as values."

static const ngx_snapshot_field_t  ngx_snapshot_evs_create_fields[] = {
    FIELD("volume_id", STRING, REQUIRED, VOLUME_ID, "000",
          "The id of the volume to take the snapshot of.",
          NGX_SNAPSHOT_RULE_VOLUME_ID, 0, 0),
    FIELD("force", BOOLEAN, 0, NONE, "000",
          "With `true`, the snapshot is taken even while the volume is "
          "attached to a server; with `false`, the default, it is not.",
          NGX_SNAPSHOT_RULE_BOOLEAN_STRING, 0, 0),
    MEMBERS("metadata", NULLABLE, &ngx_snapshot_metadata, "000",
            METADATA_TEXT),
    FIELD("description", STRING, NULLABLE, NONE, "000",
          "A description of the snapshot.",
          NGX_SNAPSHOT_RULE_DESCRIPTION_LENGTH, 0, 0),
    FIELD("name", STRING, NULLABLE, NAME, "000",
          "The name of the snapshot." PREFIX_TEXT,
          NGX_SNAPSHOT_RULE_NAME_LENGTH, NGX_SNAPSHOT_RULE_NAME_RESERVED, 0)
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_create =
    ALIASED("CreateSnapshot", ngx_snapshot_evs_create_fields,
            NGX_SNAPSHOT_RULE_NONE, ngx_snapshot_evs_aliases);

static const ngx_snapshot_field_t  ngx_snapshot_evs_create_body_fields[] = {
    MEMBERS("snapshot", REQUIRED, &ngx_snapshot_evs_create, "000",
            "The snapshot to create.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_create_body =
    SCOPE("CreateSnapshotRequest", ngx_snapshot_evs_create_body_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_evs_update_fields[] = {
    FIELD("name", STRING, NULLABLE, NAME, "002",
          "The new name." PREFIX_TEXT,
          NGX_SNAPSHOT_RULE_NAME_LENGTH, NGX_SNAPSHOT_RULE_NAME_RESERVED, 0),
    FIELD("description", STRING, NULLABLE, NONE, "002",
          "The new description.", NGX_SNAPSHOT_RULE_DESCRIPTION_LENGTH, 0, 0)
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_update =
    ALIASED("UpdateSnapshot", ngx_snapshot_evs_update_fields,
            NGX_SNAPSHOT_RULE_UPDATE_EMPTY, ngx_snapshot_evs_aliases);

static const ngx_snapshot_field_t  ngx_snapshot_evs_update_body_fields[] = {
    MEMBERS("snapshot", REQUIRED, &ngx_snapshot_evs_update, "002",
            "What to change.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_update_body =
    SCOPE("UpdateSnapshotRequest", ngx_snapshot_evs_update_body_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_dws_create_fields[] = {
    FIELD("name", STRING, REQUIRED, NAME, "003",
          "The name of the snapshot: a letter, then letters, digits, hyphens "
          "and underscores, 4 to 64 characters in all. It must be unique, "
          "where upper and lower case count as the same.",
          NGX_SNAPSHOT_RULE_NAME_FORMAT, 0, 0),
    FIELD("cluster_id", STRING, REQUIRED, CLUSTER_ID, "003",
          "The id of the cluster to take the snapshot of.",
          NGX_SNAPSHOT_RULE_CLUSTER_ID, 0, 0),
    FIELD("description", STRING, NULLABLE, NONE, "003",
          "A description of the snapshot, empty by default.",
          NGX_SNAPSHOT_RULE_DESCRIPTION_FORMAT, 0, 0)
};

static const ngx_snapshot_scope_t  ngx_snapshot_dws_create =
    SCOPE("CreateClusterSnapshot", ngx_snapshot_dws_create_fields,
          NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_dws_create_body_fields[] = {
    MEMBERS("snapshot", REQUIRED, &ngx_snapshot_dws_create, "003",
            "The snapshot to create.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_dws_create_body =
    SCOPE("CreateClusterSnapshotRequest", ngx_snapshot_dws_create_body_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_evs_query_fields[] = {
    FIELD("marker", STRING, 0, NONE, "004",
          "The id of the last snapshot of the previous page. The list begins "
          "behind it.", NGX_SNAPSHOT_RULE_MARKER, 0, 0),
    FIELD("offset", STRING, 0, NONE, "004",
          "How many snapshots to skip. With `offset=50&limit=50`, the list has "
          "the 51st to the 100th snapshot.",
          NGX_SNAPSHOT_RULE_OFFSET_RANGE, 0, 0),
    FIELD("limit", STRING, 0, NONE, "004",
          "The greatest number of snapshots to list, 1000 by default. A "
          "project with more than 50 snapshots is listed faster in pages of "
          "at most 50, such as with `limit=50`.",
          NGX_SNAPSHOT_RULE_LIMIT_RANGE, NGX_SNAPSHOT_RULE_LIMIT_ADVISED, 0),
    FIELD("name", STRING, 0, NAME, "004",
          "Lists the snapshots of this name alone.",
          NGX_SNAPSHOT_RULE_NAME_LENGTH, 0, 0),
    FIELD("sort_dir", STRING, 0, NONE, "004",
          "The order of the list, ascending or descending; `desc` by default.",
          NGX_SNAPSHOT_RULE_SORT_DIR, 0, 0),
    FIELD("status", STRING, 0, NONE, "004",
          "Lists the snapshots of this status alone.",
          NGX_SNAPSHOT_RULE_STATUS_KNOWN, 0, 0),
    FIELD("volume_id", STRING, 0, VOLUME_ID, "004",
          "Lists the snapshots of this volume alone.",
          NGX_SNAPSHOT_RULE_VOLUME_ID, 0, 0)
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_query =
    SCOPE(NULL, ngx_snapshot_evs_query_fields, NGX_SNAPSHOT_RULE_NONE);


/* what the API answers, for the description alone */

#define ANSWER(name, type, flags, page, text)                                 \
    { S(name), NGX_SNAPSHOT_TYPE_##type, flags, { 0, 0, 0 },                  \
      NGX_SNAPSHOT_KEEP_NONE, NULL, page, text }

#define ANSWERS(name, type, flags, scope, page, text)                         \
    { S(name), NGX_SNAPSHOT_TYPE_##type, flags, { 0, 0, 0 },                  \
      NGX_SNAPSHOT_KEEP_NONE, scope, page, text }

#define TIME_FORM  ", in UTC, such as `2013-02-25T03:56:53.081642`."

#define SNAPSHOT_ANSWERS(page)                                                \
    ANSWER("id", STRING, REQUIRED, page, "The id of the snapshot."),          \
    ANSWER("status", STRING, 0, page, "Its status, such as `available`."),    \
    ANSWER("name", STRING, NULLABLE, page, "Its name."),                      \
    ANSWER("description", STRING, NULLABLE, page, "Its description."),        \
    ANSWER("created_at", STRING, 0, page,                                     \
           "When it was created" TIME_FORM),                                  \
    ANSWER("updated_at", STRING, NULLABLE, page,                              \
           "When it was last changed" TIME_FORM),                             \
    ANSWER("metadata", OBJECT, 0, page, METADATA_TEXT),                       \
    ANSWER("volume_id", STRING, 0, page,                                      \
           "The id of the volume that it was taken of."),                     \
    ANSWER("size", NUMBER, 0, page, "Its size in GB.")


static const ngx_snapshot_field_t  ngx_snapshot_v3_created_fields[] = {
    SNAPSHOT_ANSWERS("000"), ANSWER("user_id", STRING, 0, "000", "Reserved.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_v3_created =
    SCOPE("CreatedSnapshot", ngx_snapshot_v3_created_fields,
          NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_v3_create_answer_fields[] = {
    ANSWERS("snapshot", OBJECT, REQUIRED, &ngx_snapshot_v3_created, "000",
            "The snapshot that is being created.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_v3_create_answer =
    SCOPE("CreatedSnapshotResponse", ngx_snapshot_v3_create_answer_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_evs_snapshot_fields[] = {
    SNAPSHOT_ANSWERS("001, 002")
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_snapshot =
    SCOPE("Snapshot", ngx_snapshot_evs_snapshot_fields,
          NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_evs_answer_fields[] = {
    ANSWERS("snapshot", OBJECT, REQUIRED, &ngx_snapshot_evs_snapshot,
            "001, 002", "The snapshot.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_evs_answer =
    SCOPE("SnapshotResponse", ngx_snapshot_evs_answer_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_dws_snapshot_fields[] = {
    ANSWER("id", STRING, REQUIRED, "003", "The id of the snapshot.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_dws_snapshot =
    SCOPE("ClusterSnapshot", ngx_snapshot_dws_snapshot_fields,
          NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_dws_answer_fields[] = {
    ANSWERS("snapshot", OBJECT, REQUIRED, &ngx_snapshot_dws_snapshot, "003",
            "The snapshot that is being created.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_dws_answer =
    SCOPE("ClusterSnapshotResponse", ngx_snapshot_dws_answer_fields,
          NGX_SNAPSHOT_RULE_NONE);


/* a link to the next page, "rel" and "href" as in OpenStack */

static const ngx_snapshot_field_t  ngx_snapshot_link_fields[] = {
    ANSWER("rel", STRING, 0, "004", "`next`."),
    ANSWER("href", STRING, 0, "004", "The address of the next page.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_link =
    SCOPE("Link", ngx_snapshot_link_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_detail_item_fields[] = {
    SNAPSHOT_ANSWERS("004"),
    ANSWER("os-extended-snapshot-attributes:project_id", STRING, 0, "004",
           "The project that it belongs to."),
    ANSWER("os-extended-snapshot-attributes:progress", STRING, 0, "004",
           "How much of it is done, such as `100%`.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_detail_item =
    SCOPE("SnapshotDetail", ngx_snapshot_detail_item_fields,
          NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_detail_answer_fields[] = {
    ANSWERS("snapshots", ARRAY, REQUIRED, &ngx_snapshot_detail_item, "004",
            "The snapshots."),
    ANSWERS("snapshots_links", ARRAY, 0, &ngx_snapshot_link, "004",
            "A link to the next page, where there is one.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_detail_answer =
    SCOPE("SnapshotDetailList", ngx_snapshot_detail_answer_fields,
          NGX_SNAPSHOT_RULE_NONE);


static const ngx_snapshot_field_t  ngx_snapshot_list_answer_fields[] = {
    ANSWERS("snapshots", ARRAY, REQUIRED, &ngx_snapshot_evs_snapshot, "004",
            "The snapshots."),
    ANSWERS("snapshots_links", ARRAY, 0, &ngx_snapshot_link, "004",
            "A link to the next page, where there is one.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_list_answer =
    SCOPE("SnapshotList", ngx_snapshot_list_answer_fields,
          NGX_SNAPSHOT_RULE_NONE);


/* the samples of the pages, as they stand there */

#define JSON(...)  #__VA_ARGS__


static const char  ngx_snapshot_create_sample[] = JSON({
    "snapshot": {
        "name": "snap-001",
        "description": "Daily backup",
        "volume_id": "5aa119a8-d25b-45a7-8d1b-88e127885635",
        "force": false,
        "metadata": {}
    }
});

static const char  ngx_snapshot_v3_created_sample[] = JSON({
    "snapshot": {
        "status": "creating",
        "description": "Daily backup",
        "created_at": "2013-02-25T03:56:53.081642",
        "metadata": {},
        "volume_id": "5aa119a8-d25b-45a7-8d1b-88e127885635",
        "size": 1,
        "id": "ffa9bc5e-1172-4021-acaf-cdcd78a9584d",
        "name": "snap-001",
        "user_id": "48d70679b8644035846b2cb53633c256",
        "updated_at": "2013-02-25T03:56:53.081642"
    }
});

static const char  ngx_snapshot_v2_created_sample[] = JSON({
    "snapshot": {
        "status": "creating",
        "description": "Daily backup",
        "created_at": "2013-02-25T03:56:53.081642",
        "metadata": {},
        "volume_id": "5aa119a8-d25b-45a7-8d1b-88e127885635",
        "size": 1,
        "id": "ffa9bc5e-1172-4021-acaf-cdcd78a9584d",
        "name": "snap-001",
        "updated_at": "2013-02-25T03:56:53.081642"
    }
});

static const char  ngx_snapshot_update_sample[] = JSON({
    "snapshot": { "name": "snap-001", "description": "Daily backup" }
});

static const char  ngx_snapshot_updated_sample[] = JSON({
    "snapshot": {
        "status": "available",
        "description": "Daily backup",
        "created_at": "2013-02-25T03:56:53.081642",
        "metadata": {},
        "volume_id": "5aa119a8-d25b-45a7-8d1b-88e127885635",
        "size": 1,
        "id": "f9faf7df-fdc1-4093-9ef3-5cba06eef995",
        "name": "snap-001",
        "updated_at": "2013-02-25T03:56:53.081642"
    }
});

static const char  ngx_snapshot_dws_create_sample[] = JSON({
    "snapshot": {
        "name": "snapshot-3",
        "cluster_id": "44b277eb-39be-4921-be31-3d61b43651d7",
        "description": "Snapshot-3 description"
    }
});

static const char  ngx_snapshot_dws_created_sample[] = JSON({
    "snapshot": { "id": "2a4d0f86-67cd-408a-8b66-017454fb7793" }
});

static const char  ngx_snapshot_detail_sample[] = JSON({
    "snapshots": [
        {
            "status": "available",
            "os-extended-snapshot-attributes:progress": "100%",
            "description": null,
            "created_at": "2013-06-19T07:15:29.000000",
            "metadata": {},
            "volume_id": "ae11e59c-bd56-434a-a00c-04757e1c066d",
            "os-extended-snapshot-attributes:project_id":
                "d6c277ba8820452e83df36f33c9fa561",
            "size": 5,
            "id": "6cd26877-3ca3-4f4e-ae2a-38cc3d6183fa",
            "name": "name_xx2-snap",
            "updated_at": null
        },
        {
            "status": "available",
            "os-extended-snapshot-attributes:progress": "100%",
            "description": null,
            "created_at": "2013-06-19T09:08:08.000000",
            "metadata": {},
            "volume_id": "ae11e59c-bd56-434a-a00c-04757e1c066d",
            "os-extended-snapshot-attributes:project_id":
                "d6c277ba8820452e83df36f33c9fa561",
            "size": 5,
            "id": "b3253e26-5c37-48dd-8bf2-8795dd1e848f",
            "name": "name_xx2-snap",
            "updated_at": null
        }
    ]
});


#define CREATE_TEXT                                                           \
    "Takes a snapshot of a volume. The response comes at once, with the "     \
    "status `creating`."
#define UPDATE_TEXT                                                           \
    "Changes the name, the description, or both. What is left out stays as "  \
    "it is."
#define DETAIL_TEXT                                                           \
    "Lists the snapshots of a project with all that is known about each. The " \
    "parameters say which snapshots to list, and in what order and pages."
#define LIST_TEXT                                                             \
    "Lists the snapshots of a project. The parameters say which snapshots to " \
    "list, and in what order and pages."

#define GET        NGX_SNAPSHOT_METHOD_GET
#define HEAD       NGX_SNAPSHOT_METHOD_HEAD
#define POST       NGX_SNAPSHOT_METHOD_POST
#define PUT        NGX_SNAPSHOT_METHOD_PUT
#define DELETE     NGX_SNAPSHOT_METHOD_DELETE

/* what is under a collection */

#define V3(rest)   "/v3/{project_id}/snapshots" rest
#define V2(rest)   "/v2/{project_id}/snapshots" rest
#define V1(rest)   "/v1.0/{project_id}/snapshots" rest

#define ID         "/{snapshot_id}"

/* literal paths stand before those that "{name}" takes in */

#define NGX_SNAPSHOT_OPERATION(name, family, ...)                             \
    { S(name), NGX_SNAPSHOT_FAMILY_##family, __VA_ARGS__ },

#define NGX_SNAPSHOT_SIBLING(name, family, ...)                               \
    { S(name), NGX_SNAPSHOT_FAMILY_##family, { __VA_ARGS__ },                 \
      NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL },

const ngx_snapshot_operation_t
    ngx_snapshot_operations[NGX_SNAPSHOT_OPERATIONS + 1] =
{
#include "ngx_snapshot_operations.h"

    { ngx_snapshot_null, NGX_SNAPSHOT_FAMILY_EVS, { { 0, NULL } },
      NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL }
};


const ngx_snapshot_operation_t  ngx_snapshot_unknown = {
    S("unknown"), NGX_SNAPSHOT_FAMILY_EVS, { { 0, NULL } },
    NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL
};


const ngx_snapshot_header_t  ngx_snapshot_headers[] = {
    { S("Content-Type"), NGX_SNAPSHOT_RULE_CONTENT_TYPE, REQUIRED },
    { S("Content-Encoding"), NGX_SNAPSHOT_RULE_CONTENT_ENCODING, NULLABLE },
    { S("X-HTTP-Method-Override"), NGX_SNAPSHOT_RULE_METHOD_OVERRIDE, 0 },
    { S("X-HTTP-Method"), NGX_SNAPSHOT_RULE_METHOD_OVERRIDE, 0 },
    { S("X-Method-Override"), NGX_SNAPSHOT_RULE_METHOD_OVERRIDE, 0 },
    { ngx_snapshot_null, NGX_SNAPSHOT_RULE_NONE, 0 }
};


const ngx_snapshot_path_param_t  ngx_snapshot_path_params[NGX_SNAPSHOT_PARAMS] =
{
    [NGX_SNAPSHOT_PARAM_PROJECT_ID] = {
        S("project_id"), NGX_SNAPSHOT_RULE_PROJECT_ID,
        NGX_SNAPSHOT_RULE_PROJECT_MATCH,
        "The id of the project that the snapshots belong to."
    },

    [NGX_SNAPSHOT_PARAM_SNAPSHOT_ID] = {
        S("snapshot_id"), NGX_SNAPSHOT_RULE_SNAPSHOT_ID,
        NGX_SNAPSHOT_RULE_NONE, "The id of the snapshot."
    }
};


const ngx_snapshot_str_t  ngx_snapshot_methods[NGX_SNAPSHOT_METHODS] = {
    S("GET"), S("HEAD"), S("POST"), S("PUT"), S("DELETE")
};


const ngx_snapshot_str_t  ngx_snapshot_method_param = S("_method");


/*
 * The pages show badRequest and itemNotFound, the other names are OpenStack's;
 * the codes are those of the EVS error code list that the pages refer to.
 */

static const ngx_snapshot_fault_t  ngx_snapshot_faults[] = {
    { 400, "badRequest", { NULL, NULL }, "the request is malformed" },
    { 401, "unauthorized", { "EVS.5401", NULL }, "authentication is required" },
    { 403, "forbidden", { "EVS.5403", NULL }, "access is forbidden" },
    { 404, "itemNotFound", { "EVS.5404", NULL }, "there is no such resource" },
    { 405, "badMethod", { NULL, NULL }, "the method is not allowed here" },
    { 408, "error", { NULL, NULL }, "the request took too long to arrive" },
    { 409, "conflictingRequest", { NULL, NULL },
      "the request conflicts with another" },
    { 411, "error", { NULL, NULL }, "a Content-Length is required" },
    { 413, "overLimit", { NULL, NULL }, "the body is too large" },
    { 414, "error", { NULL, NULL }, "the request line is too long" },
    { 415, "badMediaType", { NULL, NULL }, "the media type is not supported" },
    { 429, "overLimit", { NULL, NULL }, "too many requests, try again later" },
    { 500, "error", { "EVS.5500", NULL }, "an internal error" },
    { 501, "notImplemented", { NULL, NULL }, "this is not implemented" },
    { 502, "error", { NULL, NULL }, "the API gave no valid answer" },
    { 503, "serviceUnavailable", { "EVS.5503", NULL },
      "the service is unavailable, try again later" },
    { 504, "error", { NULL, NULL }, "the API did not answer in time" },
    { 0, "error", { NULL, NULL }, NULL }
};


const ngx_snapshot_fault_t *
ngx_snapshot_fault(unsigned status)
{
    const ngx_snapshot_fault_t  *f;

    for (f = ngx_snapshot_faults; f->status; f++) {
        if (f->status == status) {
            break;
        }
    }

    return f;
}


ngx_snapshot_rule_e
ngx_snapshot_rule_by_name(ngx_snapshot_str_t name)
{
    unsigned  i;

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {
        if (ngx_snapshot_eq(ngx_snapshot_rules[i].name, name)) {
            return (ngx_snapshot_rule_e) i;
        }
    }

    return NGX_SNAPSHOT_RULE_NONE;
}


ngx_snapshot_rule_e
ngx_snapshot_rule_nearest(ngx_snapshot_str_t name)
{
    size_t    distance, least;
    unsigned  i, nearest;

    nearest = NGX_SNAPSHOT_RULE_NONE;
    least = SIZE_MAX;

    for (i = NGX_SNAPSHOT_RULE_NONE + 1; i < NGX_SNAPSHOT_RULES; i++) {

        distance = ngx_snapshot_distance(ngx_snapshot_rules[i].name, name);

        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }

    return (ngx_snapshot_rule_e) nearest;
}


int
ngx_snapshot_rule_applies(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_rule_e rule)
{
    const ngx_snapshot_rule_t  *row;

    row = &ngx_snapshot_rules[rule];

    if (row->code[operation->family] == NULL) {
        return 0;
    }

    switch (row->where) {

    case NGX_SNAPSHOT_WHERE_REQUEST:
        return 1;

    case NGX_SNAPSHOT_WHERE_UNKNOWN:
        return operation == &ngx_snapshot_unknown;

    case NGX_SNAPSHOT_WHERE_BODY:
        return operation->body != NULL;

    case NGX_SNAPSHOT_WHERE_QUERY:
        return operation->query != NULL;

    default:
        return ngx_snapshot_path_has(operation, rule)
               || ngx_snapshot_scope_has(operation->body, rule)
               || ngx_snapshot_scope_has(operation->query, rule);
    }
}


/* siblings are not judged */

static int
ngx_snapshot_path_has(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_rule_e rule)
{
    unsigned  i;

    for (i = 0; i < NGX_SNAPSHOT_PARAMS; i++) {
        if (ngx_snapshot_path_params[i].rule == rule
            && ngx_snapshot_has_rules(operation)
            && ngx_snapshot_has_param(operation, (ngx_snapshot_param_e) i))
        {
            return 1;
        }
    }

    return 0;
}


int
ngx_snapshot_has_param(const ngx_snapshot_operation_t *operation,
    ngx_snapshot_param_e param)
{
    const char          *p;
    ngx_snapshot_str_t   name, found;

    name = ngx_snapshot_path_params[param].name;

    for (p = strchr(operation->targets[0].path, '{'); p; p = strchr(p, '{')) {

        found.data = (const u_char *) ++p;
        found.len = strcspn(p, "}");

        if (ngx_snapshot_eq(found, name)) {
            return 1;
        }
    }

    return 0;
}


static int
ngx_snapshot_scope_has(const ngx_snapshot_scope_t *scope,
    ngx_snapshot_rule_e rule)
{
    unsigned                     i, n;
    const ngx_snapshot_field_t  *field;

    if (scope == NULL) {
        return 0;
    }

    if (scope->any_of == rule || scope->entry == rule) {
        return 1;
    }

    for (i = 0; i < scope->naliases; i++) {
        if (scope->aliases[i].rule == rule) {
            return 1;
        }
    }

    for (i = 0; i < scope->nfields; i++) {

        field = &scope->fields[i];

        for (n = 0; n < NGX_SNAPSHOT_FIELD_CHECKS; n++) {
            if (field->rules[n] == rule) {
                return 1;
            }
        }

        if (ngx_snapshot_scope_has(field->members, rule)) {
            return 1;
        }
    }

    return 0;
}


int
ngx_snapshot_is_version(ngx_snapshot_str_t segment)
{
    ngx_snapshot_str_t               version;
    const ngx_snapshot_operation_t  *op;

    for (op = ngx_snapshot_operations; op->name.len; op++) {

        version.data = (const u_char *) op->targets[0].path + 1;
        version.len = strcspn(op->targets[0].path + 1, "/");

        if (ngx_snapshot_caseeq(segment, version)) {
            return 1;
        }
    }

    return 0;
}


const ngx_snapshot_scope_t *
ngx_snapshot_inner_scope(const ngx_snapshot_operation_t *operation,
    unsigned query)
{
    if (query) {
        return operation->query;
    }

    return operation->body ? operation->body->fields[0].members : NULL;
}


const ngx_snapshot_alias_t *
ngx_snapshot_find_alias(const ngx_snapshot_scope_t *scope,
    ngx_snapshot_str_t name)
{
    unsigned  i;

    for (i = 0; i < scope->naliases; i++) {
        if (ngx_snapshot_eq(scope->aliases[i].name, name)) {
            return &scope->aliases[i];
        }
    }

    return NULL;
}


const ngx_snapshot_allowed_t *
ngx_snapshot_find_allowed(const ngx_snapshot_policy_t *policy,
    const ngx_snapshot_operation_t *operation, unsigned query,
    ngx_snapshot_str_t name)
{
    unsigned                       i;
    const ngx_snapshot_allowed_t  *a, *found;

    found = NULL;

    for (i = 0; i < policy->nallowed; i++) {
        a = &policy->allowed[i];

        if (a->query != query || !ngx_snapshot_eq(a->name, name)) {
            continue;
        }

        /* what is of one operation goes before what is of all */

        if (a->operation == operation) {
            return a;
        }

        if (a->operation == NULL) {
            found = a;
        }
    }

    return found;
}


void
ngx_snapshot_policy_default(ngx_snapshot_policy_t *policy)
{
    unsigned  i;

    policy->allowed = NULL;
    policy->nallowed = 0;

    for (i = 0; i < NGX_SNAPSHOT_RULES; i++) {
        policy->rule[i].severity = ngx_snapshot_rules[i].severity;
        policy->rule[i].max = ngx_snapshot_rules[i].max;
    }
}
