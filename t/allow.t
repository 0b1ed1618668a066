# "snapshot_allow" lets in, by name, what an API has beyond its pages: one more
# field inside "snapshot", or one more parameter, of a type and a size, in one
# operation or all.  What is documented is not its to say.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use Gateway;

my $g = Gateway->new(http => <<'EOF', server => <<'EOG');
    snapshot_allow field size type=number max=4;
    snapshot_allow param sort type=string max=8;
    snapshot_gateway enforce;
EOF
        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /more/ {
            snapshot_prefix /more;
            snapshot_rule param-unknown reject;
            snapshot_allow field size type=string max=2;
            snapshot_allow field tags type=array;
            snapshot_allow field extra type=object operation=evs_v3_update;
            snapshot_allow field hint max=3;
            snapshot_allow field flag type=boolean;
            snapshot_allow param all_tenants type=boolean;
            snapshot_allow param depth type=number max=3 operation=evs_v3_list;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /more/openapi {
            snapshot_prefix /more;
            snapshot_rule param-unknown reject;
            snapshot_allow field size type=string max=2;
            snapshot_allow field extra type=object operation=evs_v3_update;
            snapshot_allow param depth type=number max=3 operation=evs_v3_list;
            snapshot_openapi;
        }
EOG

my $create = '/v3/' . PROJECT . '/snapshots';
my $update = "$create/" . SNAPSHOT;
my $dws = '/v1.0/' . PROJECT . '/snapshots';

# code and message of a refusal, else the warnings, else "accepted"

sub verdict {
    my ($r) = @_;

    return $r->{status} >= 400 ? "$r->{error}{code} $r->{error}{message}"
           : $r->{headers}{'x-snapshot-warning'}[0] // 'accepted';
}

sub posted {
    my ($target, $member) = @_;

    my $body = $target =~ /v1\.0/
               ? '"name": "abcd", "cluster_id": "' . CLUSTER . '"'
               : '"volume_id": "' . VOLUME . '"';

    return verdict($g->post("{\"snapshot\": {$body, $member}}",
                            target => $target));
}

sub asked { return verdict($g->get("$_[0]?$_[1]")) }


is(posted($create, '"size": 10'), 'accepted', 'a field is allowed');
is(posted($dws, '"size": 10'), 'accepted', 'in operations of either family');
is(posted($create, '"size": "10"'),
   'EVS.1018 snapshot.size: must be a number, is a string',
   'of its type alone');
is(posted($create, '"size": null'),
   'EVS.1018 snapshot.size: must be a number, is null', 'which null has not');
is(posted($create, '"size": 12345'),
   'EVS.5400 snapshot.size: 5 bytes, at most 4 are allowed',
   'and of its size, as a number was sent');
like(posted($create, '"Size": 1'), qr/^EVS\.5400 snapshot\.Size: .* is unknown/,
     'by its own letters');
like(verdict($g->post('{"size": 1, ' . substr(create_body(), 1))),
     qr/^EVS\.5400 size: .* is unknown/, 'and only inside "snapshot"');
like(verdict($g->post(create_body(metadata => { size => 5 }))),
     qr/^metadata-entry;/, 'metadata have a rule of their own');

is(posted("/more$create", '"size": "10"'), 'accepted',
   'an inner level overrides the outer one by name');
is(posted("/more$create", '"size": "100"'),
   'EVS.5400 snapshot.size: 3 bytes, at most 2 are allowed', 'all of it');
is(posted("/more$create", '"tags": [1, {"a": []}]'), 'accepted', 'an array');
is(posted("/more$create", '"tags": {}'),
   'EVS.1018 snapshot.tags: must be an array, is an object', 'no object');
is(posted("/more$create", "\"flag\": $_"), 'accepted', "a boolean, $_")
    for qw(true false);

for my $value ('"abc"', '123', 'null', 'true', '[1, 2, 3, 4]', '{"a": 5}') {
    is(posted("/more$create", "\"hint\": $value"), 'accepted',
       "any type, $value");
}

for my $value ('"abcd"', '1234', qq("\xc3\xa9\xc3\xa9")) {
    is(posted("/more$create", "\"hint\": $value"),
       'EVS.5400 snapshot.hint: 4 bytes, at most 3 are allowed',
       "any type has its size, $value");
}

is(posted("/more$create", '"hint": "\\u00e9"'), 'accepted',
   'which is that of the text without escapes');
like(posted("/more$create", '"extra": {}'), qr/extra: .* is unknown/,
     'what is allowed in one operation is not in another');
is(verdict($g->request('PUT', "/more$update",
                       [['Content-Type', 'application/json']],
                       '{"snapshot": {"name": "a", "extra": {"a": 1}}}')),
   'accepted', 'but in that one');

is(asked($create, 'sort=name:asc'), 'accepted', 'a parameter is allowed');
is(asked($create, 'sort=name:desc'), 'param-unknown;at="query:sort"',
   'of its size alone');
is(asked($create, 'sort=%6eame%3Aasc'), 'accepted', 'decoded');
is(asked("$create/detail", 'sort=a'), 'accepted', 'in any operation');
is(asked("/more$create", 'sort=a'), 'accepted', 'what is outer stays');
is(asked("/more$create", 'all_tenants=true'), 'accepted', 'a boolean');
is(asked("/more$create", 'all_tenants=1'), 'EVS.5400 query all_tenants: must '
   . 'be a boolean, is another value', 'no other word');
is(asked("/more$create", "depth=$_"), 'accepted', "a number, $_")
    for qw(0 -1 1.5 1e3);
is(asked("/more$create", "depth=$_"), 'EVS.5400 query depth: must be a number, '
   . 'is another value', "no number, '$_'") for '', '1.', '01', 'x', '1-';
is(asked("/more$create", 'depth=1234'),
   'EVS.5400 query depth: 4 bytes, at most 3 are allowed', 'and its size');
like(asked("/more$create/detail", 'depth=1'), qr/depth: .* is unknown/,
     'in its operation alone');


# the description

my $document = JSON::PP->new->decode($g->get('/more/openapi')->{body});
my $paths = $document->{paths};

sub named {
    my ($reference) = @_;

    return $document->{components}{schemas}{$reference->{'$ref'} =~ s/.*\///r};
}

sub fields {
    my ($method, $path) = @_;

    my $schema = $paths->{"/more/v3/{project_id}/snapshots$path"}{$method}
                 {requestBody}{content}{'application/json'}{schema};

    return named(named($schema)->{properties}{snapshot}{allOf}[0])
           ->{properties};
}

my $size = fields('post', '')->{size};

is("$size->{type} $size->{maxLength} $size->{'x-max-bytes'}", 'string 2 2',
   'OpenAPI has the field, with its type and size');
is(fields('put', '/{snapshot_id}')->{extra}{type}, 'object',
   'and that of one operation');
ok(!exists fields('post', '')->{extra}, 'there alone');

for my $of (['', 'depth sort'], ['/detail', 'sort']) {
    my ($path, $names) = @$of;
    my @params = map { $_->{name} }
                 @{ $paths->{"/more/v3/{project_id}/snapshots$path"}{get}
                    {parameters} };

    is(join(' ', sort grep { /^(?:sort|depth)$/ } @params), $names,
       "and the parameters of snapshots$path");
}


# what cannot be meant

my $known = 'volume_id force metadata description name display_name '
            . 'display_description';

for my $wrong (
    ['fields a', 'invalid value "fields" in "snapshot_allow" directive, it must '
     . 'be "field" or "param"'],
    ['field name', 'field "name" in "snapshot_allow" directive is known to '
     . "operation \"evs_v3_create\" already, known are: $known"],
    ['field display_name', 'field "display_name" in "snapshot_allow" directive '
     . "is known to operation \"evs_v3_create\" already, known are: $known"],
    ['field cluster_id', 'field "cluster_id" in "snapshot_allow" directive is '
     . 'known to operation "dws_v1_create" already, known are: name cluster_id '
     . 'description'],
    ['param limit', 'param "limit" in "snapshot_allow" directive is known to '
     . 'operation "evs_v3_detail" already, known are: marker offset limit name '
     . 'sort_dir status volume_id'],
    ['field a type=int', 'unknown type "int" in "snapshot_allow" directive, it '
     . 'must be "string", "boolean", "number", "object", "array" or "any"'],
    ['field a max=0', 'invalid value "max=0" in "snapshot_allow" directive, it '
     . 'must be a size in bytes above 0'],
    ['field a type=boolean max=5', '"max=" of "a" in "snapshot_allow" directive '
     . 'is only for the types "string", "number" and "any"'],
    ['param a type=array', 'parameter "a" in "snapshot_allow" directive cannot '
     . 'be an object or an array'],
    ['field a operation=evs_v3_list', 'operation "evs_v3_list" in '
     . '"snapshot_allow" directive has no fields, those with some are: '
     . 'evs_v3_create evs_v2_create evs_v3_update evs_v2_update dws_v1_create'],
    ['param a operation=nosuch', 'operation "nosuch" in "snapshot_allow" '
     . 'directive has no parameters, those with some are: evs_v3_detail '
     . 'evs_v2_detail evs_v3_list evs_v2_list'],
    ['field a mx=5', 'invalid parameter "mx=5" in "snapshot_allow" directive, '
     . 'known are "type=", "max=" and "operation="'],
    ['field a; snapshot_allow field a', '"snapshot_allow" directive is '
     . 'duplicate'],
    ['field ""', 'invalid name "" in "snapshot_allow" directive'],
) {
    my ($conf, $said) = @$wrong;
    my ($ok, $output) = $g->test_conf(http => "snapshot_allow $conf;");

    ok(!$ok, "$conf: is refused");
    like($output, qr/\Q$said\E/, "$conf: what is said");
}

my ($ok) = $g->test_conf(http => 'snapshot_allow field cluster_id '
                                     . 'operation=evs_v3_create;');
ok($ok, 'a field that another operation has is allowed in one');

$g->finish;

done_testing;
