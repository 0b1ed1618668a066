-- The contract's creates and queries in Lua.  The first violation in the
-- contract's order is the answer, where the gateway lists all of them.

local cjson = require "cjson.safe"
local table_clear = require "table.clear"

local decode, null = cjson.decode, cjson.null
local byte, find, format, lower, sub =
    string.byte, string.find, string.format, string.lower, string.sub
local concat = table.concat
local next, pairs, tonumber, type = next, pairs, tonumber, type
local re_find = ngx.re.find
local req = ngx.req

cjson.decode_invalid_numbers(false)

local MAX_BODY = 114688
local UUID = [[\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}]]
             .. [[-[0-9a-f]{12}\z]]
local DWS_NAME = [[\A[A-Za-z][A-Za-z0-9_-]{3,63}\z]]
local PATH = [[\A/(v2|v3|v1\.0)/[0-9A-Za-z_-]{1,64}/snapshots]]
             .. [[(/detail)?(?:\?|\z)]]
local JSON_TYPE = [[\A\s*application/json\s*(?:;\s*(?!charset)[^,]*|]]
                  .. [[;\s*charset="?utf-?8"?\s*)?\z]]

local BOOLEANS = {
    ["true"] = true, ["false"] = true, ["1"] = true, ["0"] = true,
    yes = true, no = true, on = true, off = true, t = true, f = true,
    y = true, n = true,
}

local STATUSES = {
    creating = true, available = true, error = true, deleting = true,
    error_deleting = true, rollbacking = true, ["backing-up"] = true,
}

local PARAMS = {
    marker = true, offset = true, limit = true, name = true, sort_dir = true,
    status = true, volume_id = true,
}

local EVS = {
    fields = {
        volume_id = "string", force = "boolean", metadata = "table",
        description = "string", name = "string",
    },
    required = { "volume_id" },
    nullable = { name = true, description = true, metadata = true },
    bad = "EVS.5400", missing = "EVS.5400", wrong_type = "EVS.1018",
}

local DWS = {
    fields = { name = "string", cluster_id = "string", description = "string" },
    required = { "name", "cluster_id" },
    nullable = { description = true },
    bad = "DWS.5065", missing = "DWS.5037", wrong_type = "DWS.5065",
}

-- what warns, of one request: nothing here yields

local warnings = {}


local function refuse(code, message, status, fault)
    local body = concat({ '{"', fault or "badRequest", '": {"message": "',
                          message, '", "code": "', code, '"}}' })

    ngx.status = status or 400
    ngx.header["Content-Type"] = "application/json"
    ngx.header["Content-Length"] = #body
    ngx.print(body)
    return ngx.exit(ngx.status)
end


local function is_uuid(s)
    return #s == 36 and re_find(s, UUID, "ijo")
end


