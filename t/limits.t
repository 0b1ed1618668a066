# Every documented limit holds at, under and over its edge, however the
# characters are written; and every way a value can be unusual is let through.

use strict;
use warnings;
use utf8;

use Encode qw(encode_utf8);
use Test::More;

use Gateway;

my $g = Gateway->new;
my $path = '/v3/' . PROJECT . '/snapshots';
my $member = "$path/" . SNAPSHOT;
my $dws = '/v1.0/' . PROJECT . '/snapshots';

# what comes of a request: its code, the rules of the warnings, or "accepted"

sub outcome {
    my ($r) = @_;

    return $r->{error}{code} if $r->{error};
    return $r->{status} if $r->{status} != 200;
    return join(' ', map { s/;.*//r } split /, /,
                $r->{headers}{'x-snapshot-warning'}[0] // '') || 'accepted';
}

sub escaped {
    my ($text) = @_;

    return join '', map { ord > 0xffff
        ? sprintf '\\u%04x\\u%04X', 0xd800 + ((ord() - 0x10000) >> 10),
                  0xdc00 + ((ord() - 0x10000) & 0x3ff)
        : sprintf '\\u%04x', ord } split //, $text;
}

sub json_body {
    my ($members) = @_;

    return encode_utf8(qq({"snapshot": {$members}}));
}

my $volume = '"volume_id": "' . VOLUME . '"';

# 255 bytes: so many whole characters and one-byte ones to fill up

for my $case (['n', 1], ['é', 2], ['快', 3], ['😀', 4]) {
    my ($char, $size) = @$case;

    for my $bytes (254, 255, 256) {
        my $text = $char x int($bytes / $size) . 'x' x ($bytes % $size);
        my $expected = $bytes > 255 ? 'EVS.5400' : 'accepted';

        is(length encode_utf8($text), $bytes, "$bytes bytes of $size");

        for my $form ([plain => $text], [escaped => escaped($text)]) {
            my ($how, $written) = @$form;
            my $title = "$bytes bytes in characters of $size, $how";

            for my $field ('name', 'description') {
                is(outcome($g->post(json_body(qq($volume, "$field": "$written")),
                   )), $expected, "create, $field of $title");
                is(outcome($g->post(json_body(qq("$field": "$written")),
                       method => 'PUT', target => $member)), $expected,
                   "update, $field of $title");
            }

            is(outcome($g->post(json_body(
                   qq($volume, "metadata": {"$written": "v"})))),
               $bytes > 255 ? 'metadata-entry' : 'accepted', "key of $title");
            is(outcome($g->post(json_body(
                   qq($volume, "metadata": {"k": "$written"})))),
               $bytes > 255 ? 'metadata-entry' : 'accepted', "value of $title");
        }

        my $query = join '', map { sprintf '%%%02x', ord }
                             split //, encode_utf8($text);
        is(outcome($g->get("$path/detail?name=$query")), $expected,
           "query, name of $bytes bytes in characters of $size");
    }
}

# DWS names

sub dws_name { return outcome($g->post(json_body(
    '"cluster_id": "' . CLUSTER . '", "name": "' . shift . '"'),
    target => $dws)) }

for my $n (1, 3, 4, 5, 63, 64, 65, 255, 10000) {
    my $expected = $n >= 4 && $n <= 64 ? 'accepted' : 'DWS.5065';

    is(dws_name('a' x $n), $expected, "a DWS name of $n characters");
    is(dws_name('\\u0061' x $n), $expected, "of $n escaped characters");
    is(dws_name('Z' . '_' x ($n - 1)), $expected, "of $n, other characters");
}

for my $name ('é' x 4, 'ａｂｃｄ', 'abcdé', 'abc d', 'abcd\\n', '\\nabcd', 'abcd\\r',
              '1bcd', '-bcd', '_bcd', 'ab.d', 'ab/d', 'abcd\\u2028', 'abc\\t') {
    is(dws_name($name), 'DWS.5065', encode_utf8("a DWS name of $name"));
}

is(dws_name($_), 'accepted', "a DWS name of $_")
    for 'ABCD', 'a-_1', 'z999', 'A---', 'aUTOBK', 'autobk_snapshot_1';
is(dws_name(''), 'DWS.5037', 'an empty DWS name is missing');

is(outcome($g->post(json_body('"name": "abcd", "cluster_id": "c", '
   . '"description": "' . 'd' x 5000 . '"'), target => $dws)),
   'cluster-id description-format',
   'a DWS description of 5000 characters is warned of');

# limits of a page, and offsets

my %limit = (
    0 => 'EVS.5400', 1 => 'accepted', 50 => 'accepted', 51 => 'limit-advised',
    1000 => 'limit-advised', 1001 => 'EVS.2142', '000' => 'EVS.5400',
    '0001' => 'accepted', '0' x 40 . '50' => 'accepted',
    '0' x 40 . '51' => 'limit-advised', '9' x 30 => 'EVS.2142',
    '1' . '0' x 30 => 'EVS.2142', 18446744073709551615 => 'EVS.2142',
    '18446744073709551616' => 'EVS.2142', '18446744073709551666' => 'EVS.2142',
    4294967297 => 'EVS.2142', '4294967346' => 'EVS.2142', '-' => 'EVS.5400',
    '--5' => 'EVS.5400', '-5' => 'EVS.5400', '-5x' => 'EVS.5400',
    '5-' => 'EVS.5400', '%2d5' => 'EVS.5400', '%35%30' => 'accepted',
    '5%00' => 'EVS.5400', '١' => 'EVS.5400', '5e0' => 'EVS.5400',
    '5,6' => 'EVS.5400', '[5]' => 'EVS.5400', 'None' => 'EVS.5400',
    '%2B5' => 'EVS.5400', '5%0a' => 'EVS.5400', 'true' => 'EVS.5400',
);

for my $operation ($path, "$path/detail", $path =~ s/v3/v2/r) {
    for my $limit (sort keys %limit) {
        is(outcome($g->get(encode_utf8("$operation?limit=$limit"))),
           $limit{$limit}, encode_utf8("limit=$limit"));
    }
}

my %said = ('x' => 'limit param must be an integer.', '' =>
    'limit param must be an integer.', '-' => 'limit param must be an integer.',
    '-5x' => 'limit param must be an integer.', '-5' =>
    'limit param must be positive.', '-0' => 'limit param must be positive.',
    '0' => 'limit param must be positive.', '1001' =>
    'invalid filter limit, can not greater than 1000.', '9' x 30 =>
    'invalid filter limit, can not greater than 1000.');

for my $limit (sort keys %said) {
    is($g->get("$path?limit=$limit")->{error}{message},
       "query limit: $said{$limit}", "what is said of limit=$limit");
}

my %offset = (0 => 'accepted', 2147483647 => 'accepted', '-0' => 'EVS.5400',
    2147483648 => 'EVS.5400', '0' x 50 . '7' => 'accepted', '' => 'EVS.5400',
    '9' x 40 => 'EVS.5400', '1.0' => 'EVS.5400', 18446744073709551617 =>
    'EVS.5400', '+1' => 'EVS.5400');

for my $offset (sort keys %offset) {
    is(outcome($g->get("$path?offset=$offset")), $offset{$offset},
       "offset=$offset");
}

# ids

my @ids = (
    [VOLUME, 1], [uc VOLUME, 1], ['0' x 8 . '-0000-0000-0000-' . '0' x 12, 1],
    ['f' x 36, 0], [VOLUME =~ s/-//gr, 0], ['{' . VOLUME . '}', 0],
    ['urn:uuid:' . VOLUME, 0], [VOLUME . '0', 0], [substr(VOLUME, 1), 0],
    [VOLUME =~ s/^(.{8})-/${1}0/r, 0], [VOLUME =~ s/^./g/r, 0],
    [VOLUME =~ s/^./-/r, 0], [VOLUME =~ s/-/_/gr, 0],
    [VOLUME =~ s/^./０/r, 0], [' ' . VOLUME, 0], [VOLUME . ' ', 0],
);

for my $case (@ids) {
    my ($id, $good) = @$case;
    my $title = encode_utf8("id $id");

    is(outcome($g->post(json_body(qq("volume_id": "$id")))),
       $good ? 'accepted' : 'EVS.1002', "$title, volume_id");
    is(outcome($g->post(json_body(qq("name": "abcd", "cluster_id": "$id")),
                        target => $dws)), $good ? 'accepted' : 'cluster-id',
       "$title, cluster_id");

    my $query = encode_utf8($id) =~ s/([^0-9a-zA-Z-])/sprintf '%%%02x', ord $1/ger;

    is(outcome($g->get("$path?marker=$query")),
       $good ? 'accepted' : 'EVS.1024', "$title, marker");
    is(outcome($g->get("$path?volume_id=$query")),
       $good ? 'accepted' : 'EVS.1002', "$title, volume_id in a query");
    is(outcome($g->post('{"snapshot": {"name": "a"}}', method => 'PUT',
                        target => "$path/$id")),
       $good ? 'accepted' : 'EVS.2045', "$title, snapshot_id")
        if $id !~ /[^0-9a-zA-Z:_-]/;
}

# booleans as strings

is(outcome($g->post(create_body(force => $_))), 'EVS.1018', "force of $_")
    for qw(true True TRUE false 1 0 yes No ON off t F y N maybe), '', ' true';
like($g->post(create_body(force => $_))->{error}{message},
     qr/must be true or false/, "$_ reads as a boolean")
    for qw(true True TRUE false 1 0 yes No ON off t F y N);
like($g->post(create_body(force => $_))->{error}{message},
     qr/must be a boolean, is a string/, "'$_' does not")
    for qw(maybe 2 tru yess), '', ' true';

# statuses

is(outcome($g->get("$path?status=$_")), 'accepted', "status=$_")
    for qw(creating available error deleting error_deleting rollbacking
           backing-up %65rror);
is(outcome($g->get("$path?status=$_")), 'status-known', "status=$_ is unknown")
    for '', 'Available', 'available,', 'in-use';

# unusual, and right

for my $body (
    qq( \t\r\n{"snapshot"\n:\t{"volume_id":\r"@{[VOLUME]}"}}\n\n ),
    qq({"\\u0073napshot":{"volume\\u005fid":"@{[VOLUME]}"}}),
    qq({"snapshot":{$volume,"name":"\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\"\\\\"}}),
    qq({"snapshot":{$volume,"name":null,"description":null,"metadata":null}}),
    qq({"snapshot":{$volume,"force":true,"name":"","description":""}}),
    qq({"snapshot":{$volume,"metadata":{"snapshot":"x","name":"y"}}}),
    qq({"snapshot":{"metadata":{},"force":false,$volume}}),
    encode_utf8(qq({"snapshot":{$volume,"name":"\x{fffd}\x{10ffff}\x{e000}"}})),
) {
    is(outcome($g->post($body)), 'accepted', "accepted: $body");
}

is(outcome($g->post(qq({"snapshot":{$volume,"metadata":{"n":$_}}}))),
   'metadata-entry',
   'a number is no error of the text: ' . substr $_, 0, 40)
    for '1' . '0' x 200, '-1.5e-10', '18446744073709551616', '1E+2', '-0',
        '1e400', '-1e400', '1.5E+99999', '1e-400', '9' x 5000, '-' . '9' x 400,
        '[1e400, {"1e400": "1e400"}]', '0.' . '0' x 400 . '1e999';

# a number that no double can hold: what is wrong beside it is found, in place

for my $case (['--1e400', 'EVS.5400'], ['01e400', 'EVS.5400'],
              ['1e400.5', 'EVS.5400'], ['1.e400', 'EVS.5400'],
              ['1e400e5', 'EVS.5400'], ['[1e400-1e400]', 'EVS.5400'],
              ['1e400 1', 'EVS.5400'], ['1e', 'EVS.5400'],
              ['1e400, "n": 1', 'EVS.5400'], ['"1e400", "m": 1e400',
              'metadata-entry']) {
    my ($value, $expected) = @$case;

    is(outcome($g->post(qq({"snapshot":{$volume,"metadata":{"n":$value}}}))),
       $expected, "beside a number that no double can hold: $value");
}

like($g->post(qq({"a": 1e400, "b": "1e400\\"1e400", "c": x}))->{error}{message},
     qr/ at line 1, column 40$/, 'a wrong text behind one is found in place');

# 512 levels of objects and arrays, whatever is in them

for my $case ([511, '[]', 'metadata-entry'], [512, '[]', 'EVS.5400'],
              [511, '[1, {"a": ["b", [], {}]}, [[]]]', 'EVS.5400'],
              [508, '[1, {"a": ["b", [], {}]}, [[]]]', 'metadata-entry'],
              [511, '["[[[[\\"{{{{", 2]', 'metadata-entry'],
              [5000, '[]', 'EVS.5400']) {
    my ($levels, $inside, $expected) = @$case;

    for my $form ('arrays', 'objects') {
        my $n = $levels - 3;
        my ($open, $close) = $form eq 'arrays' ? ('[', ']') : ('{"a": ', '}');
        my $body = qq({"snapshot": {$volume, "metadata": {"n": )
                   . $open x $n . $inside . $close x $n . '}}}';

        is(outcome($g->post($body)), $expected,
           "$levels levels and $inside, in $form");
    }
}

like($g->post(qq({"a":\n) . '[' x 520 . ']' x 520 . '}')->{error}{message},
     qr/is nested too deeply at line 2, column 512$/,
     'the level that is too many is named by its place');
is($g->post('{' . join(', ', map { qq("$_": 1) } 1 .. 2000) . '}')
   ->{error}{code}, 'EVS.5400', 'members are no levels');

# wrong texts

for my $body ('{"snapshot": {} ', '{"snapshot": {}}}', "{'snapshot': {}}",
    '{snapshot: {}}', '{"snapshot": {},}', '{"snapshot": {"a": 01}}',
    '{"snapshot": {"a": .5}}', '{"snapshot": {"a": 1.}}',
    '{"snapshot": {"a": +1}}', '{"snapshot": {"a": 0x1}}',
    '{"snapshot": {"a": Infinity}}', '{"snapshot": {"a": True}}',
    '{"snapshot": {"a": "\\x41"}}', '{"snapshot": {"a": "\\u12"}}',
    '{"snapshot": {"a": "\\udc00"}}', '{"snapshot": {"a": "\\ud800\\u0041"}}',
    '{"snapshot": {"\\u0000": 1}}', "{\"snapshot\": {\"a\": \"\n\"}}",
    "{\"snapshot\": {}}\0", "\0{\"snapshot\": {}}",
    map({ ("{\"snapshot\": {\"a\": $_\0}}", "{\"snapshot\": {\"a\": [$_\0, 1]}}") }
        qw(true false null 0 12 1.5 1e5)), "{\"snapshot\": {\"a\"\0: \"b\"\0}}",
    "{\"snapshot\": {\"a\": \"\0\"}}", "\x{0c}{\"snapshot\": {}}",
    '// x' . "\n" . '{"snapshot": {}}', '{"snapshot": {}} {}', '"x"', '1',
    'null', 'true', '[', '{', '[' x 5000, '{"a":' x 5000,
    "{\"snapshot\": {\"a\": \"\xff\"}}", "{\"snapshot\": {\"a\": \"\xed\xa0\x80\"}}",
    "{\"snapshot\": {\"a\": \"\xf4\x90\x80\x80\"}}", "\xa0{\"snapshot\": {}}",
    "{\"snapshot\": {\"a\": \"\xc3\"}}") {
    my $r = $g->post($body);

    is(outcome($r), 'EVS.5400', 'wrong: ' . substr $body, 0, 40);
    like($r->{error}{message}, qr/^body: .* one JSON object in UTF-8/,
         'its text is');
}

is(outcome($g->post('x', target => $dws)), 'DWS.5065', 'a wrong text for DWS');
is(outcome($g->post('{"snapshot":{"name":"abcd","name":"abcd"}}',
                    target => $dws)), 'DWS.5039', 'a key twice for DWS');

# headers

for my $type ('application/json', 'APPLICATION/JSON', 'application/json;',
    'application/json ;charset=utf-8', 'application/json; charset=UTF-8',
    'application/json; charset="utf-8"', 'application/json;version=1',
    'application/json; a=b; charset=utf-8; c="d e"', "application/json\t;\ta=b",
    'application/json;;charset=utf-8', 'application/json; a="b;c,d"',
    'application/json; charset=utf8', 'application/json;charset=UTF8',
    'application/json; CharSet="Utf8"',
    'application/json; chars=et', 'application/json; a="b; char=c"',
    'application/json; a="\\""; charset=utf-8', 'application/json; ; ; a=b;')
{
    is(outcome($g->request('POST', $path, [['Content-Type', $type]],
       create_body())), 'accepted', "Content-Type: $type");
}

for my $type ('', 'application', 'application/jsonx', 'application/json x',
    'application/json, application/json', 'text/json', 'application/json;;a=b,',
    'application/json; charset=utf-16', 'application/json; charset=utf_8',
    'application/json; charset=utf88', 'application/json; charset=utf',
    'application/json; charset="utf-16"', 'application/json; charset',
    'application/json; charset=', 'application/json; a="b',
    'application/json; a="\\"; charset=utf-16', 'application/json; =b',
    'application/json; a="x;"; charset=utf-16', 'application/json; a="b\\',
    'application/json; charset="utf\\-8"', 'application/json; a="b"c',
    'application/json; charset=utf-8; charset=utf-16', ' text/plain',
    'application/json; charset*=utf-7', 'application/json; Charset*0=utf-7',
    'application/json; charset=utf-8; charset*0="utf-";charset*1=7',
    "application/json; charset*=us-ascii''utf-7",
    'application/json; x="; charset=utf-7"',
    'application/json; x=";Charset=utf-7;"',
    'application/x-www-form-urlencoded', 'application/vnd.api+json',
    'multipart/form-data; boundary=x', 'application/json; a=b c') {
    is(outcome($g->request('POST', $path, [['Content-Type', $type]],
       create_body())), '415', "Content-Type: $type");
}

for my $coding ('gzip', 'deflate', 'br', 'identity, gzip', 'x', ',',
                'identity;q=1') {
    is(outcome($g->post(create_body(),
               headers => [['Content-Encoding', $coding]])), '415',
       "Content-Encoding: $coding");
}

is(outcome($g->post(create_body(),
           headers => [['Content-Encoding', $_]])), 'accepted',
   "Content-Encoding: $_") for 'identity', 'Identity', '', '  ';

is(outcome($g->post(create_body(), headers => [['Content-Encoding', ''],
                                               ['Content-Encoding', 'gzip']])),
   '415', 'an empty Content-Encoding hides none behind it');

for my $name ('X-HTTP-Method-Override', 'x-http-method', 'X-Method-Override') {
    is(outcome($g->post(create_body(), headers => [[$name, 'POST']])),
       'EVS.5400', "$name is refused");
}

# nginx keeps headers in parts of twenty or so: what counts may be behind them

my @twenty = map { ["X-Filler-$_", 'x'] } 1 .. 45;

is(outcome($g->post(create_body(), headers => \@twenty)), 'accepted',
   'many headers');
is(outcome($g->post(create_body(), headers => [@twenty, @$_])), $_->[0][2],
   "$_->[0][0] behind many headers")
    for [['X-HTTP-Method-Override', 'PUT', 'EVS.5400']],
        [['Content-Type', 'text/plain', '415']],
        [['Content-Encoding', 'gzip', '415']];

# parameters

for my $query ('limit', 'limit=', 'LIMIT=5', 'limit[]=5', 'l%69mit=5',
               'name=a&name=b', 'n%61me=a&name=b', 'name=a;b', 'name=%',
               'name=%4', 'name=%4g', 'name=%c3', 'name=%c0%af', 'name=%7f',
               'name=%ed%a0%80', 'name=%c2%85', 'name=%1b', "name=\xff",
               'limit=5&%6cimit=6', 'sort_dir=desc&sort_dir=desc') {
    my $known = $query !~ /^(?:LIMIT|limit\[|l%69mit)/;
    is(outcome($g->get("$path?$query")), $known ? 'EVS.5400'
       : $query eq 'l%69mit=5' ? 'accepted' : 'param-unknown', "query $query");
}

is(outcome($g->get("$path?$_")), 'accepted', "query $_")
    for '', '&', 'name=', 'name', 'name=%25', 'name=a%26b%3Dc%3Bd', 'name=a=b',
        'name=+a+', "name=\xc3\xa9", 'name=%2B', 'name=%C3%A9', 'name=?',
        'marker=' . SNAPSHOT . '&offset=0&limit=1&name=x&sort_dir=asc'
        . '&status=error&volume_id=' . VOLUME;

$g->finish;

done_testing;
