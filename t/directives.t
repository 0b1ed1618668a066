# Directives merge over http, server and location rule by rule; a wrong one is
# refused by "nginx -t" with what was given and what is known.

use strict;
use warnings;

use Test::More;

use Contract::Facts;
use Gateway;

my $g = Gateway->new(http => <<'EOF', server => <<'EOG', servers => <<'EOH');
    snapshot_gateway enforce;
    snapshot_rule name-length reject max=10;
    snapshot_rule description-length warn max=10;
    snapshot_rule body-size reject max=1k;
    snapshot_prefix /api;
    snapshot_error_details on;
EOF
        snapshot_rule name-reserved reject;
        snapshot_rule limit-range reject max=100;
        snapshot_rule limit-advised pass;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /inner {
            snapshot_prefix /inner;
            snapshot_error_details off;
            snapshot_rule name-length warn;
            snapshot_rule body-size reject max=2k;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;

            location /inner/v3/nested {
                snapshot_rule name-length reject max=20;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }
        }

        location /off {
            snapshot_gateway off;
            snapshot_prefix /off;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /v3 {
            snapshot_prefix /;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /pass {
            snapshot_prefix /pass;
            snapshot_rule content-type pass;
            snapshot_rule content-encoding pass;
            snapshot_rule json-duplicate-key warn;
            snapshot_rule field-unknown pass;
            snapshot_rule field-type warn;
            snapshot_rule boolean-string warn;
            snapshot_rule volume-id warn;
            snapshot_rule project-id pass;
            snapshot_rule uri-canonical warn;
            snapshot_rule param-duplicate warn;
            snapshot_rule param-encoding warn;
            snapshot_rule metadata-entry reject max=4;
            snapshot_rule operation-known reject;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /lax {
            snapshot_prefix /lax;
            snapshot_rule json-syntax warn;
            snapshot_rule field-required warn;
            snapshot_rule limit-range pass;
            snapshot_rule limit-advised warn max=7;
            snapshot_rule offset-range reject max=9;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_other%%;
        snapshot_prefix /volume/api;
        snapshot_rule name-length pass;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOH

my $collection = 'v3/' . PROJECT . '/snapshots';

# what comes of a create: the rules of the warnings, or the code

sub verdict {
    my ($prefix, $body, %opt) = @_;

    my $r = $g->post($body, target => "$prefix/$collection", %opt);

    return $r->{error} ? $r->{error}{code}
           : join ' ', map { s/;.*//r } split /, /,
                  $r->{headers}{'x-snapshot-warning'}[0] // 'accepted';
}

sub name { return create_body(name => 'n' x shift) }

is(verdict('/api', name(10)), 'accepted', 'http: max=10 is met');
is(verdict('/api', name(11)), 'EVS.5400', 'http: max=10 holds in a location');
is(verdict('/inner', name(11)), 'name-length',
   'location: the severity is overridden, the outer max= stays');
is(verdict('/inner', name(10)), 'accepted', 'which is met');
is($g->post(name(20), target => '/inner/v3/nested/snapshots')->{status}, 200,
   'nested: max= is overridden');
is($g->post(name(21), target => '/inner/v3/nested/snapshots')->{status}, 400,
   'and holds');
is(verdict('/api', create_body(description => 'd' x 11)),
   'description-length', 'http: another rule is left as it is there');
is(verdict('/api', create_body(name => 'autobk_snapshot_')), 'EVS.5400',
   'server: a rule of its own');

is(verdict('/api', name(1) . ' ' x 900), 'accepted', 'max=1k is met');
is(verdict('/api', name(1) . ' ' x 1000), '413', 'and holds');
is(verdict('/inner', name(1) . ' ' x 1000), 'accepted', 'max=2k is met');
is(verdict('/inner', name(1) . ' ' x 2000), '413', 'and holds');

is(verdict('', name(11)), 'EVS.5400', 'a prefix is taken back by "/"');
is(verdict('/api/api', name(11)), 'accepted',
   'what does not stand behind the prefix is no operation');
is(verdict('/API', name(1)), 'EVS.5400', 'the prefix in capitals is no way in');
is(verdict('/off', name(11)), 'accepted', 'off overrides');

my @other = (port => $g->{ports}{other});

is(verdict('/volume/api', name(300), @other), 'accepted', 'another server');
is(verdict('/volume/api', '{', @other), 'EVS.5400', 'with its prefix');
is(verdict('/volume//api', '{', @other), 'EVS.5400', 'spelled otherwise');

my $r = $g->get("/api/$collection?limit=101");
is($r->{error}{message},
   'query limit: invalid filter limit, can not greater than 100.',
   'max= is in the message');
$r = $g->get("/api/$collection?limit=99");
is($r->{headers}{'x-snapshot-warning'}, undef, 'pass is not looked at');


# severities

is(verdict('/pass', create_body(force => 'True')), 'boolean-string',
   'a boolean as a string is warned about');
is(verdict('/pass', create_body(force => 'maybe')), 'field-type',
   'another string is of the wrong type');
is(verdict('/pass', create_body(size => 1)), 'accepted',
   'an unknown field is passed over');
is(verdict('/pass', '{"snapshot":{"volume_id":7}}'), 'field-type',
   'a value of the wrong type is not checked further');
is(verdict('/pass', '{"snapshot":{"volume_id":"a","volume_id":"b"}}'),
   'json-duplicate-key volume-id volume-id',
   'of a key that is there twice both values are judged');
is(verdict('/pass', '{"snapshot":{"volume_id":"a","name":1,"name":"'
   . 'n' x 11 . '"}}'), 'EVS.5400', 'and refused for another rule');
is(verdict('/pass', create_body(metadata => { abcd => 'efgh' })), 'accepted',
   'metadata of max=4');
is(verdict('/pass', create_body(metadata => { abcde => 'e' })), 'EVS.1018',
   'a key over it');
is(verdict('/pass', create_body(metadata => { a => 'efghi' })), 'EVS.1018',
   'a value over it');

$r = $g->request('POST', "/pass/$collection", [['Content-Encoding', 'gzip']],
                 name(1));
is($r->{status}, 200, 'headers may be passed over');

$r = $g->post(name(1), target => '/pass/v3/a.b/snapshots/');
is("$r->{status} $r->{headers}{'x-snapshot-warning'}[0]",
   '200 uri-canonical;at="path"', 'a path may be warned about');

$r = $g->post(name(11), target => '/pass/v3/a.b/snapshots/');
is($r->{error}{code}, 'EVS.5400', 'its body is judged all the same');

$r = $g->get("/pass/$collection?limit=5&limit=2000");
is($r->{error}{code}, 'EVS.2142', 'each of two parameters is judged');
$r = $g->get("/pass/$collection?limit=2000&limit=5");
is($r->{error}{code}, 'EVS.2142', 'whichever is the wrong one');
$r = $g->get("/pass/$collection?limit=5%");
is($r->{error}{code}, 'EVS.5400', 'a broken escape is judged as it stands');
$r = $g->get("/pass/$collection?name=%ff;");
is($r->{headers}{'x-snapshot-warning'}[0],
   'param-encoding;at="query", param-encoding;at="query:name"',
   'or only warned about');
$r = $g->get("/pass/$collection?status=error;limit=5000");
is($r->{error}{code}, 'EVS.2142',
   'what a server takes for a parameter behind ";" is judged then');

is(verdict('/lax', '{'), 'json-syntax', 'what is no JSON may be passed on');
is(verdict('/lax', '{}'), 'field-required', 'so may what lacks a field');
$r = $g->get("/lax/$collection?limit=5000");
is($r->{headers}{'x-snapshot-warning'}[0], 'limit-advised;at="query:limit"',
   'an advice stands alone where its rule is passed over');
is($g->get("/lax/$collection?limit=7&offset=9")->{status}, 200, 'offset of 9');
is($g->get("/lax/$collection?offset=10")->{status}, 400, 'offset over max=9');


# operation-known

$r = $g->request('PATCH', "/pass/$collection/" . SNAPSHOT);
is("$r->{status} $r->{fault} $r->{error}{code} $r->{headers}{allow}[0]",
   '405 badMethod 405 GET, HEAD, PUT, DELETE', 'only the method is wrong');
$r = $g->request('PATCH', "/pass/$collection");
is("$r->{status} $r->{headers}{allow}[0]", '405 GET, HEAD, POST',
   'a collection');
$r = $g->request('POST', "/pass/$collection/a-name");
is("$r->{status} $r->{headers}{allow}[0]", '405 GET, HEAD, DELETE',
   'a name, which no update has');
$r = $g->request('PUT', '/pass/v1.0/p/snapshots');
is("$r->{status} $r->{error}{code} $r->{headers}{allow}[0]",
   '405 405 GET, POST', 'DWS');
$r = $g->get("/pass/$collection/" . SNAPSHOT . '/extra');
is("$r->{status} $r->{fault} $r->{error}{code}", '404 itemNotFound EVS.5404',
   'no documented path');
is($r->{headers}{allow}, undef, 'has no methods');
$r = $g->get('/pass/v1.0/p/snapshots/x/y');
is("$r->{status} $r->{error}{code}", '404 404', 'DWS');
is($g->get('/pass/v4/p/snapshots')->{status}, 404, 'no documented version');
is($g->get("/pass/$collection/a%20name")->{status}, 404,
   'a name that is escaped is known to none');
is($g->request('DELETE', "/pass/$collection/a-name")->{status}, 200,
   'a sibling is known');
is($g->get("/pass/$collection")->{status}, 200, 'what is known passes');


# details

$r = $g->post(create_body(name => 'autobk_snapshot_1', x => 1, force => 1,
                          description => 'd' x 11),
              target => "/api/$collection");

is_deeply($r->{error}{violations}, [
    { rule => 'field-unknown', severity => 'reject', at => '/snapshot/x',
      message => "snapshot.x: must be one of the fields "
                 . fields_of('evs_create') . ', is unknown',
      code => 'EVS.5400' },
    { rule => 'field-type', severity => 'reject', at => '/snapshot/force',
      message => 'snapshot.force: must be a boolean, is a number',
      code => 'EVS.1018' },
    { rule => 'name-length', severity => 'reject', at => '/snapshot/name',
      message => 'snapshot.name: 17 bytes, at most 10 are allowed',
      code => 'EVS.5400' },
    { rule => 'name-reserved', severity => 'reject', at => '/snapshot/name',
      message => 'snapshot.name: must not begin with "autobk_snapshot_", '
                 . 'begins with it',
      code => 'EVS.5400' },
    { rule => 'description-length', severity => 'warn',
      at => '/snapshot/description',
      message => 'snapshot.description: 11 bytes, at most 10 are allowed',
      code => 'EVS.5400' },
], 'details have every violation, warnings too, in the order of the rules');

$r = $g->post('{', target => "/inner/$collection");
is(join(' ', sort keys %{ $r->{error} }), 'code message', 'details off');


# wrong configuration

sub wrong {
    my ($directive, $said, $title) = @_;

    my ($ok, $text) = $g->test_conf(server => $directive);

    ok(!$ok, "$title is refused");
    like($text, $said, "$title: what is said");
}

wrong('snapshot_gateway on;', qr/invalid value "on" in "snapshot_gateway" directive, it must be "off", "enforce", "monitor" or a variable/, 'a mode');
wrong('snapshot_gateway $nosuch;', qr/unknown "nosuch" variable/, 'a variable');
wrong('snapshot_gateway;', qr/invalid number of arguments in "snapshot_gateway"/, 'no mode');
wrong('snapshot_gateway off; snapshot_gateway off;',
      qr/"snapshot_gateway" directive is duplicate/, 'a mode twice');
wrong('snapshot_prefix /a; snapshot_prefix /b;',
      qr/"snapshot_prefix" directive is duplicate/, 'a prefix twice');
wrong('snapshot_rule name-len reject;', qr/unknown rule "name-len" in "snapshot_rule" directive, the nearest is "name-length", known are: uri-canonical project-id .*name-length.* status-known/, 'a rule');

for my $typo (['name_length', 'name-length'], ['Content-Type', 'content-type'],
              ['sortdir', 'sort-dir'], ['limit-rnage', 'limit-range'],
              ['cluster_uuid', 'cluster-id'], ['uri-canonnical', 'uri-canonical'],
              ['unknown-field', 'uri-canonical|field-unknown|operation-known'],
              ['metadata', 'metadata-entry'], ['x' x 300, '[a-z-]+'],
              ['""', '[a-z-]+']) {
    wrong("snapshot_rule $typo->[0] warn;", qr/unknown rule "\w*[\w-]*" in "snapshot_rule" directive, the nearest is "(?:$typo->[1])", known are:/, "the rule $typo->[0]");
}

wrong('snapshot_rule name-length deny;', qr/invalid severity "deny" of rule "name-length" in "snapshot_rule" directive, it must be "pass", "warn" or "reject"/, 'a severity');
wrong('snapshot_rule sort-dir warn max=5;', qr/rule "sort-dir" in "snapshot_rule" directive has no "max=", those with one are: body-size name-length description-length description-format metadata-entry limit-range limit-advised offset-range /, 'max= on a rule without one');
wrong('snapshot_rule name-length warn max=;', qr/invalid value "max=" of rule "name-length"/, 'an empty max=');
wrong('snapshot_rule name-length warn max=-1;', qr/invalid value "max=-1" of rule "name-length" in "snapshot_rule" directive, it must be a size in bytes above 0, with "k", "m" or "g" at its end for more/, 'a negative max=');
wrong('snapshot_rule limit-range warn max=1k;', qr/invalid value "max=1k" of rule "limit-range" in "snapshot_rule" directive, it must be a number above 0 in digits/, 'a size for a number');

for my $max ('0', '00', '0k', '0g') {
    wrong("snapshot_rule body-size warn max=$max;", qr/invalid value "max=$max" of rule "body-size" in "snapshot_rule" directive, it must be a size in bytes above 0, with/, "max=$max");
}

for my $rule (qw(name-length description-length metadata-entry limit-range
                 limit-advised offset-range)) {
    wrong("snapshot_rule $rule warn max=0;", qr/invalid value "max=0" of rule "$rule" in "snapshot_rule" directive, it must be a (?:size|number)/, "max=0 of $rule");
}

wrong('snapshot_rule name-length warn max=99999999999999999999;', qr/invalid value/, 'a max= that is too large');
wrong('snapshot_rule name-length warn min=1;', qr/invalid parameter "min=1" in "snapshot_rule" directive, known is "max="/, 'a parameter');
wrong('snapshot_rule name-length warn; snapshot_rule name-length warn;', qr/duplicate rule "name-length" in "snapshot_rule"/, 'a rule twice');
wrong('snapshot_error_details maybe;', qr/invalid value "maybe" in "snapshot_error_details" directive, it must be "on" or "off"/, 'a flag');

for my $prefix ('volume', '/volume/', '/a//b', '/./a', '/a/../b', '/a%20b',
                '"/a b"', '/a$b', '/a\\\\b', '"/a;b"', '/a?b', '//', '""',
                "/h\xc3\xb6he", "/\xc3\xa0", "/a\x7f") {
    wrong("snapshot_prefix $prefix;", qr/invalid value ".*" in "snapshot_prefix" directive, it must be a plain path in ASCII such as "\/volume"/, "prefix $prefix");
}

# a version belongs to the operations, not to what stands before them

for my $prefix ('/v3', '/v2', '/v1.0', '/V3', '/V1.0') {
    wrong("snapshot_prefix $prefix;", qr/invalid value "$prefix" in "snapshot_prefix" directive, the version "\Q@{[substr $prefix, 1]}\E" is no part of the prefix, write "snapshot_prefix \/;"/, "prefix $prefix");
    wrong("snapshot_prefix /volume$prefix;", qr/invalid value "\/volume$prefix" in "snapshot_prefix" directive, the version "\Q@{[substr $prefix, 1]}\E" is no part of the prefix, write "snapshot_prefix \/volume;"/, "prefix /volume$prefix");
}

for my $prefix ('/v4', '/v1', '/v3x', '/xv3', '/v3/volume', '/v33', '/v1-0') {
    my ($ok, $text) = $g->test_conf(server => "snapshot_prefix $prefix;");
    ok($ok, "prefix $prefix ends in no version of the contract") or diag $text;
}

$g->finish;

done_testing;
