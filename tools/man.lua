-- Makes a manual page of documents, by pandoc: the sections of reference, in the
-- form of a manual page.

local pages = {}

pages['ngx_http_snapshot_module'] = {
    kept = {
        Synopsis = true, Description = true, Directives = true, Rules = true,
        Variables = true, Counters = true, Limitations = true, Security = true,
    },
    first = [[
# NAME

ngx_http_snapshot_module - validating gateway in front of a snapshot API
]],
    last = [[
# SEE ALSO

**snapshot-check**(1), **nginx**(8)

Debian has the configurations and the documents in
*/usr/share/doc/libnginx-mod-http-snapshot*, and the page in
*/usr/share/libnginx-mod-http-snapshot/html*.
]],
}

pages['snapshot-check'] = {
    kept = {
        Synopsis = true, Description = true, Input = true, Options = true,
        Report = true, ['Exit status'] = true, Limits = true,
    },
    first = [[
# NAME

snapshot-check - what would a snapshot gateway make of recorded requests?
]],
    last = [[
# SEE ALSO

**ngx_http_snapshot_module**(5), **tcpflow**(1)

Recipes, for CI among others, are in
*/usr/share/doc/libnginx-mod-http-snapshot/docs/snapshot-check.md*.
]],
}

-- what is to be typed is bold

local function code(el)
    return pandoc.Strong(pandoc.Str(el.text))
end

local function code_block(el)
    local text = el.text:gsub('\\', '\\e'):gsub('-', '\\-')
                        :gsub("'", '\\(aq'):gsub('%f[^\n%z]%.', '\\&.')

    return pandoc.RawBlock('man', '.RS 4\n.nf\n' .. text .. '\n.fi\n.RE')
end

-- of a link that leads out, its target is said as well

local function link(el)
    if el.target:match('^https?:') then
        return el.content .. { pandoc.Str(' <' .. el.target .. '>') }
    end

    return el.content
end

local function image()
    return {}
end

-- "syntax", "default" and "context" have a line each

local function lines(el)
    for i, inline in ipairs(el.content) do
        local after = el.content[i + 1]

        if inline.t == 'SoftBreak' and after and after.t == 'Strong' then
            el.content[i] = pandoc.LineBreak()
        end
    end

    return el
end

-- A terminal is too narrow for most tables: a row is a term and what is said
-- of it, by the name of the column where there are many.

local function list(el)
    local t = pandoc.utils.to_simple_table(el)
    local items = {}

    for _, row in ipairs(t.rows) do
        local said = {}

        for i = 2, #row do
            local cell = pandoc.utils.blocks_to_inlines(row[i])

            if #row > 2 then
                local name = pandoc.utils.blocks_to_inlines(t.headers[i])
                name:extend({ pandoc.Str(':'), pandoc.Space() })
                cell = name .. cell
            end

            if i > 2 then
                table.insert(said, pandoc.Str('; '))
            end

            for _, inline in ipairs(cell) do
                table.insert(said, inline)
            end
        end

        table.insert(items, { pandoc.utils.blocks_to_inlines(row[1]),
                              { { pandoc.Plain(said) } } })
    end

    return pandoc.DefinitionList(items)
end

function Pandoc(doc)
    local page = pages[pandoc.utils.stringify(doc.meta.page)]
    local blocks = pandoc.read(page.first, 'markdown').blocks
    local keep = false

    for _, block in ipairs(doc.blocks) do
        if block.t == 'Header' and block.level <= 2 then
            keep = page.kept[pandoc.utils.stringify(block)]
        end

        if keep then
            if block.t == 'Header' then
                block.level = block.level - 1
            end

            if block.t == 'Header' and block.level == 1 then
                local title = pandoc.utils.stringify(block)
                block.content = { pandoc.Str(title:upper()) }
            end

            blocks:insert(block)
        end
    end

    blocks:extend(pandoc.read(page.last, 'markdown').blocks)

    doc.blocks = blocks:walk({ Para = lines, Table = list })
                       :walk({ Code = code, CodeBlock = code_block,
                               Link = link, Image = image })
    return doc
end
