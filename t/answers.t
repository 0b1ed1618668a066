# A refusal tells the caller what to fix: valid JSON whatever was sent, no
# value echoed, names escaped and cut, all violations or their number; a
# passing request carries what was noticed in headers that nobody can forge.

use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8 decode_utf8);
use JSON::PP;
use Test::More;

use Gateway;

my $g = Gateway->new(server => <<'EOG');
        location / {
            snapshot_gateway enforce;
            snapshot_error_details on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /w {
            snapshot_gateway enforce;
            snapshot_prefix /w;
            snapshot_rule field-unknown warn;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG

my $json = JSON::PP->new->utf8;
my $path = '/v3/' . PROJECT . '/snapshots';

# an RFC 9651 list of tokens with a string parameter "at", or undef

sub list {
    my ($value) = @_;

    my @items;

    for my $item (split /, /, $value // '') {
        $item =~ /^([a-z][a-z-]*)(?:;at="((?:[ !#-\[\]-~]|\\["\\])*)"|;count=\d+)$/
            or return undef;
        push @items, "$1 " . ($2 // '');
    }

    return \@items;
}

sub message { return shift->{error}{message} // '' }

# what is wrong, where, and what is allowed

for my $case (
    [{ name => 'n' x 300 },
     'snapshot.name: 300 bytes, at most 255 are allowed', '/snapshot/name'],
    [{ name => 1 },
     'snapshot.name: must be a string or null, is a number', '/snapshot/name'],
    [{ volume_id => 'secret-value' }, 'snapshot.volume_id: must be a'
     . ' UUID (8-4-4-4-12 hex digits), has 12 bytes', '/snapshot/volume_id'],
    [{ volume_id => VOLUME =~ s/.$/x/r }, 'snapshot.volume_id: must be a'
     . ' UUID (8-4-4-4-12 hex digits), has another character at byte 36',
     '/snapshot/volume_id'],
    [{ volume_id => '' }, 'snapshot.volume_id: must have a value, is empty',
     '/snapshot/volume_id'],
    [{ metadata => [] },
     'snapshot.metadata: must be an object or null, is an array',
     '/snapshot/metadata'],
    [{ force => 'yes' }, 'snapshot.force: must be true or false, is a boolean'
     . ' in quotes', '/snapshot/force'],
) {
    my ($members, $message, $at) = @$case;

    my $r = $g->post(create_body(%$members));

    is(message($r), $message, $message);
    is($r->{error}{violations}[0]{at}, $at, "its place is $at");
    unlike($r->{body}, qr/secret/, 'no value is echoed');
}

# a mistake in JSON has its line and column, which counts characters; both
# readers come to the same

my $r;

for my $case (
    ['', 'is empty'],
    [' ', 'ends too early at line 1, column 2'],
    ['[]', 'has no "{" at line 1, column 1'],
    ["\xef\xbb\xbf{}", 'has no "{" at line 1, column 1'],
    ['{snapshot:{}}', 'is malformed at line 1, column 2'],
    ["{'snapshot': {}}", 'is malformed at line 1, column 2'],
    ["{\n \"snapshot\": {]", 'is malformed at line 2, column 15'],
    ["{\r\n\t\"snapshot\" {}}", 'is malformed at line 2, column 13'],
    ['{"snapshot": {},}', 'is malformed at line 1, column 17'],
    ['{"snapshot": {"name": None}}', 'is malformed at line 1, column 23'],
    ['{"snapshot": {"name": tru}}', 'is malformed at line 1, column 26'],
    ['{"snapshot": {"size": 01}}', 'is malformed at line 1, column 24'],
    ['{"snapshot": {"name": "a}}', 'ends too early at line 1, column 27'],
    ['{"snapshot": {', 'ends too early at line 1, column 15'],
    ['{"snapshot": {}} x', 'has text behind the object at line 1, column 18'],
    ["{\n\"\xc3\xa4\": true\0}", 'has a NUL at line 2, column 10'],
    ["{\n\"\xc3\xa4\": true\1}", 'is malformed at line 2, column 10'],
    ["{\"\xc3\xa4\": \"\xff\"}", 'has invalid UTF-8 at line 1, column 8'],
    ["{\"a\": \"b\n\"}", 'has a control character in a string at line 1, '
                        . 'column 9'],
    ['{"a": "\ud800"}', 'has half of a surrogate pair at line 1, column 8'],
    ['{"a": ' . '[' x 600, 'is nested too deeply at line 1, column 518'],
) {
    my ($body, $what) = @$case;

    $r = $g->post($body);
    is(message($r), "body: must be one JSON object in UTF-8, $what", $what);
    is($r->{error}{violations}[0]{at}, '', 'in the body as such');
}

for my $case (['{"snapshot": {}, "snapshot": {}}', 18],
              ['{"a\"": 1, "a\u0022": 2}', 12], ['{"\\\\": 1, "\\\\": 2}', 11],
              ["{\"\xc3\xa4\": 1, \"\xc3\xa4\": 2}", 10]) {
    my ($body, $column) = @$case;

    is(message($g->post($body)), 'body: must have each key of an object once, '
       . "has one again at line 1, column $column",
       "a key again at column $column");
}

$r = $g->post(create_body(), headers => [['Content-Type', 'text/plain'],
                                         ['Content-Encoding', 'br']]);
is(message($r), 'header Content-Type: must be given once, is repeated; header '
   . 'Content-Encoding: must be "identity", is another value', 'headers');

$r = $g->get("$path?limit=abc&offset=x&sort_dir=DESC&marker=1");
is(message($r), 'query limit: limit param must be an integer.; query offset: '
   . 'must be an integer from 0 to 2147483647, is another value; query '
   . 'sort_dir: must be "asc" or "desc", is another value; query marker: must '
   . 'be a UUID (8-4-4-4-12 hex digits), has 1 byte', 'a query');
is(join(' ', map { $_->{at} } @{ $r->{error}{violations} }),
   'query:limit query:offset query:sort_dir query:marker', 'its places');

$r = $g->request('PUT', '/v3/p.q/snapshots/abc',
    [['Content-Type', 'application/json']], '{"snapshot": {}}');
is(message($r), 'path project_id: must be 1 to 64 characters of 0-9, A-Z, a-z, '
   . '"-" and "_", has another character at byte 2; path snapshot_id: must be '
   . 'a UUID (8-4-4-4-12 hex digits), has 3 bytes', 'a path');
is("$r->{error}{code} @{[map { $_->{at} } @{ $r->{error}{violations} }]}",
   'EVS.0001 path:project_id path:snapshot_id', 'the first gives the code');

$r = $g->post(create_body(), target => '/v3/snapshots');
like(message($r), qr/^path project_id: must be 1 to 64 .*, is missing$/,
     'no project');


# names are shown, escaped and cut

my %names = (
    'display_name' => 'snapshot.display_name',
    "a\nb\x{1b}[31m" => 'snapshot.a%0Ab%1B[31m',
    'quo"te\\' => 'snapshot.quo%22te%5C',
    "\x{7f}\x{85}" => 'snapshot.%7F%C2%85',
    'ключ' => 'snapshot.ключ',
    'k' x 64 => 'snapshot.' . 'k' x 64,
    'k' x 65 => 'snapshot.' . 'k' x 64 . '...',
    '快' x 30 => 'snapshot.' . '快' x 21 . '...',
    '' => 'snapshot.',
    '<script>' => 'snapshot.<script>',
);

for my $name (sort keys %names) {
    my $body = create_body($name => 1);

    $r = $g->post($body);
    is((split /: /, message($r))[0], $names{$name},
       encode_utf8("name $names{$name}"));
    is($r->{error}{violations}[0]{at}, '/snapshot/'
       . $name =~ s/~/~0/gr =~ s/\//~1/gr, 'its pointer is exact');

    $r = $g->post($body, target => "/w$path");
    ok(list($r->{headers}{'x-snapshot-warning'}[0]), 'the header is a list');
}

my %tokens = (
    'a/b~c' => '/snapshot/a~1b~0c',
    'q"\\' => '/snapshot/q\\"\\\\',
    "\n\x{7f}" => '/snapshot/%0A%7F',
    'ü' => '/snapshot/%C3%BC',
    'a, b;at="x"' => '/snapshot/a, b;at=\\"x\\"',
);

for my $name (sort keys %tokens) {
    $r = $g->post(create_body($name => 1), target => "/w$path");
    is($r->{headers}{'x-snapshot-warning'}[0],
       qq(field-unknown;at="$tokens{$name}"), "pointer $tokens{$name}");
}

# in a header a place has at most 64 bytes, and is cut before what would be
# divided: a character, a percent-escape, an escape of a JSON Pointer

my $room = 64 - length '/snapshot/';
my $left = $room - length '%E2%80%A6';

for my $case (
    ['k' x $room, 'k' x $room, 'of 64 bytes is whole'],
    ['k' x ($room + 1), 'k' x $left . '%E2%80%A6', 'of 65 bytes is cut'],
    ['k' x 100_000, 'k' x $left . '%E2%80%A6', 'of 100,000 bytes is cut'],
    ['快' x 6, '%E5%BF%AB' x 6, 'counts as it is written'],
    ['快' x 7, '%E5%BF%AB' x 5 . '%E2%80%A6', 'is cut between characters'],
    ["\n" x 19, '%0A' x 15 . '%E2%80%A6', 'and between escapes'],
    ['k' x ($left - 1) . '/' x 20, 'k' x ($left - 1) . '%E2%80%A6',
     'not in the middle of ~1'],
    ['k' x ($left - 2) . '~' x 20, 'k' x ($left - 2) . '~0%E2%80%A6',
     'but behind ~0'],
    ['k' x ($left - 2) . '%41' x 9, 'k' x ($left - 2) . '%E2%80%A6',
     'nor in what looks like an escape'],
    ['"' x $room, '\\"' x $room, 'has a backslash that is not counted'],
) {
    my ($name, $shown, $title) = @$case;

    $r = $g->post(create_body($name => 1), target => "/w$path");
    is($r->{headers}{'x-snapshot-warning'}[0],
       qq(field-unknown;at="/snapshot/$shown"), "a place $title");
}

# a header has at most 1,024 bytes, whatever the names are, and says how many
# violations have no room in it

for my $fill ('k', '快', '"', '~', "\n", '%00') {
    for my $n (1 .. 16, 30) {
        my $body = create_body(map { ($fill x 100 . $_ => 1) } 1 .. $n);

        for my $way (['warning', "/w$path"], ['violation', $path],
                     ['violation', "/m$path"]) {
            my ($name, $target) = @$way;

            $r = $g->post($body, target => $target);

            my $value = $r->{headers}{"x-snapshot-$name"}[0] // '';
            my $list = list($value) // [];
            my ($more) = $value =~ /, more;count=(\d+)$/;

            cmp_ok(length $value, '<=', 1024, "$n in a header of $name");
            is(@$list + ($more ? $more - 1 : 0), $n, 'are listed or counted');
        }
    }
}

$r = $g->get("$path?a%00%ff%22%5C%0d%0aX:y=1&limit=0");
is($r->{error}{violations}[0]{at}, "query:a\0%FF\"\\\r\nX:y",
   'a parameter that is no UTF-8');
like($r->{error}{violations}[0]{message}, qr/^query a%00%FF%22%5C%0D%0AX:y: /,
     'is shown escaped');

$r = $g->get("$path?a%00%ff%22%5C%0d%0aX:y=1");
is($r->{headers}{'x-snapshot-warning'}[0],
   'param-unknown;at="query:a%00%FF\\"\\\\%0D%0AX:y"', 'also in the header');
is($r->{headers}{x}, undef, 'which it does not split');


# any bytes at all

srand 1;

my $wrong = 0;

for my $i (1 .. 400) {
    my $bytes = join '', map { chr int rand 256 } 1 .. rand 40;
    my $body = (
        $bytes,
        '{"snapshot": {"' . $bytes . '": 1}}',
        '{"snapshot": {"name": "' . $bytes . '", "x": 1}}',
        '{"' . $bytes . '": {}}',
    )[$i % 4];

    $r = $g->post($body);
    $wrong++ unless $r->{error} && $r->{error}{message}
                    && $r->{status} == 400;

    my $query = $bytes =~ s/([\x00-\x20\x7f#])/sprintf '%%%02x', ord $1/ger;

    $r = $g->get("$path?limit=0&$query");
    $wrong++ unless $r->{error} && $r->{error}{message}
                    && eval { decode_utf8($r->{body}, Encode::FB_CROAK); 1 };

    $r = $g->get("/m$path?limit=0&$query");
    $wrong++ unless list($r->{headers}{'x-snapshot-violation'}[0])
                    && list($r->{headers}{'x-snapshot-warning'}[0] // '');
}

is($wrong, 0, 'whatever bytes come, answers are JSON and headers are lists');


# many violations

for my $n (16, 17, 40, 100, 101, 2000) {
    my $body = create_body(map { ("unknown$_" => 1) } 1 .. $n);

    $r = $g->post($body);

    my @listed = split /; /, message($r);
    is(scalar @listed, $n > 16 ? 17 : 16, "$n violations: at most 16 listed");
    is($listed[16], $n > 16 ? 'and ' . ($n - 16) . ' more' : undef,
       "$n violations: then their number");
    is(scalar @{ $r->{error}{violations} }, $n > 100 ? 100 : $n,
       "$n violations: at most 100 in the details");
    is($r->{error}{more}, $n > 100 ? $n - 100 : undef,
       "$n violations: then their number");

    $r = $g->post($body, target => "/w$path");

    my $list = list($r->{headers}{'x-snapshot-warning'}[0]);
    is(scalar @$list, $n > 16 ? 17 : 16, "$n warnings: at most 16 listed");
}

$r = $g->post(create_body(metadata => { map { ("$_" => 1) } 1 .. 9000 }));
is($r->{status}, 200, 'thousands of warnings are no refusal');
like($r->{headers}{'x-snapshot-warning'}[0], qr/, more;count=8984$/, 'counted');


# clients of DWS read two members beside the error object, those of EVS none

$r = $g->post(encode_utf8('{"snapshot": {"name": 1, "ключ": 2}}'),
              target => '/v1.0/' . PROJECT . '/snapshots');
is_deeply([sort keys %{ $json->decode($r->{body}) }],
          ['badRequest', 'error_code', 'error_msg'], 'a refusal of DWS');
is($json->decode($r->{body})->{error_code}, $r->{error}{code}, 'has its code');
is($json->decode($r->{body})->{error_msg}, message($r), 'and its message');
like(message($r), qr/ключ/, 'in UTF-8 as well');

$r = $g->post('{"snapshot": {"name": 1}}');
is_deeply([keys %{ $json->decode($r->{body}) }], ['badRequest'],
          'a refusal of EVS has the error object alone');


# a refusal has the header of monitor mode: what rejects, not what warns

for my $body (create_body(size => 1, name => 'autobk_snapshot_1'),
              create_body(name => 'n' x 256, size => 5), '{', '[]') {
    my @r = map { $g->post($body, target => $_) } $path, "/m$path";

    is($r[0]{status}, 400, 'a refusal');
    is_deeply($r[0]{headers}{'x-snapshot-violation'},
              $r[1]{headers}{'x-snapshot-violation'},
              'has the violations in its header, as monitor mode has them');
    isnt($r[0]{headers}{'x-snapshot-violation'}, undef, 'which is there');
    is($r[0]{headers}{'x-snapshot-warning'}, undef, 'and no warnings');
}


# HEAD, the upstream's answer, forged headers

$r = $g->request('HEAD', "$path?limit=0");
is("$r->{status} $r->{headers}{'content-type'}[0]", '400 application/json',
   'HEAD gets status and headers');
cmp_ok($r->{headers}{'content-length'}[0], '>', 50, 'the length as for GET');

my ($raw) = $g->exchange(Gateway::head('HEAD', "$path?limit=0",
    [['Connection', 'close']]));
is($raw->{body}, '', 'and no body');

$r = $g->get("$path?foo=1", headers => [
    ['X-Reply', 404], ['X-Reply-Header', 'X-Snapshot-Warning: forged'],
    ['X-Reply-Header', 'x-snapshot-violation: forged'],
    ['X-Reply-Header', 'X-SNAPSHOT-WARNING: forged'],
    ['X-Reply-Header', 'X-Other: kept'], ['X-Snapshot-Warning', 'forged']]);

is($r->{status}, 404, "the upstream's status stays");
is($r->{body}, '{"upstream": "reached"}', 'and its body');
is($r->{headers}{'x-other'}[0], 'kept', 'and its headers');
is_deeply($r->{headers}{'x-snapshot-warning'},
          ['param-unknown;at="query:foo"'], 'a forged warning is dropped');
is($r->{headers}{'x-snapshot-violation'}, undef, 'so is a forged violation');

$r = $g->get($path, headers =>
    [['X-Reply-Header', 'X-Snapshot-Violation: forged']]);
is($r->{headers}{'x-snapshot-violation'}, undef, 'also where nothing is noted');

# nginx keeps headers in parts of twenty or so

my @twenty = map { "X-Filler-$_: x" } 1 .. 45;

$r = $g->get($path, headers => [map { ['X-Reply-Header', $_] } @twenty,
    'X-Snapshot-Violation: forged', 'X-Last: kept']);
is($r->{headers}{'x-snapshot-violation'}, undef, 'also behind many others');
is($r->{headers}{'x-last'}[0], 'kept', 'which stay');

$r = $g->request('DELETE', "$path/x",
    [['X-Reply-Header', 'X-Snapshot-Violation: forged']]);
is($r->{headers}{'x-snapshot-violation'}, undef, 'also for what is unknown');

$g->finish;

done_testing;
