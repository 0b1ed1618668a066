# One row is one fact: in a copy of the sources, a family, an operation with two
# parameters in its path, a field with a range and a rule with a pattern are
# added to the tables, and nothing else is changed.  The module that is built of
# it judges them, refuses, counts and describes.

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();
use Test::More;

use Gateway;

my $copy = File::Temp->newdir(TMPDIR => 1);

delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};

system("tar cf - --exclude=./build --exclude=./.git . | tar xf - -C $copy") == 0
    or die "the sources are not copied\n";

# puts a text before a line of a file of src/core, which is there once

sub row {
    my ($name, $before, $text) = @_;

    my $file = "$copy/src/core/ngx_snapshot_$name";

    open my $in, '<:raw', $file or die "$file: $!\n";
    my $source = do { local $/; <$in> };
    close $in;

    is(() = $source =~ /^\Q$before\E/mg, 1, "$name: there is the place");
    $source =~ s/^(?=\Q$before\E)/$text/m;

    open my $out, '>:raw', $file or die "$file: $!\n";
    print $out $source;
    close $out or die "$file: $!\n";
}

# a code of the new family for rules that have one of each already

sub codes {
    my ($code, @rules) = @_;

    my $file = "$copy/src/core/ngx_snapshot_contract.c";

    open my $in, '<:raw', $file or die "$file: $!\n";
    my $source = do { local $/; <$in> };
    close $in;

    for my $rule (@rules) {
        $source =~ s/(S\("\Q$rule\E"\), \w+, \d+, \{ [^}]*) \}/$1, "$code" }/
            or die "$rule: no such row\n";
    }

    open my $out, '>:raw', $file or die "$file: $!\n";
    print $out $source;
    close $out or die "$file: $!\n";
}

# a family

row('contract.h', '    NGX_SNAPSHOT_FAMILIES', "    NGX_SNAPSHOT_FAMILY_SFS,\n");
row('contract.c', '    [NGX_SNAPSHOT_FAMILY_DWS] = {', <<'EOF');
    [NGX_SNAPSHOT_FAMILY_SFS] = {
        S("sfs"), "SFS", "Snapshots of shares.", 1, INTERNAL("SFS.0500", "")
    },

EOF
codes('SFS.0400', qw(uri-canonical project-id method-override snapshot-id
                     json-syntax field-required field-unknown field-type));
codes('SFS.0415', qw(content-type content-encoding));

# a rule with a pattern, and one with a range

row('contract.h', '    NGX_SNAPSHOT_RULE_UPDATE_EMPTY,', <<'EOF');
    NGX_SNAPSHOT_RULE_TAG_COLOR,
    NGX_SNAPSHOT_RULE_TAG_WEIGHT,
EOF
row('contract.c', '    [NGX_SNAPSHOT_RULE_UPDATE_EMPTY] = {', <<'EOF');
    [NGX_SNAPSHOT_RULE_TAG_COLOR] = {
        S("tag-color"), REJECT, 400, { NULL, NULL, "SFS.0001" },
        NO_MAX, CHECK(VALUE, PATTERN),
        .pattern = S("#[0-9a-f]{6}")
    },

    [NGX_SNAPSHOT_RULE_TAG_WEIGHT] = {
        S("tag-weight"), REJECT, 400, { NULL, NULL, "SFS.0002" },
        NUMBER, 64, CHECK(VALUE, RANGE)
    },

EOF

# fields that have them

row('contract.c', 'static const ngx_snapshot_field_t  '
                  . 'ngx_snapshot_evs_query_fields[] = {', <<'EOF');
static const ngx_snapshot_field_t  ngx_snapshot_sfs_tag_fields[] = {
    FIELD("color", STRING, REQUIRED, NONE, "005", "Its color.",
          NGX_SNAPSHOT_RULE_TAG_COLOR, 0, 0),
    FIELD("weight", NUMBER, NULLABLE, NONE, "005", "Its weight.",
          NGX_SNAPSHOT_RULE_TAG_WEIGHT, 0, 0)
};

static const ngx_snapshot_scope_t  ngx_snapshot_sfs_tag =
    SCOPE("SfsTag", ngx_snapshot_sfs_tag_fields, NGX_SNAPSHOT_RULE_NONE);