local function warn(rule, at)
    warnings[#warnings + 1] = rule .. ';at="' .. at .. '"'
end


local function check_types(snapshot, family)
    local fields, nullable = family.fields, family.nullable

    for _, name in pairs(family.required) do
        local value = snapshot[name]

        if value == nil or value == "" then
            return family.missing, "snapshot." .. name .. ": missing"
        end
    end

    for name in next, snapshot do
        if not fields[name] then
            return family.bad, "snapshot: an unknown field"
        end
    end

    local as_boolean

    for name, value in next, snapshot do
        if type(value) ~= fields[name]
           and not (value == null and nullable[name])
        then
            if name == "force" and type(value) == "string"
               and BOOLEANS[lower(value)]
            then
                as_boolean = true

            else
                return family.wrong_type,
                       "snapshot." .. name .. ": of a wrong type"
            end
        end
    end

    if as_boolean then
        return "EVS.1018", "snapshot.force: a string, not a boolean"
    end
end


local function check_metadata(metadata)
    for key, value in next, metadata do
        if type(key) ~= "string" then
            return "EVS.1018", "snapshot.metadata: of a wrong type"
        end

        if #key == 0 or #key > 255 or type(value) ~= "string" or #value > 255
        then
            warn("metadata-entry", "/snapshot/metadata/" .. ngx.escape_uri(key))
        end
    end
end


local function check_evs(snapshot)
    local name, metadata = snapshot.name, snapshot.metadata
    local description = snapshot.description

    if metadata and metadata ~= null then
        local code, message = check_metadata(metadata)
        if code then
            return code, message
        end
    end

    if not is_uuid(snapshot.volume_id) then
        return "EVS.1002", "snapshot.volume_id: not a UUID"
    end

    if name and name ~= null then
        if #name > 255 then
            return "EVS.5400", format("snapshot.name: %d bytes, at most 255"
                                      .. " are allowed", #name)
        end

        if sub(name, 1, 16) == "autobk_snapshot_" then
            warn("name-reserved", "/snapshot/name")
        end
    end

    if description and description ~= null and #description > 255 then
        return "EVS.5400", format("snapshot.description: %d bytes, at most 255"
                                  .. " are allowed", #description)
    end
end


local function check_dws(snapshot)
    if not is_uuid(snapshot.cluster_id) then
        warn("cluster-id", "/snapshot/cluster_id")
    end

    if not re_find(snapshot.name, DWS_NAME, "jo") then
        return "DWS.5065", "snapshot.name: a letter, then letters, digits, -"
                           .. " and _, 4 to 64 in all, are allowed"
    end
end


local function check_body(family)
    local media_type = ngx.var.content_type

    if media_type ~= "application/json"
       and not (media_type and re_find(media_type, JSON_TYPE, "ijo"))
    then
        return "415", "header Content-Type: application/json is allowed", 415,
               "badMediaType"
    end

    local encoding = ngx.var.http_content_encoding

    if encoding and lower(encoding) ~= "identity" then
        return "415", "header Content-Encoding: none is allowed", 415,
               "badMediaType"
    end

    local length = tonumber(ngx.var.http_content_length)

    if length and length > MAX_BODY then
        return "413", "body: too large", 413, "overLimit"
    end

    req.read_body()

    local body = req.get_body_data()

    if body and #body > MAX_BODY then
        return "413", "body: too large", 413, "overLimit"
    end

    -- cjson takes any value at the top

    local root = body and find(body, "^[ \t\r\n]*{") and decode(body)

    if not root then
        return family.bad, "body: not a JSON object"
    end

    local snapshot = root.snapshot

    if snapshot == nil then
        return family.missing, "snapshot: missing"
    end

    if next(root, next(root)) ~= nil then
        return family.bad, "body: an unknown field"
    end

    if type(snapshot) ~= "table" or snapshot[1] ~= nil then
        return family.wrong_type, "snapshot: of a wrong type"
    end

    local code, message = check_types(snapshot, family)

    if code then
        return code, message
    end

    if family == DWS then
        return check_dws(snapshot)
    end

    return check_evs(snapshot)
end


local function check_limit(limit)
    if type(limit) ~= "string" or not re_find(limit, [[\A-?[0-9]+\z]], "jo")
    then
        return "EVS.5400", "query limit: limit param must be an integer."
    end

    local n = tonumber(limit)

    if n <= 0 or byte(limit) == 45 then
        return "EVS.5400", "query limit: limit param must be positive."
    end

    if n > 1000 then
        return "EVS.2142", "query limit: invalid filter limit, can not"
                           .. " greater than 1000."
    end

    if n > 50 then
        warn("limit-advised", "query:limit")
    end
end


local function is_text(value)
    return type(value) ~= "string" or re_find(value, [[\A[^\x00-\x1f\x7f]*\z]],
                                              "ujo")
end


-- in the contract's order, so an encoding comes before what it encodes

local function check_query()
    local query = ngx.var.args

    if not query then
        return
    end

    if find(query, ";", 1, true) then
        return "EVS.5400", "query: a bare semicolon"
    end

    local args = req.get_uri_args()
    local escaped = find(query, "%", 1, true)

    if escaped and re_find(query, "%(?![0-9A-Fa-f]{2})", "jo") then
        return "EVS.5400", "query: a broken percent-escape"
    end

    for name, value in next, args do
        if not PARAMS[name] then
            warn("param-unknown", "query:" .. ngx.escape_uri(name))

        elseif type(value) == "table" then
            return "EVS.5400", "query " .. name .. ": more than once"

        elseif escaped and not is_text(value) then
            return "EVS.5400", "query " .. name .. ": not text"
        end
    end

    local volume_id = args.volume_id

    if volume_id and (volume_id == true or not is_uuid(volume_id)) then
        return "EVS.1002", "query volume_id: not a UUID"
    end

    local name = args.name

    if name and name ~= true and #name > 255 then
        return "EVS.5400", format("query name: %d bytes, at most 255 are"
                                  .. " allowed", #name)
    end

    local limit = args.limit

    if limit then
        local code, message = check_limit(limit)
        if code then
            return code, message
        end
    end

    local offset = args.offset

    if offset and (offset == true or not re_find(offset, [[\A[0-9]+\z]], "jo")
                   or tonumber(offset) > 2147483647)
    then
        return "EVS.5400", "query offset: not allowed"
    end

    local sort_dir = args.sort_dir

    if sort_dir and sort_dir ~= "asc" and sort_dir ~= "desc" then
        return "EVS.1040", "query sort_dir: asc and desc are allowed"
    end

    local marker = args.marker

    if marker and (marker == true or not is_uuid(marker)) then
        return "EVS.1024", "query marker: not a UUID"
    end

    local status = args.status

    if status and not STATUSES[status] then
        warn("status-known", "query:status")
    end
end


local _M = {}


function _M.check()
    local from, to = re_find(ngx.var.request_uri, PATH, "jo", nil, 1)

    if not from then
        return
    end

    local uri = ngx.var.uri
    local detail = sub(uri, -7) == "/detail"
    local version = byte(uri, 3)
    local method = req.get_method()
    local code, message, status, fault

    table_clear(warnings)

    if method == "POST" and not detail then
        code, message, status, fault =
            check_body(version == 49 and DWS or EVS)

    elseif (method == "GET" or method == "HEAD") and version ~= 49 then
        code, message = check_query()
    end

    if code then
        return refuse(code, message, status, fault)
    end

    if warnings[1] then
        ngx.header["X-Snapshot-Warning"] = concat(warnings, ", ")
    end
end


return _M
