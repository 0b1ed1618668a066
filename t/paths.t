# Paths come in three kinds: plain ones mean what the tables say, odd ones that
# no server can take for an operation pass untouched, all others are refused.
# The tests' own reading of the contract, t/lib/Contract/Path.pm, has to agree
# on every path that is tried here.

use strict;
use warnings;

use Test::More;

use Contract::Path qw(path_reading);
use Gateway;

my $judged = 'add_header X-Operation $snapshot_operation always;
              add_header X-Ids "$snapshot_project_id $snapshot_id" always;
              add_header X-All $snapshot_violations always;';

my $g = Gateway->new(server => <<"EOG", servers => <<"EOS");
        merge_slashes off;
        $judged

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /volume {
            snapshot_gateway enforce;
            snapshot_prefix /volume;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_known%%;
        $judged
        snapshot_rule operation-known reject;

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_warn%%;
        $judged
        snapshot_rule uri-canonical warn;

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOS

my $p = PROJECT;
my $id = SNAPSHOT;
my $body = create_body();

my %code = (v3 => 'EVS.5400', v2 => 'EVS.5400', 'v1.0' => 'DWS.5065');

sub printed { return $_[0] =~ s/([^!-~])/sprintf '\\x%02x', ord $1/ger }

# a request, and what became of it

sub sent {
    my ($method, $target, %opt) = @_;

    $g->{upstream}->forget;

    my $r = $g->request($method, $target, [['Content-Type',
        'application/json'], @{ delete $opt{headers} // [] }],
        $method =~ /^P/ ? $body : undef, %opt);

    my @got = $g->received;

    return { %$r, arrived => @got == 0 ? 'not at all'
                             : @got == 1 && $got[0]{target} eq $target
                               && $got[0]{method} eq $method
                             ? 'as it was sent' : 'otherwise',
             map { my $name = $_; ($name => $r->{headers}{"x-$name"}[0] // '') }
             qw(operation ids all) };
}

# what the tests' own reading says, in the words of outcome()

sub expected {
    my ($method, $target, $prefix) = @_;

    my $r = path_reading($method, $target =~ s/\?.*//sr, $prefix);

    return $r->{kind} eq 'odd' ? "refused as odd, $r->{operation}"
           : "passed, " . ($r->{operation} // 'out of scope');
}

sub outcome {
    my ($r) = @_;

    my $operation = $r->{operation} eq '' ? 'out of scope' : $r->{operation};

    return "passed, $operation"
        if $r->{status} == 200 && $r->{arrived} eq 'as it was sent';
    return "refused as odd, $operation"
        if $r->{status} == 400 && $r->{arrived} eq 'not at all'
           && $r->{all} =~ /^uri-canonical;[^,]*$/;
    return "$r->{status}, arrived $r->{arrived}, $operation, $r->{all}";
}

sub passes {
    my ($method, $target, $operation, %opt) = @_;

    my $title = "$method " . printed($target);
    my $prefix = delete $opt{prefix};

    is(outcome(sent($method, $target, %opt)), "passed, $operation",
       "$title passes as it was sent");
    is(expected($method, $target, $prefix), "passed, $operation",
       "$title: so the other reading says");
}

sub refused {
    my ($method, $target, $operation, $code, $message, %opt) = @_;

    my $title = "$method " . printed($target);
    my $prefix = delete $opt{prefix};
    my $r = sent($method, $target, %opt);

    is(outcome($r), "refused as odd, $operation", "$title is refused");
    is(expected($method, $target, $prefix), "refused as odd, $operation",
       "$title: so the other reading says");

    return if $method eq 'HEAD';

    is($r->{error}{code}, $code, "$title: $code");
    like($r->{error}{message}, $message, "$title: the message says why");
}

# refused by another rule

sub violates {
    my ($method, $target, $operation, $rule, $code, %opt) = @_;

    my $title = "$method " . printed($target);
    my $r = sent($method, $target, %opt);

    is("$r->{operation} $r->{error}{code} $r->{arrived}",
       "$operation $code not at all", "$title: $code");
    like($r->{all}, qr/(?:^|, )\Q$rule\E;/, "$title: $rule");
}


# an operation is one in its own spelling, and in no other

my @first_table = (
    map({ my $v = $_; my $d = $v eq 'v1.0' ? 'dws_v1' : "evs_$v";
          [POST => $v, '', "${d}_create"] } 'v3', 'v2', 'v1.0'),
    map({ my $v = $_; ([PUT => $v, "/$id", "evs_${v}_update"],
                       map({ ([$_ => $v, '', "evs_${v}_list"],
                              [$_ => $v, '/detail', "evs_${v}_detail"]) }
                           'GET', 'HEAD')) } 'v3', 'v2'),
);

sub capitals { return $_[0] =~ s/([a-z])/\U$1/r }

# an escape of a segment's first byte, and of its last one

sub escapes {
    my ($segment) = @_;

    return map { my $hex = $_;
        (sprintf("%%$hex%s", ord $segment, substr $segment, 1),
         sprintf("%s%%$hex", substr($segment, 0, -1), ord substr $segment, -1))
    } '%02x', '25%02X', '2525%02x';
}

for my $row (@first_table) {
    my ($method, $v, $rest, $name) = @$row;

    my @good = ($v, $p, 'snapshots', $rest ne '' ? substr $rest, 1 : ());
    my $good = '/' . join '/', @good;

    if ($method =~ /^P/) {
        is(sent($method, $good)->{operation}, $name, "$method $good is $name");

    } else {
        passes($method, $good, $name);
    }

    # [message, path, ...] where the normal form still is this operation

    my @same = (
        [qr/slash/, "$good/", "$good//", "/$good"],
        [qr/dot/, "/.$good", "$good/.", "$good/x/..", "/x/..$good"],
        [qr/dot|;/, "$good/x/..;y"],
        [qr/dot|escape/, "$good/%2e", "$good/x/%252e%2E"],
        [qr/escape/, "$good%2f", "$good%20", "$good%09", "$good%0a",
         "$good%0d%0a", "$good%2520", "$good%a0", "$good%85", "$good%3b",
         "$good/%20"],
        [qr/blank|byte/, "$good\xa0", "$good\x85"],
        [qr/;/, "$good;", "$good;x=1", "$good/;"],
        [qr/suffix|escape/, "$good%2ejson", "$good%252ejson", "$good.%6a"],
        [qr/suffix/, "$good.json", "$good.xml", "$good.", "$good.json.gz"],
    );

    push @same, [qr/suffix/, "$good/.json", "$good.x/.y", "$good/.a/.b/...c"]
        if $method =~ /^P/;

    for my $i (0 .. $#good) {
        my $with = sub {
            my @changed = @good;
            $changed[$i] = $_[0];
            return '/' . join '/', @changed;
        };

        push @same,
            [qr/escape/, map { $with->($_) } escapes($good[$i])],
            [qr/slash/, $with->("/$good[$i]")],
            [qr/dot/, $with->("./$good[$i]"), $with->("x/../$good[$i]")],
            [qr/dot|;/, $with->("x/..;y/$good[$i]")],
            [qr/dot|escape/, $with->("%2e/$good[$i]"),
             $with->("x/%2E./$good[$i]"), $with->("x/..%20/$good[$i]"),
             $with->("x/%25252e%2e/$good[$i]"), $with->("x%2f../$good[$i]"),
             $with->("x/..%5c$good[$i]")];

        push @same, [qr/;/, $with->("$good[$i];x")],
                    [qr/escape/, $with->("$good[$i]%3Bx"),
                                 $with->("$good[$i]%20")],
                    [qr/slash/, $with->("$good[$i]/")]
            if $i < $#good;

        push @same, [qr/escape|slash/,
                     '/' . join('/', @good[0 .. $i - 1]) . '%2F'
                         . join '/', @good[$i .. $#good]],
                    [qr/\\|backslash/,
                     '/' . join('/', @good[0 .. $i - 1]) . '\\'
                         . join '/', @good[$i .. $#good]]
            if $i > 0;

        push @same, [qr/capital|letter|case/, $with->(capitals($good[$i]))],
                    [qr/escape/,
                     $with->(sprintf '%%%02x%s', ord uc $good[$i],
                             substr $good[$i], 1)]
            if $good[$i] ne $p && $good[$i] ne $id;
    }

    push @same, [qr/#/, "/$v/$p#/snapshots$rest"],
                [qr/escape|dot|\\/, "/$v/a%2525\\../$p/snapshots$rest"];

    # ... and where it is none: what follows "#" may be a part of a name, a host
    # may be a segment, and servers that keep an escaped slash take another
    # segment away

    my $longer = $method eq 'PUT' ? $name
                 : $rest eq '/detail' ? 'evs_show' : 'unknown';

    my @other = (
        [$longer, qr/#/, "$good#", "$good#?x"],
        [$longer, qr/escape/, "$good%23x", "$good%3fx", "$good%2523"],
        ['unknown', qr/escape/, "/$v/$p/snap%2525shots$rest",
         "/x%2fy/%2e%2e/x$good", "/%2Fhost$good", "/%5C%5chost$good",
         "/$v/a%2fb/%2e%2e/$p/snapshots$rest",
         "/$v/$p/a%2Fb/%2e%2e/snapshots$rest"],
        ['unknown', qr/slash|\\/, "//host$good", "///host:80$good",
         "//x\\y$good", "/\\x$good", "//host\\$v/$p/snapshots$rest"],
    );

    push @other, [$method eq 'POST' ? 'unknown' : 'evs_show', qr/;/, "$good;/x"]
        if $rest eq '';

    for my $case (map({ [$name, @$_] } @same), @other) {
        my ($operation, $message, @paths) = @$case;

        refused($method, $_, $operation, $code{$v}, $message) for @paths;
    }
}

# what leads to a sibling, or nowhere, is refused just as well

refused('GET', "/v3/$p//snapshots/x", 'evs_show', 'EVS.5400', qr/slash/);
refused('POST', "/v3//$p/snapshots/x/action", 'evs_action', 'EVS.5400',
        qr/slash/);
refused('GET', "/v1.0/$p/snapshots/", 'dws_list', 'DWS.5065', qr/slash/);
refused('POST', "/x/../v1.0/$p/snapshots/x/actions", 'dws_restore', 'DWS.5065',
        qr/dot/);
refused('GET', "/v3/$p/snapshots/a/../detail", 'evs_v3_detail', 'EVS.5400',
        qr/dot/);
refused('GET', "/v3/$p/snapshots/%2Fdetail", 'evs_v3_detail', 'EVS.5400',
        qr/escape/);
refused('GET', "/v3/$p/snapshots/%2e%2e/x", 'unknown', 'EVS.5400',
        qr/escape|dot/);
refused('GET', "/v3/$p/snapshots/detail%20of%20it", 'evs_show', 'EVS.5400',
        qr/escape/);
refused('GET', "/v3/$p/snapshots/%2525x", 'evs_show', 'EVS.5400', qr/escape/);
refused('GET', "/v3/$p/snapshots/%25%2564etail", 'evs_show', 'EVS.5400',
        qr/escape/);
refused('GET', "/v3/$p/snapshots/%3bx", 'evs_v3_list', 'EVS.5400', qr/escape/);
refused('POST', '//v3/' . 'a/' x 70 . "$p/snapshots", 'unknown', 'EVS.5400',
        qr/doubled slash/);
refused('PUT', "/v3/$p/snapshots/a%2fb/%2e%2e/$id", 'unknown', 'EVS.5400',
        qr/escape|dot/);
refused('PUT', "/v3/$p/snapshots/a%20name", 'evs_v3_update', 'EVS.5400',
        qr/escape/);

# a name may begin with "#" or "?", but not be cut there and lead on

for my $first ('%23', '%3f', '%23x', '%2523', '%3F%20') {
    passes('GET', "/v3/$p/snapshots/$first", 'unknown');
    passes('GET', "/v3/$p/snapshots/$first/details", 'unknown');
    refused('GET', "/v3/$p/snapshots/$first/detail", 'unknown', 'EVS.5400',
            qr/escape/);
    refused('GET', "/v3/$p/snapshots/$first/%20detail", 'unknown', 'EVS.5400',
            qr/escape/);
    refused('HEAD', "/v3/snapshots/$first%2fsnapshots", 'unknown', 'EVS.5400',
            qr/escape/);
}

# the first version word says whose code it is

refused('POST', "/v2/../v1.0/$p/snapshots", 'dws_v1_create', 'EVS.5400',
        qr/dot/);

# nginx itself refuses a NUL, a broken escape and a way above the root

for my $path ("/v3/$p/snapshots%00", "/v3/$p/snapshots%zz", "/../v3",
              "/v3/$p/snapshots%") {
    my $r = sent('POST', $path);

    is("$r->{status} $r->{arrived}", '400 not at all',
       "POST $path is refused by nginx itself");
}

# a "#" behind the "?" is a part of the query

passes('GET', "/v3/$p/snapshots?x#", 'evs_v3_list');
violates('GET', "/v3/$p/snapshots?limit=5#", 'evs_v3_list', 'limit-range',
         'EVS.5400');
violates('GET', "/v3/$p/snapshots?x#&limit=2000", 'evs_v3_list',
         'limit-range', 'EVS.2142');

# an absolute target

my ($r) = $g->exchange("POST http://localhost/v3/$p/snapshots.json HTTP/1.1\r\n"
    . "Host: localhost\r\nContent-Type: application/json\r\nConnection: close"
    . "\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
is($r->{status}, 400, 'an absolute target is read as well');


# ids; what has none is that operation all the same

violates('PUT', "/v3/$p/snapshots/$_", 'evs_v3_update', 'snapshot-id',
         'EVS.2045') for 'detail', 'snapshots', 'x~', "${id}0", '.a', '.a.b';
refused('PUT', "/v3/$p/snapshots/$_", 'evs_v3_update', 'EVS.5400',
        qr/suffix|capital|letter|case/) for 'Detail', 'SNAPSHOTS', 'i.a', 'i.',
        'detail.x', '.a/.b';

for (['POST', '/v3/snapshots', 'evs_v3_create', 'EVS.0001'],
     ['POST', '/v2/snapshots', 'evs_v2_create', 'EVS.0001'],
     ['POST', '/v1.0/snapshots', 'dws_v1_create', 'DWS.5065'],
     ['GET', '/v3/snapshots', 'evs_v3_list', 'EVS.0001'],
     ['GET', '/v3/snapshots/detail', 'evs_v3_detail', 'EVS.0001'],
     ['PUT', "/v3/snapshots/$id", 'evs_v3_update', 'EVS.0001'],
     ['PUT', '/v3/snapshots/snapshots', 'evs_v3_update', 'EVS.0001'],
     map({ ['GET', "/v3/$_/snapshots", 'evs_v3_list', 'EVS.0001'] }
         'p.q', 'p:q', 'p@q', 'p*', 'p!', '~p', 'a' x 65)) {
    my ($method, $path, $operation, $code) = @$_;

    violates($method, $path, $operation, 'project-id', $code);
}

passes('GET', "/v3/$_/snapshots", 'evs_v3_list')
    for 'a' x 64, '-_Az09', 'snapshots', 'Snapshots', 'v3', 'detail';
passes('GET', '/v3/snapshots/x', 'evs_show');
passes('DELETE', '/v3/snapshots/snapshots', 'evs_delete');
passes('GET', '/v3/snapshots/a%20name', 'unknown');
passes('GET', '/v3/snapshots/snapshots/a%20name', 'unknown');
refused('GET', '/v3/snapshots/snapshots%20', 'evs_v3_list', 'EVS.5400',
        qr/escape/);
refused('GET', '/v3/snapshots/Snapshots', 'evs_v3_list', 'EVS.5400',
        qr/capital|letter|case/);
refused('GET', '/v3/snapshots/snapshots.json', 'evs_v3_list', 'EVS.5400',
        qr/suffix/);

is(sent('GET', "/v3/$p/snapshots/$id")->{ids}, "$p $id",
   'the ids of an operation that is known by name alone are known');
is(sent('GET', "/v3/$p/snapshots/x")->{ids}, "$p ", 'but not a name');
is(sent('GET', "/v3/$p/snapshots/a%20b")->{ids}, "$p ",
   'whose project is known where it is escaped, too');
is(sent('GET', "/v3/$p/snapshots/$id%20")->{ids}, "$p ",
   'an id in an odd path is none');
is(sent('PATCH', "/v3/$p/snapshots/$id")->{ids}, "$p ",
   'a request that is unknown has the project of its path');


# siblings are known by name

for my $v ('v3', 'v2') {
    for my $one ($id, 'a-name', 'snap.json', '.hidden', 'details', 'Details',
                 'v1.2', '..x', '~!$&\'()*+,=:@')
    {
        passes($_, "/$v/$p/snapshots/$one", 'evs_show') for 'GET', 'HEAD';
        passes('DELETE', "/$v/$p/snapshots/$one", 'evs_delete');
        passes($_, "/$v/$p/snapshots/$one/metadata", 'evs_metadata')
            for 'GET', 'POST', 'PUT';
        passes($_, "/$v/$p/snapshots/$one/metadata/k.1", 'evs_metadata')
            for 'GET', 'PUT', 'DELETE';
        passes('POST', "/$v/$p/snapshots/$one/action", 'evs_action');
    }

    passes('DELETE', "/$v/$p/snapshots/detail", 'evs_delete');
}

passes('GET', "/v1.0/$p/snapshots", 'dws_list');
passes('GET', "/v1.0/$p/snapshots/$id", 'dws_show');
passes('GET', "/v1.0/$p/snapshots/detail", 'dws_show');
passes('DELETE', "/v1.0/$p/snapshots/$id", 'dws_delete');
passes('POST', "/v1.0/$p/snapshots/$id/actions", 'dws_restore');
passes('POST', "/v1.0/$p/snapshots/$id/linked-copy", 'dws_copy');

# others are not

for (['HEAD', "/v1.0/$p/snapshots"], ['HEAD', "/v3/$p/snapshots/x/metadata"],
     ['POST', "/v3/$p/snapshots/x/actions"], ['GET', "/v3/$p/snapshots/a/b"],
     ['POST', "/v1.0/$p/snapshots/x/action"], ['PATCH', "/v3/$p/snapshots/x"],
     ['PUT', "/v1.0/$p/snapshots/$id"], ['POST', "/v4/$p/snapshots"],
     ['GET', "/v3/$p/Snapshots/x"], ['GET', "/V3/$p/snapshots/x"],
     ['POST', "/v3/$p/snapshots/x/Action"], ['GET', '/snapshots'],
     ['POST', "/x/v3/$p/snapshots"], ['POST', "/v3/$p/x.snapshots"],
     ['GET', "/v3/$p/snapshots/detail/.json"]) {
    passes(@$_, 'unknown');
}

# a request without the word is not in scope

passes($_->[0], $_->[1], 'out of scope')
    for map({ my $path = $_; map { [$_, $path] } 'GET', 'POST', 'PUT',
              'DELETE' } '/', '/a%20b.png', "/v3/$p/snapshots-of",
            "/v3/$p/snapshot", "/v3/$p/my_snapshots/", "//v3/$p/snapshots1",
            "/v3/$p/volumes//x/..;/%2525", '/v3/%E5%BF%AB/a%2fb;x#');


# an odd path that leads nowhere passes untouched

for my $path ("/v4/$p/snapshots/", '/snapshots/', "/volumes//$p/snapshots;x",
              "/$p/%73napshots", "/snapshots/../v3/$p/x",
              "/v31/$p/snapshots%20") {
    passes($_, $path, 'unknown') for 'GET', 'POST', 'PUT';
}

for my $path ("/v3/$p//snapshots/x", "/v3/$p/snapshots/", "/v3/$p/snapshots;x",
              "/v3/$p/%73napshots/x%2fy/../z", "/v3/$p/snapshots/%20") {
    passes($_, $path, 'unknown') for 'DELETE', 'PATCH', 'OPTIONS';
}

passes('POST', "/v3/$p/snapshots/$_", 'unknown')
    for 'x/', 'x//action', 'x/a%20b', 'detail%20', "$id/action;x", 'x%2fy';
passes('GET', "/v3/$p/snapshots/voil\xc3\xa0", 'unknown');
passes('PUT', "/v3/$p/snapshots/$_", 'unknown')
    for "$id/metadata/", 'x/y%2fz', 'x/metadata;y', 'x/y/.';
refused('PUT', "/v3/$p/snapshots/$_->[0]", $_->[1], 'EVS.5400', qr/./)
    for ['x//metadata', 'evs_metadata'], ['x/%2fy', 'unknown'],
        ['x/', 'evs_v3_update'], ['x/.y', 'evs_v3_update'],
        ['x;/metadata', 'evs_metadata'], ['.x/y%20', 'unknown'],
        ['x/;y', 'evs_v3_update'], ['x/%2ey', 'evs_v3_update'],
        ['x/%252e', 'evs_v3_update'], ['x/%23', 'unknown'];


# Names in any script and with any punctuation, as clients escape them.

my %escaped = (
    'quote of Python' => sub { $_[0] =~ s/([^0-9A-Za-z_.~\/-])/
                               sprintf '%%%02X', ord $1/gerx },
    'PathEscape of Go' => sub { $_[0] =~ s/([^0-9A-Za-z_.~\$&+:=@-])/
                                sprintf '%%%02X', ord $1/gerx },
    'encodeURIComponent of JavaScript' => sub {
        $_[0] =~ s/([^0-9A-Za-z_.!~*'()-])/sprintf '%%%02X', ord $1/ger },
);

my @scripts = (0xc0, 0x100, 0x180, 0x250, 0x370, 0x400, 0x531, 0x5d0, 0x621,
    0x710, 0x780, 0x905, 0x985, 0xa05, 0xa85, 0xb05, 0xb85, 0xc05, 0xc85,
    0xd05, 0xd85, 0xe01, 0xe81, 0xf40, 0x1000, 0x10a0, 0x1100, 0x1200, 0x13a0,
    0x1401, 0x1680, 0x16a0, 0x1780, 0x1820, 0x1e00, 0x1f00, 0x2010, 0x20a0,
    0x2100, 0x2190, 0x2200, 0x2500, 0x25a0, 0x2600, 0x2800, 0x2c00, 0x3041,
    0x30a1, 0x3105, 0x3400, 0x4e00, 0x5feb, 0x7167, 0xa000, 0xac00, 0xf900,
    0xfb00, 0xff01, 0xff61, 0x10000, 0x10330, 0x1d400, 0x1f300, 0x1f600,
    0x20000, 0x2f800, 0xe0100, 0x10fffd);

# such that no blank byte of UTF-8 stands before two dots

my @names = (
    map({ my $c = $_; (join('', map { chr $c + $_ } 0 .. 15),
                       "snap " . chr($c) . ' 1', chr($c) . '.' . chr $c,
                       chr $c + 1) } grep { $_ < 0x10fff0 } @scripts),
    map({ my $c = chr; ("a$c", "a${c}b", "a $c b", "1$c.2${c}3") }
        0x20 .. 0x2f, 0x3a .. 0x40, 0x5b .. 0x60, 0x7b .. 0x7e),
    map({ my $c = chr; ($c, "$c x", "${c}1") }
        grep { chr !~ /[\/\\.;%]/ } 0x21 .. 0x2f, 0x3a .. 0x40,
        0x5b .. 0x60, 0x7b .. 0x7e),
    map({ ("a${_}b", "a$_") } "\t", "\n", "\r\n", "\x01", "\x7f", "\x{85}",
        "\x{a0}", "\x{feff}", "\x{2028}"),
    'Details of May', 'details', 'detailed', 'detail-1', 'detail_1', 'Detail2',
    'snapshots', 'my snapshots of v3', 'v1.0', 'v3/p/snapshots', 'a/b/c',
    'snap.json', '.hidden', '.a b', '...', 'a..b', '50% done', '100%', '#1',
    '#1 backup', '?', 'x%41', 'a%2Fb', 'a%252fb', 'x;y', 'x\\y',
    'a b', 'x' x 255, "\x{5feb}" x 85, 'C:\\dir', 'a|b', '<a href="x">', '{id}',
);

sub bytes { my $s = shift; utf8::encode($s); return $s }

# the requests of a list that go another way than the list says, and the one of
# them that says the most

sub go_another_way {
    my ($say, @cases) = @_;

    my @wrong;

    for my $case (@cases) {
        my ($method, $target) = @$case;
        my $expected = 'passed, ' . $say->($target);

        for my $got (outcome(sent($method, $target)), expected(@$case)) {
            push @wrong, "$method " . printed($target) . ": $got"
                if $got ne $expected;
        }
    }

    return @wrong > 3 ? (@wrong[0 .. 2], 'and ' . (@wrong - 3) . ' more')
           : @wrong;
}

for my $rule (sort keys %escaped) {
    my @segments = map { $escaped{$rule}->(bytes($_)) } @names;

    # whether it is a look-up by name, or by more

    my $show = sub { $_[0] =~ /^\/\w+\/$p\/snapshots\/[^\/%]+$/ ? 'evs_show'
                     : $_[0] =~ /^\/\w+\/$p\/snapshots\/[^\/%]+\/metadata$/
                     ? 'evs_metadata' : 'unknown' };

    is(join("\n", go_another_way($show,
            map { ['GET', "/v3/$p/snapshots/$_"] }
            @segments)), '',
       "names pass by GET as $rule escapes them");

    is(join("\n", go_another_way($show,
            map { ['HEAD', "/v2/$p/snapshots/$_"] }
            @segments[map { $_ * 7 } 0 .. $#segments / 7])), '',
       "and by HEAD as $rule escapes them");

    my $metadata = sub { $_[0] =~ /\/metadata\/[^\/%]+$/ ? 'evs_metadata'
                         : 'unknown' };

    for my $method ('PUT', 'DELETE') {
        is(join("\n", go_another_way($metadata,
                map { [$method, "/v3/$p/snapshots/$id/metadata/$_"] }
                @segments, 'detail', 'detail%20x', '%20x', '%2Fx', '%25',
                '%3B')), '',
           "keys of metadata pass by $method as $rule escapes them");
    }
}


# methods

for (['PATCH', "/v3/$p/snapshots/$id", 'DELETE GET HEAD PUT'],
     ['PATCH', "/v3/$p/snapshots/x", 'DELETE GET HEAD'],
     ['POST', "/v3/$p/snapshots/x", 'DELETE GET HEAD'],
     ['PATCH', "/v2/$p/snapshots/detail", 'DELETE GET HEAD'],
     ['PUT', "/v2/$p/snapshots", 'GET HEAD POST'],
     ['DELETE', "/v3/$p/snapshots", 'GET HEAD POST'],
     ['HEAD', "/v1.0/$p/snapshots", 'GET POST'],
     ['PUT', "/v1.0/$p/snapshots/$id", 'DELETE GET'],
     ['GET', "/v1.0/$p/snapshots/$id/actions", 'POST'],
     ['GET', "/v3/$p/snapshots/x/action", 'POST'],
     ['DELETE', "/v3/$p/snapshots/x/metadata", 'GET POST PUT'],
     ['HEAD', "/v3/$p/snapshots/x/metadata/k", 'DELETE GET PUT']) {
    my ($method, $path, $allow) = @$_;
    my $r = sent($method, $path, port => $g->{ports}{known});

    is("$r->{status} " . join(' ', sort split /, */,
                              $r->{headers}{allow}[0] // ''),
       "405 $allow", "$method $path: 405, allowed are $allow");
    is($r->{fault}, 'badMethod', "$method $path: badMethod")
        if $method ne 'HEAD';
    is($r->{arrived}, 'not at all', "$method $path goes nowhere");
    is(join(' ', @{ path_reading($method, $path, '')->{methods} }), $allow,
       "$method $path: so the other reading says");
}

for (['GET', "/v3/$p/snapshots/a%20b"], ['PUT', '/v3/p.q/snapshots'],
     ['DELETE', '/v3/snapshots'], ['PUT', "/v3/$p/snapshots/x/y/z"],
     ['POST', "/v4/$p/snapshots"], ['DELETE', "/v3/$p/snapshots/"]) {
    my ($method, $path) = @$_;
    my $r = sent($method, $path, port => $g->{ports}{known});

    is("$r->{status} $r->{error}{code} " . ($r->{headers}{allow}[0] // ''),
       '404 EVS.5404 ', "$method $path: 404");
}

is(outcome(sent('DELETE', "/v3/$p/snapshots/x", port => $g->{ports}{known})),
   'passed, evs_delete', 'siblings are known operations');

# the method is overridden

for my $query ('_method=POST', 'a=1&_method=', '_method', 'a;_method=PUT',
               '%5fmethod=POST', '_meth%6Fd=x', '&&_method=GET', '#&_method=x')
{
    violates(@$_, 'method-override', 'EVS.5400')
        for ['GET', "/v3/$p/snapshots?$query", 'evs_v3_list'],
            ['POST', "/v3/$p/snapshots?$query", 'evs_v3_create'],
            ['DELETE', "/v3/$p/snapshots/x?$query", 'evs_delete'],
            ['PUT', "/v3/$p/snapshots/x/metadata?$query", 'evs_metadata'],
            ['GET', "/v3/$p/snapshots/a%20name?$query", 'unknown'];
    passes('GET', "/v3/$p/volumes?$query", 'out of scope');
}

violates('GET', "/v1.0/$p/snapshots/x?_method=DELETE", 'dws_show',
         'method-override', 'DWS.5065');
violates('GET', "/v3/$p/snapshots/x", 'evs_show', 'method-override',
         'EVS.5400', headers => [['X-HTTP-Method', 'POST']]);
passes('POST', "/v3/$p/snapshots?x_method=1&method=PUT&_methods=1",
       'evs_v3_create');


# behind a prefix

my @behind = (prefix => '/volume');

passes('POST', "/volume/v3/$p/snapshots", 'evs_v3_create', @behind);
passes('GET', "/volume/v3/$p/snapshots/a%20name", 'unknown', @behind);
passes('GET', "/volume/v3/$p/snapshots/x", 'evs_show', @behind);
passes('POST', "/volumes/v3/$p/snapshots", 'unknown', @behind);
passes('POST', "/volume/volume/v3/$p/snapshots", 'unknown', @behind);
violates('POST', '/volume/v3/snapshots', 'evs_v3_create', 'project-id',
         'EVS.0001');

for my $path ("/volume/v3/$p/snapshots/", "/volume//v3/$p/snapshots",
              "/volum%65/v3/$p/snapshots", "/volume;x/v3/$p/snapshots",
              "/x/../volume/v3/$p/snapshots", "/volume/v3/$p/Snapshots",
              "/volume%2fv3/$p/snapshots", "/volume/./v3/$p/snapshots") {
    refused('POST', $path, 'evs_v3_create', 'EVS.5400', qr/./, @behind);
}


# where the rule does not reject, a path is judged as what it means

my @warned = (port => $g->{ports}{warn});

for (['POST', "/v3/$p/snapshots/", 'evs_v3_create', 200, ''],
     ['GET', "/v3/$p/%73napshots/detail?limit=x", 'evs_v3_detail', 400,
      'limit-range'],
     ['PUT', "/v3/$p/snapshots//x", 'evs_v3_update', 400, 'snapshot-id'],
     ['POST', "/v3//snapshots", 'evs_v3_create', 400, 'project-id'],
     ['PUT', '/v3/snapshots/snapshots/.x', 'evs_v3_update', 400, 'snapshot-id'],
     ['PUT', '/v3/snapshots/snapshots//.x', 'evs_v3_update', 400,
      'snapshot-id'],
     ['PUT', "/v3/$p/snapshots/.a/.b", 'evs_v3_update', 400, 'snapshot-id'],
     ['GET', "/v3/$p//snapshots/x", 'evs_show', 200, ''],
     ['POST', "/%2Fh/v3/$p/snapshots", 'unknown', 200, '']) {
    my ($method, $path, $operation, $status, $more) = @$_;
    my $r = sent($method, $path, @warned);
    my @rules = $r->{all} =~ /([a-z-]+);at=/g;

    is("$r->{status} $r->{operation} @rules",
       "$status $operation uri-canonical" . ($more ? " $more" : ''),
       "$method $path is judged as $operation");
}

is(sent('GET', "/v3/$p//snapshots/$id", @warned)->{ids}, "$p $id",
   'with its ids');

$g->finish;

done_testing;