static const ngx_snapshot_field_t  ngx_snapshot_sfs_tag_body_fields[] = {
    MEMBERS("tag", REQUIRED, &ngx_snapshot_sfs_tag, "005", "The tag.")
};

static const ngx_snapshot_scope_t  ngx_snapshot_sfs_tag_body =
    SCOPE("SfsTagBody", ngx_snapshot_sfs_tag_body_fields,
          NGX_SNAPSHOT_RULE_NONE);


EOF

# a parameter of paths, its rule, and an operation that has it beside another

row('contract.h', '    NGX_SNAPSHOT_RULE_OPERATION_KNOWN,',
    "    NGX_SNAPSHOT_RULE_TAG_ID,\n");
row('contract.c', '    [NGX_SNAPSHOT_RULE_OPERATION_KNOWN] = {', <<'EOF');
    [NGX_SNAPSHOT_RULE_TAG_ID] = {
        S("tag-id"), REJECT, 400, { NULL, NULL, "SFS.0003" },
        NO_MAX, CHECK(VALUE, WORDS),
        .words = WORDS(ngx_snapshot_sort_dirs, 0)
    },

EOF
row('contract.h', '    NGX_SNAPSHOT_PARAMS', "    NGX_SNAPSHOT_PARAM_TAG_ID,\n");
row('contract.c', '    [NGX_SNAPSHOT_PARAM_SNAPSHOT_ID] = {', <<'EOF');
    [NGX_SNAPSHOT_PARAM_TAG_ID] = {
        S("tag_id"), NGX_SNAPSHOT_RULE_TAG_ID, NGX_SNAPSHOT_RULE_NONE,
        "The tag's id."
    },

EOF
row('operations.h', 'NGX_SNAPSHOT_SIBLING("evs_show", EVS,', <<'EOF');
NGX_SNAPSHOT_OPERATION("sfs_tag", SFS,
    { { PUT, "/v9/{project_id}/snapshots" ID "/tags/{tag_id}" } },
    &ngx_snapshot_sfs_tag_body, NULL, 200, &ngx_snapshot_evs_answer,
    "Tag a snapshot of a share", "005", "Tags a snapshot.", NULL, NULL)

EOF

my $cc = $ENV{CC} // 'gcc';
my $nginx = Gateway::nginx();
my $said = qx(cd $copy && make -s CC=$cc NGINX=$nginx build/unit/contract \\
              build/ngx_http_snapshot_module.so 2>&1 \\
              && build/unit/contract 2>&1);

is($?, 0, 'the tables hold together, and the module is built') or do {
    diag($said);
    done_testing;
    exit;
};


# judged and refused

$ENV{TEST_MODULE} = "$copy/build/ngx_http_snapshot_module.so";

