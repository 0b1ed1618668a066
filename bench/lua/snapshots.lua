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

-- of t/data/contract.json

local facts = require "facts"
local EVS, DWS, PARAMS, MAX = facts.EVS, facts.DWS, facts.params, facts.max
local BOOLEANS = facts.words["boolean-string"]
local SORT_DIRS = facts.words["sort-dir"]
local STATUSES = facts.words["status-known"]
local MAX_BODY = MAX["body-size"]
local MAX_NAME = MAX["name-length"]
local MAX_DESCRIPTION = MAX["description-length"]
local MAX_ENTRY = MAX["metadata-entry"]
local PREFIX = facts.prefix

local UUID = [[\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}]]
             .. [[-[0-9a-f]{12}\z]]
local DWS_NAME = [[\A]] .. facts.name .. [[\z]]
local PATH = [[\A/(v2|v3|v1\.0)/]] .. facts.project .. [[/snapshots]]
             .. [[(/detail)?(?:\?|\z)]]
local JSON_TYPE = [[\A\s*application/json\s*(?:;\s*(?!charset)[^,]*|]]
                  .. [[;\s*charset="?utf-?8"?\s*)?\z]]

-- Lua knows an object as a table

for name, type in pairs(EVS.fields) do
    EVS.fields[name] = type == "object" and "table" or type
end

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
            return family.code["field-required"],
                   "snapshot." .. name .. ": missing"
        end
    end

    for name in next, snapshot do
        if not fields[name] then
            return family.code["field-unknown"], "snapshot: an unknown field"
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
                return family.code["field-type"],
                       "snapshot." .. name .. ": of a wrong type"
            end
        end
    end

    if as_boolean then
        return EVS.code["boolean-string"],
               "snapshot.force: a string, not a boolean"
    end
end


local function check_metadata(metadata)
    for key, value in next, metadata do
        if type(key) ~= "string" then
            return EVS.code["field-type"], "snapshot.metadata: of a wrong type"
        end

        if #key == 0 or #key > MAX_ENTRY or type(value) ~= "string"
           or #value > MAX_ENTRY
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
        return EVS.code["volume-id"], "snapshot.volume_id: not a UUID"
    end

    if name and name ~= null then
        if #name > MAX_NAME then
            return EVS.code["name-length"],
                   format("snapshot.name: %d bytes, at most %d are allowed",
                          #name, MAX_NAME)
        end

        if sub(name, 1, #PREFIX) == PREFIX then
            warn("name-reserved", "/snapshot/name")
        end
    end

    if description and description ~= null
       and #description > MAX_DESCRIPTION
    then
        return EVS.code["description-length"],
               format("snapshot.description: %d bytes, at most %d are allowed",
                      #description, MAX_DESCRIPTION)
    end
end


local function check_dws(snapshot)
    if not is_uuid(snapshot.cluster_id) then
        warn("cluster-id", "/snapshot/cluster_id")
    end

    if not re_find(snapshot.name, DWS_NAME, "jo") then
        return DWS.code["name-format"],
               "snapshot.name: a letter, then letters, digits, - and _, 4 to"
               .. " 64 in all, are allowed"
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
        return family.code["json-syntax"], "body: not a JSON object"
    end

    local snapshot = root.snapshot

    if snapshot == nil then
        return family.code["field-required"], "snapshot: missing"
    end

    if next(root, next(root)) ~= nil then
        return family.code["field-unknown"], "body: an unknown field"
    end

    if type(snapshot) ~= "table" or snapshot[1] ~= nil then
        return family.code["field-type"], "snapshot: of a wrong type"
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
        return EVS.code["limit-range"],
               "query limit: limit param must be an integer."
    end

    local n = tonumber(limit)

    if n <= 0 or byte(limit) == 45 then
        return EVS.code["limit-range"],
               "query limit: limit param must be positive."
    end

    if n > MAX["limit-range"] then
        return facts.limit_code,
               format("query limit: invalid filter limit, can not greater than"
                      .. " %d.", MAX["limit-range"])
    end

    if n > MAX["limit-advised"] then
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
        return EVS.code["param-encoding"], "query: a bare semicolon"
    end

    local args = req.get_uri_args()
    local escaped = find(query, "%", 1, true)

    if escaped and re_find(query, "%(?![0-9A-Fa-f]{2})", "jo") then
        return EVS.code["param-encoding"], "query: a broken percent-escape"
    end

    for name, value in next, args do
        if not PARAMS[name] then
            warn("param-unknown", "query:" .. ngx.escape_uri(name))

        elseif type(value) == "table" then
            return EVS.code["param-duplicate"],
                   "query " .. name .. ": more than once"

        elseif escaped and not is_text(value) then
            return EVS.code["param-encoding"],
                   "query " .. name .. ": not text"
        end
    end

    local volume_id = args.volume_id

    if volume_id and (volume_id == true or not is_uuid(volume_id)) then
        return EVS.code["volume-id"], "query volume_id: not a UUID"
    end

    local name = args.name

    if name and name ~= true and #name > MAX_NAME then
        return EVS.code["name-length"],
               format("query name: %d bytes, at most %d are allowed", #name,
                      MAX_NAME)
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
                   or tonumber(offset) > MAX["offset-range"])
    then
        return EVS.code["offset-range"], "query offset: not allowed"
    end

    local sort_dir = args.sort_dir

    if sort_dir and not SORT_DIRS[sort_dir] then
        return EVS.code["sort-dir"], "query sort_dir: asc and desc are allowed"
    end

    local marker = args.marker

    if marker and (marker == true or not is_uuid(marker)) then
        return EVS.code["marker"], "query marker: not a UUID"
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
