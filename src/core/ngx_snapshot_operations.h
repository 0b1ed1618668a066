
/*
 * The rows of the operations, for ngx_snapshot_contract.h, which counts them,
 * and ngx_snapshot_contract.c; for no other file.  An operation has paths, a
 * body or a query, and what the API answers; a sibling is known by its paths
 * alone, and not judged.
 */


NGX_SNAPSHOT_OPERATION("evs_v3_create", EVS, { { POST, V3("") } },
    &ngx_snapshot_evs_create_body, NULL, 202, &ngx_snapshot_v3_create_answer,
    "Create a snapshot of a volume", "000",
    CREATE_TEXT, ngx_snapshot_create_sample, ngx_snapshot_v3_created_sample)

NGX_SNAPSHOT_OPERATION("evs_v2_create", EVS, { { POST, V2("") } },
    &ngx_snapshot_evs_create_body, NULL, 202, &ngx_snapshot_evs_answer,
    "Create a snapshot of a volume", "001",
    CREATE_TEXT, ngx_snapshot_create_sample, ngx_snapshot_v2_created_sample)

NGX_SNAPSHOT_OPERATION("evs_v3_update", EVS, { { PUT, V3(ID) } },
    &ngx_snapshot_evs_update_body, NULL, 200, &ngx_snapshot_evs_answer,
    "Change name or description of a snapshot", "002",
    UPDATE_TEXT, ngx_snapshot_update_sample, ngx_snapshot_updated_sample)

NGX_SNAPSHOT_OPERATION("evs_v2_update", EVS, { { PUT, V2(ID) } },
    &ngx_snapshot_evs_update_body, NULL, 200, &ngx_snapshot_evs_answer,
    "Change name or description of a snapshot", "002",
    UPDATE_TEXT, ngx_snapshot_update_sample, ngx_snapshot_updated_sample)

NGX_SNAPSHOT_OPERATION("dws_v1_create", DWS, { { POST, V1("") } },
    &ngx_snapshot_dws_create_body, NULL, 200, &ngx_snapshot_dws_answer,
    "Create a snapshot of a cluster", "003",
    "Takes a snapshot of a cluster.",
    ngx_snapshot_dws_create_sample, ngx_snapshot_dws_created_sample)

NGX_SNAPSHOT_OPERATION("evs_v3_detail", EVS, { { GET | HEAD, V3("/detail") } },
    NULL, &ngx_snapshot_evs_query, 200, &ngx_snapshot_detail_answer,
    "List snapshots with their details", "004",
    DETAIL_TEXT, NULL, ngx_snapshot_detail_sample)

NGX_SNAPSHOT_OPERATION("evs_v2_detail", EVS, { { GET | HEAD, V2("/detail") } },
    NULL, &ngx_snapshot_evs_query, 200, &ngx_snapshot_detail_answer,
    "List snapshots with their details", "004",
    DETAIL_TEXT, NULL, ngx_snapshot_detail_sample)

NGX_SNAPSHOT_OPERATION("evs_v3_list", EVS, { { GET | HEAD, V3("") } },
    NULL, &ngx_snapshot_evs_query, 200, &ngx_snapshot_list_answer,
    "List snapshots", "004",
    LIST_TEXT, NULL, NULL)

NGX_SNAPSHOT_OPERATION("evs_v2_list", EVS, { { GET | HEAD, V2("") } },
    NULL, &ngx_snapshot_evs_query, 200, &ngx_snapshot_list_answer,
    "List snapshots", "004",
    LIST_TEXT, NULL, NULL)

NGX_SNAPSHOT_SIBLING("evs_show", EVS,
    { GET | HEAD, V3(ID) },
    { GET | HEAD, V2(ID) })

NGX_SNAPSHOT_SIBLING("evs_delete", EVS,
    { DELETE, V3(ID) },
    { DELETE, V2(ID) })

NGX_SNAPSHOT_SIBLING("evs_metadata", EVS,
    { GET | POST | PUT, V3(ID "/metadata") },
    { GET | PUT | DELETE, V3(ID "/metadata/{key}") },
    { GET | POST | PUT, V2(ID "/metadata") },
    { GET | PUT | DELETE, V2(ID "/metadata/{key}") })

NGX_SNAPSHOT_SIBLING("evs_action", EVS,
    { POST, V3(ID "/action") },
    { POST, V2(ID "/action") })

NGX_SNAPSHOT_SIBLING("dws_list", DWS,
    { GET, V1("") })

NGX_SNAPSHOT_SIBLING("dws_show", DWS,
    { GET, V1(ID) })

NGX_SNAPSHOT_SIBLING("dws_delete", DWS,
    { DELETE, V1(ID) })

NGX_SNAPSHOT_SIBLING("dws_restore", DWS,
    { POST, V1(ID "/actions") })

NGX_SNAPSHOT_SIBLING("dws_copy", DWS,
    { POST, V1(ID "/linked-copy") })