my $g = Gateway->new(http => 'snapshot_zone counters 1m;', server => <<'EOF');
        location / {
            snapshot_gateway enforce;
            snapshot_error_details on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /metrics {
            snapshot_status;
        }

        location = /openapi {
            snapshot_openapi;
        }
EOF

my $base = '/v9/' . PROJECT . '/snapshots';
my $snapshot = SNAPSHOT;

sub put {
    my ($target, $body) = @_;

    my $r = $g->request('PUT', $target,
                        [['Content-Type', 'application/json']], $body);

    return $r->{status} == 200 ? 'accepted'
           : join '; ', map { "$_->{rule} $_->{code} $_->{message}" }
                        @{ $r->{error}{violations} };
}

sub tagged { return put("$base/$snapshot/tags/asc", qq({"tag": {$_[0]}})) }

is(tagged('"color": "#00ff7f", "weight": 64'), 'accepted',
   'what the rows allow passes');
is(tagged('"color": "#00ff7f", "weight": null'), 'accepted', 'and null');
is(tagged('"color": "#00ff7f", "weight": -5'), 'tag-weight SFS.0002 tag.weight: '
   . 'must be an integer from 0 to 64, is another value',
   'a number is held against its range');
is(tagged('"color": "#00ff7f", "weight": 65'), 'tag-weight SFS.0002 tag.weight: '
   . 'must be an integer from 0 to 64, is greater', 'its greatest one');
is(tagged('"color": "#00ff7f", "weight": 1.5'), 'tag-weight SFS.0002 '
   . 'tag.weight: must be an integer from 0 to 64, is another value',
   'and whole');
is(tagged('"weight": 65, "color": "x"'), 'tag-color SFS.0001 tag.color: '
   . 'must match #[0-9a-f]{6}, has 1 byte that does not; tag-weight SFS.0002 '
   . 'tag.weight: must be an integer from 0 to 64, is greater',
   'in the order of the rules');
is(tagged('"color": "snap-1", "weight": "5"'), 'field-type SFS.0400 tag.weight: '
   . 'must be a number or null, is a string; tag-color SFS.0001 tag.color: must '
   . 'match #[0-9a-f]{6}, has 6 bytes that do not',
   'each pattern is its own, and says so itself');
is($g->post('{"snapshot": {"name": "#00ff7f", "cluster_id": "' . CLUSTER . '"}}',
            target => '/v1.0/' . PROJECT . '/snapshots')->{error}{code},
   'DWS.5065', 'that of another rule is still that of another');

is(put("$base/x/tags/y", '{"tag": {"color": "#00ff7f"}}'),
   'snapshot-id SFS.0400 path snapshot_id: must be a UUID (8-4-4-4-12 hex '
   . 'digits), has 1 byte; tag-id SFS.0003 path tag_id: must be "asc" or '
   . '"desc", is another value', 'each parameter of the path has its rule');
is(put("/v9/snapshots/$snapshot/tags/asc", '{"tag": {"color": "#00ff7f"}}')
   =~ s/ path.*//r, 'project-id SFS.0400', 'also where the project is missing');
is(put("$base/$snapshot/%74ags/asc", '{"tag": {"color": "#00ff7f"}}')
   =~ s/ path.*//r, 'uri-canonical SFS.0400',
   'an odd path in which a server may read it is refused');
is(put("$base/$snapshot/tags/asc.json", '{"tag": {"color": "#00ff7f"}}')
   =~ s/ path.*//r, 'uri-canonical SFS.0400', 'and a suffix');
is(put("$base/$snapshot/metadata/a%20b", '{}'), 'uri-canonical SFS.0400 path: '
   . 'must be spelled exactly as documented, has an escape',
   'no key is harmless where so many segments may be judged');

my $r = $g->request('POST', "$base/$snapshot/tags/asc", [], '{}');
is($r->{status}, 200, 'another method is unknown');

$r = $g->request('PUT', "$base/$snapshot/tags/asc",
                 [['Content-Type', 'text/plain']], '{}');
is("$r->{status} $r->{error}{code} $r->{dws}", '415 SFS.0415 1',
   'the family says which code, and what is beside the error');


# counted

my $metrics = $g->metrics;

is($metrics->{'snapshot_gateway_violations_total{operation="sfs_tag",'
              . 'rule="tag-weight",severity="reject"}'}, 4,
   'violations are counted by the new names');
is($metrics->{'snapshot_gateway_requests_total{operation="sfs_tag",'
              . 'verdict="accepted"}'}, 2, 'and requests');


# described

my $document = JSON::PP->new->decode($g->get('/openapi')->{body});
my $item = $document->{paths}{'/v9/{project_id}/snapshots/{snapshot_id}/tags/'
                              . '{tag_id}'};

is(join(' ', map { "$_->{name}=" . ($_->{schema}{pattern} // 'enum') }
             @{ $item->{parameters} }),
   'project_id=^[0-9A-Za-z_-]{1,64}$ snapshot_id=^[0-9A-Fa-f]{8}'
   . '(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$ tag_id=enum',
   'OpenAPI has the path and its parameters');
is("@{ $item->{put}{tags} }", 'SFS', 'the family');
like(JSON::PP->new->canonical->encode($document),
     qr/"color":\{[^{}]*"pattern":"\^#\[0-9a-f\]\{6\}\$"/, 'the pattern');
like(JSON::PP->new->canonical->encode($document),
     qr/"weight":\{[^{}]*"maximum":64,"minimum":0,"type":\["integer","null"\]/,
     'the range, of whole numbers');
like($item->{put}{responses}{400}{description}, qr/SFS\.0001, SFS\.0002/,
     'and the codes');

$g->finish;

done_testing;
