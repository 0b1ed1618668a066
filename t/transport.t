# However a body travels, the upstream gets byte for byte what was judged, a
# refusal that needs no body does not wait for it, and a connection stays in
# step whatever happened to the body before.

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

use Gateway;

# locations that differ in how a body is kept, each below a prefix of its name

my %location = (
    ''         => 'snapshot_gateway enforce;',
    '/tiny'    => 'snapshot_gateway enforce; client_body_buffer_size 1k;',
    '/file'    => 'snapshot_gateway enforce; client_body_in_file_only clean;',
    '/stream'  => 'snapshot_gateway enforce; proxy_request_buffering off;
                   proxy_http_version 1.1;',
    '/small'   => 'snapshot_gateway enforce;
                   snapshot_rule body-size reject max=300;',
    '/onfile'  => 'snapshot_gateway enforce; client_body_in_file_only clean;
                   snapshot_rule body-size reject max=300;',
    '/huge'    => 'snapshot_gateway enforce;
                   snapshot_rule body-size reject max=4m;',
    '/warned'  => 'snapshot_gateway enforce;
                   snapshot_rule body-size warn max=300;',
    '/monitor' => 'snapshot_gateway monitor;
                   snapshot_rule body-size reject max=300;',
);

my $locations = join '', map { "
        location $_/ {
            $location{$_}
            snapshot_prefix $_/;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
" =~ s/snapshot_prefix (\/\w+)\//snapshot_prefix $1/r } sort keys %location;

my $g = Gateway->new(
    http => 'client_max_body_size 0;', server => $locations,
    servers => "server { listen 127.0.0.1:%%PORT_h2%% http2; $locations }");

my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body();
my $big = create_body(metadata => { map { ("k$_" => 'v' x 200) } 1 .. 300 });
my $bad = create_body(name => 'x' x 256);
my $large_bad = create_body(name => 'x' x 60000);
my $json = ['Content-Type', 'application/json'];

sub chunked {
    my ($body, $size) = @_;

    return join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
                    unpack "(a$size)*", $body) . "0\r\n\r\n";
}

sub raw {
    my ($target, $body, @headers) = @_;

    return Gateway::head('POST', $target, [$json, @headers]) . $body;
}

sub got_body {
    my ($body, $title) = @_;

    my @got = $g->received;

    is(scalar @got, 1, "$title: the upstream got one request");
    ok(($got[0]{body} // '') eq $body, "$title: its body is what was judged");
}

sub got_nothing {
    my ($title) = @_;

    is(scalar(my @got = $g->received), 0, "$title: the upstream got nothing");
}

my @chunked = (['Transfer-Encoding', 'chunked'], ['Connection', 'close']);


# of a body some comes with the header, in the header's buffer

for my $first (0, 1, 500, 1000, 3000, length($big) - 1) {
    my $title = "$first bytes with the header";

    my @r = $g->exchange([raw($path, substr($big, 0, $first),
        ['Content-Length', length $big]), '0.05', substr($big, $first)
        . Gateway::head('GET', "$path/detail?limit=1",
                        [['Connection', 'close']])], count => 2);

    is(join(' ', map { $_->{status} } @r), '200 200',
       "$title: both requests are answered");
    my @got = $g->received;
    ok(($got[0]{body} // '') eq $big, "$title: the body arrives as it is");
    is($got[1]{target}, "$path/detail?limit=1", "$title: and what follows");
}


# good bodies arrive as they are

for my $prefix ('', '/tiny', '/file', '/stream') {
    for my $body ($good, $big) {
        my $title = "$prefix " . length($body) . ' bytes';

        my $r = $g->post($body, target => "$prefix$path");
        is($r->{status}, 200, "$title: with a length");
        got_body($body, "$title with a length");

        for my $size (1000, 7) {
            ($r) = $g->exchange(raw("$prefix$path", chunked($body, $size),
                                    @chunked));
            is($r->{status}, 200, "$title: in chunks of $size");
            got_body($body, "$title in chunks of $size");
        }

        my $half = int(length($body) / 2);

        ($r) = $g->exchange([raw("$prefix$path", substr($body, 0, $half),
            ['Content-Length', length $body], ['Connection', 'close']), '0.1',
            substr($body, $half)]);
        is($r->{status}, 200, "$title: in two pieces");
        got_body($body, "$title in two pieces");

        my $chunks = chunked($body, 3000);

        ($r) = $g->exchange([raw("$prefix$path", substr($chunks, 0, 3),
            @chunked), '0.1', substr($chunks, 3, $half), '0.1',
            substr($chunks, 3 + $half)]);
        is($r->{status}, 200, "$title: in chunks in pieces");
        got_body($body, "$title in chunks in pieces");
    }

    for my $body ($bad, $large_bad) {
        my $title = "$prefix bad " . length($body) . ' bytes';

        is($g->post($body, target => "$prefix$path")->{status}, 400,
           "$title: with a length is refused");

        my ($r) = $g->exchange(raw("$prefix$path", chunked($body, 900),
                                   @chunked));
        is($r->{status}, 400, "$title: in chunks is refused");

        got_nothing($title);
    }
}


# HTTP/1.0, and no body at all

my ($r) = $g->exchange("POST $path HTTP/1.0\r\nContent-Type: application/json"
    . "\r\nContent-Length: " . length($good) . "\r\n\r\n$good");
is($r->{status}, 200, 'HTTP/1.0 is accepted');
got_body($good, 'HTTP/1.0');

($r) = $g->exchange("POST $path HTTP/1.0\r\nContent-Type: application/json"
    . "\r\n\r\n$good");
is($r->{status}, 400, 'HTTP/1.0 without a length has no body, and is refused');

($r) = $g->exchange(raw($path, '', ['Connection', 'close']));
is($r->{status}, 400, 'HTTP/1.1 without a length has no body either');

($r) = $g->exchange(raw($path, '', ['Content-Length', 0],
    ['Connection', 'close']));
is($r->{status}, 400, 'a body of no bytes is refused');

($r) = $g->exchange(raw($path, "0\r\n\r\n", @chunked));
is($r->{status}, 400, 'a chunked body of no bytes is refused');

got_nothing('without a body');


# HTTP/2

SKIP: {
    my $version = qx(curl --version 2>/dev/null) // '';
    skip 'curl has no HTTP/2', 1 if $version !~ /HTTP2/;

    my $curl = sub {
        my ($target, $body, @options) = @_;

        $g->write('sent', $body);

        return scalar qx(curl -s -m 10 -o $g->{dir}/out -w '%{http_code}' \\
            --http2-prior-knowledge -X POST -H 'Content-Type: application/json' \\
            @options http://127.0.0.1:$g->{ports}{h2}$target <$g->{dir}/sent);
    };

    my @length = ('--data-binary', '@-');
    my @stream = ('-T', '-', '-H', 'Expect:');

    is($curl->($path, $good, @length), 200, 'HTTP/2 with a length');
    got_body($good, 'HTTP/2 with a length');

    is($curl->($path, $good, @stream), 200, 'HTTP/2 without a length');
    got_body($good, 'HTTP/2 without a length');

    is($curl->($path, $big, @length), 200, 'HTTP/2, large, with a length');
    got_body($big, 'HTTP/2, large, with a length');

    is($curl->($path, $big, @stream), 200, 'HTTP/2, large, without a length');
    got_body($big, 'HTTP/2, large, without a length');

    is($curl->($path, $large_bad, @length), 400, 'HTTP/2, bad');
    is($curl->($path, $large_bad, @stream), 400, 'HTTP/2, bad, no length');

    my $over = create_body(metadata => { k => 'v' x 150_000 });

    # curl may fail on an answer that comes before it has sent everything (so
    # it does with nginx's own 413), so the log says what was answered

    for my $target ("/small$path", "/onfile$path", $path) {
        for my $body (create_body(name => 'x' x 250), $over) {
            next if $target eq $path && $body ne $over;

            my $title = "HTTP/2, $target, " . length($body) . ' bytes';

            for my $options (\@length, \@stream) {
                $g->settle;
                $curl->($target, $body, @$options);

                my ($log) = $g->logged(1);
                is("$log->{status} $log->{rule}", '413 body-size',
                   "$title over the limit, @$options");
            }
        }
    }

    for (1 .. 20) {
        last if $curl->("/small$path", create_body(name => 'x' x 250), @length)
                eq '413';
    }

    like($g->read('out'), qr/"overLimit".*"413"/, 'in the format');

    got_nothing('HTTP/2 over the limit');

    is($curl->("/monitor$path", $over, @stream), 200,
       'HTTP/2, over the limit, in monitor mode');
    got_body($over, 'HTTP/2 in monitor mode');
}


# refusals that need no body

my $t = time;

($r) = $g->exchange(raw($path, 'x', ['Content-Length', 1000],
    ['Content-Encoding', 'gzip'], ['Connection', 'close']), count => 1);
is($r->{status}, 415, 'a refusal by a header does not wait for the body');
cmp_ok(time - $t, '<', 3, 'it comes at once');

($r) = $g->exchange(raw($path, '', ['Content-Length', 114689],
    ['Expect', '100-continue']), count => 1);
is($r->{status}, 413, 'a length over the limit is refused at once');
is($r->{headers}{connection}[0], 'close', 'and the connection is closed');

my @all = $g->exchange(raw($path, '', ['Content-Length', 20],
    ['Content-Encoding', 'gzip'], ['Expect', '100-continue']), count => 1);
is("@{[map { $_->{status} } @all]}", '415',
   'nobody who expects 100 is told to go on with a body that is not wanted');

@all = $g->exchange([raw($path, '', ['Content-Length', length $good],
    ['Expect', '100-continue'], ['Connection', 'close']), '0.2', $good]);
is("@{[map { $_->{status} } @all]}", '100 200',
   'who expects 100 gets it where the body is wanted');
got_body($good, 'Expect');

@all = $g->exchange([raw($path, '', ['Expect', '100-continue'], @chunked),
    '0.2', chunked($good, 50)]);
is("@{[map { $_->{status} } @all]}", '100 200', 'also before chunks');
got_body($good, 'Expect and chunks');

@all = $g->exchange([raw($path, '', ['Content-Length', length $bad],
    ['Expect', '100-continue'], ['Connection', 'close']), '0.2', $bad]);
is("@{[map { $_->{status} } @all]}", '100 400', 'a bad body is read, judged');
got_nothing('refusals');


# the size of a body that says nothing of its length

for my $prefix ('/small', '/onfile') {
    my $edge = $good . ' ' x (300 - length $good);

    ($r) = $g->exchange(raw("$prefix$path", chunked($edge, 100), @chunked));
    is($r->{status}, 200, "$prefix: chunks up to the limit are accepted");
    got_body($edge, "$prefix: at the limit");

    ($r) = $g->exchange(raw("$prefix$path", chunked("$edge ", 100), @chunked));
    is($r->{status}, 413, "$prefix: a byte over the limit is refused");
    like($r->{body}, qr/"code": "413"/, 'with its code');
    ok($r->{closed}, 'its connection is closed');

    # the rest of the body never comes

    $t = time;

    ($r) = $g->exchange([raw("$prefix$path", sprintf("%x\r\n", 5000),
        ['Transfer-Encoding', 'chunked']), '0.1', 'x' x 200, '0.1', 'x' x 200],
        count => 1);
    is($r->{status}, 413, "$prefix: it is refused while it is being sent");
    like($r->{body}, qr/^\{"overLimit": \{"message": "body: must be at most 300 bytes, /,
         'with the documented error object');
    cmp_ok(time - $t, '<', 3, 'and not when a timeout has run out');

    # what stands in the same packet as the headers

    ($r) = $g->exchange(raw("$prefix$path", sprintf("%x\r\n%s", 5000, 'x' x 400),
        ['Transfer-Encoding', 'chunked']), count => 1);
    is($r->{status}, 413, "$prefix: also in one packet with the headers");

    my @r = $g->exchange(raw("$prefix$path", chunked('x' x 2000, 500)
        . raw("$prefix$path", $good, ['Content-Length', length $good]),
        ['Transfer-Encoding', 'chunked']));
    is(scalar @r, 1, "$prefix: what follows is not taken for a request");
    ok($r[0]{closed}, "$prefix: and the connection is closed");

    got_nothing("$prefix: over the limit");
}

($r) = $g->exchange(raw("/warned$path", chunked($big, 500), @chunked));
is($r->{status}, 200, 'a size that is only warned about is read whole');
is($r->{headers}{'x-snapshot-warning'}[0], 'body-size;at=""', 'and warned of');
got_body($big, 'warned');

($r) = $g->exchange(raw("/monitor$path", chunked($big, 500), @chunked));
is($r->{status}, 200, 'in monitor mode it passes');
is($r->{headers}{'x-snapshot-violation'}[0], 'body-size;at=""', 'noted');
got_body($big, 'monitored');

$r = $g->post($big, target => "/monitor$path");
is($r->{headers}{'x-snapshot-violation'}[0], 'body-size;at=""',
   'also with a length');
got_body($big, 'monitored with a length');


# a worker puts bodies together in memory that it keeps, up to a megabyte

for my $entries (300, 30, 4000, 300, 12000, 1, 9000, 4000, 30) {
    my $members = { map { ("k$_" => 'v' x 200) } 1 .. $entries };
    my $body = create_body(metadata => $members);

    $r = $g->post($body, target => "/huge$path");
    is($r->{status}, 200, length($body) . ' bytes pass');
    got_body($body, length($body) . ' bytes');

    $r = $g->post(create_body(metadata => $members, name => 'x' x 256),
                  target => "/huge$path");
    is($r->{status}, 400, 'with a name that is too long they do not');
    got_nothing('with a name that is too long');
}


# keep-alive and pipelining

sub pair {
    my ($first, $expected, $title) = @_;

    my @r = $g->exchange($first . raw($path, $good,
        ['Content-Length', length $good], ['Connection', 'close']));

    is("@{[map { $_->{status} } @r]}", $expected, $title);
    got_body($good, $title);
}

pair(raw($path, $bad, ['Content-Length', length $bad]), '400 200',
     'a good request follows one that was refused for its body');
pair(raw($path, chunked($bad, 50), ['Transfer-Encoding', 'chunked']),
     '400 200', 'also where that came in chunks');
pair(raw($path, $bad, ['Content-Length', length $bad],
         ['Content-Encoding', 'gzip']), '415 200',
     'a good request follows one whose body was not read');
pair(raw($path, chunked($bad, 50), ['Transfer-Encoding', 'chunked'],
         ['Content-Encoding', 'gzip']), '415 200',
     'also where that body came in chunks');
pair(Gateway::head('GET', "$path?limit=0", []), '400 200',
     'a good request follows a refused query');

my @three = $g->exchange(raw($path, $good, ['Content-Length', length $good])
    . raw($path, $big, ['Content-Length', length $big])
    . raw($path, chunked($good, 9), @chunked));
is("@{[map { $_->{status} } @three]}", '200 200 200', 'three in a pipeline');
ok(join('|', map { $_->{body} } $g->received) eq "$good|$big|$good",
   'arrive in order and whole');


# clients that stop

$g->exchange(raw($path, substr($good, 0, 20), ['Content-Length', 500]),
    timeout => 0.2);
$g->exchange(raw($path, sprintf("%x\r\nabc", 50),
    ['Transfer-Encoding', 'chunked']), timeout => 0.2);
$g->exchange(raw($path, '', ['Content-Length', 500],
    ['Expect', '100-continue']), timeout => 0.2);
got_nothing('clients that go away in the middle of a body');

$g->finish;

done_testing;
