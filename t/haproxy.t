# conf/haproxy.cfg in front of two gateways of conf/replica.conf: a project has
# one gateway, so its limits are exact however it spells its paths; a gateway
# that is drained or killed costs no request, and nothing that may change
# something is sent twice; what the gateway judges is what the client sent.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use Contract::Path;
use Gateway;
use Haproxy;
use Load;

my $decoder = JSON::PP->new->utf8;
my $json = ['Content-Type', 'application/json'];
my $good = create_body();


# the files themselves

my $said = qx(haproxy -c -f conf/haproxy.cfg 2>&1);
is($?, 0, 'HAProxy takes conf/haproxy.cfg') or diag $said;
unlike($said, qr/\[(?:WARNING|ALERT)\]/, 'and warns of nothing in it');

# limits that do not grow while a test runs, or none that a test could reach

sub conf {
    my ($upstream, $rate, $more) = @_;

    my $text = Gateway::shipped('replica.conf', 8071 => '%%PORT%%',
                                8081 => $upstream);

    $text =~ s/rate=\d+r\/s/rate=$rate/g == 2 or die 'rate';
    $text =~ s/( +)snapshot_gateway enforce;\n/$&$1$more\n/ or die 'gateway'
        if $more;

    return $text;
}

my $one = Gateway->new(all => conf('%%UPSTREAM%%', '1r/m'));
my $two = Gateway->new(all => conf($one->{upstream_port}, '1r/m'));
my @gateways = ($one, $two);

my ($ok, $warned) = $one->test_conf(
    all => conf('%%UPSTREAM%%', '1r/m') =~ s/nginx\.pid/test.pid/r);
ok($ok, 'nginx takes conf/replica.conf') or diag $warned;
unlike($warned, qr/\[warn\]/, 'and warns of nothing in it');

# where workers look for drain/stop

for my $g (@gateways) {
    chmod 0755, $g->{dir};
    mkdir "$g->{dir}/drain";
}

my $h = Haproxy->new([map { $_->{port} } @gateways]);

ok($h->until_state($_, qr/^UP$/), "$_ is found to serve") for qw(g1 g2);

sub send_to {
    my ($port, $request, %opt) = @_;

    return $one->exchange($request, port => $port, count => 1, timeout => 10,
                          %opt);
}

sub ask {
    my ($method, $target, $headers, $body) = @_;

    my @h = @{ $headers // [] };
    push @h, $json, ['Content-Length', length $body] if defined $body;

    my ($r) = send_to($h->{port}, Gateway::head($method, $target, \@h)
                                  . ($body // ''), head => $method eq 'HEAD');

    return $r // { status => 0, headers => {}, body => '' };
}

# The entries of the access logs since the last call that have a field as it is
# given, at least so many, and which of the two has them in "at".  A request is
# answered before it is logged.

my @seen = (0, 0);

sub logged {
    my ($n, $field, $value) = @_;

    my @new;

    for (1 .. 500) {
        for my $at (0, 1) {
            my @lines = $gateways[$at]->lines('access.log');

            push @new, grep { !defined $field || $_->{$field} eq $value }
                       map { { %{ $decoder->decode($_) }, at => $at } }
                           @lines[$seen[$at] .. $#lines];
            $seen[$at] = @lines;
        }

        last if @new >= $n;
        sleep 0.02;
    }

    return @new;
}


# one gateway for a project, whatever it does

my @projects = map { sprintf '%032x', 7919 * $_ ** 5 } 1 .. 24;
my $sent = 0;

for my $p (@projects) {
    for my $v (qw(v2 v3 v1.0)) {
        ask('GET', "/$v/$p/snapshots?limit=5");
        ask('POST', "/$v/$p/snapshots", [], $v eq 'v1.0'
            ? '{"snapshot": {"name": "snap1", "cluster_id": "' . CLUSTER . '"}}'
            : $good);
        $sent += 2;
    }

    ask('HEAD', "/v3/$p/snapshots/detail");
    ask('PUT', "/v3/$p/snapshots/" . SNAPSHOT, [],
        '{"snapshot": {"name": "a"}}');
    ask('DELETE', "/v2/$p/snapshots/" . SNAPSHOT);
    ask('GET', "/v3/$p/snapshots/a%20name?x=/v2/$projects[0]/snapshots");
    $sent += 4;
}

my %at;
my @entries = logged($sent);

$at{$_->{project}}{$_->{at}}++ for @entries;

is(scalar @entries, $sent, 'each request is in a log');
is_deeply([sort keys %at], [sort @projects], 'with its project');
is(join(' ', grep { keys %{ $at{$_} } != 1 } @projects), '',
   'all of a project is at one gateway, in each version, reads and writes');

my %home = map { $_ => (keys %{ $at{$_} })[0] } @projects;

for my $at (0, 1) {
    cmp_ok(scalar(grep { $home{$_} == $at } @projects), '>', 3,
           "gateway $at has some of them");
}

$one->received;


# The limits: 1 and a burst of 5 for writes, of 40 for reads.

sub flood {
    my ($n, @request) = @_;

    my $one_of_them = Gateway::head(@request[0, 1], [defined $request[2]
        ? ($json, ['Content-Length', length $request[2]]) : ()])
        . ($request[2] // '');

    my %got;
    $got{$_->{status}}++
        for send_to($h->{port}, $one_of_them x $n, count => $n);
    return join ' ', map { "$got{$_}x$_" } sort keys %got;
}

my @tenants = map { "tenant-$_" } 1 .. 16;

for my $case (['writes', 6, 'POST', $good], ['reads', 41, 'GET', undef]) {
    my ($what, $budget, $method, $body) = @$case;
    my (%at_budget, %over);

    $at_budget{$_} = flood($budget, $method, "/v3/$_/snapshots", $body)
        for @tenants;
    $over{$_} = flood(2, $method, "/v2/$_/snapshots", $body) for @tenants;

    is(join(' ', grep { $at_budget{$_} ne $budget . 'x200' } @tenants), '',
       "$what: each tenant gets through as often as its budget says")
        or diag explain \%at_budget;
    is(join(' ', grep { $over{$_} ne '2x429' } @tenants), '',
       "$what: and not once more") or diag explain \%over;

    my %reached;
    $reached{(split /\//, $_->{target})[2]}++ for $one->received;
    is(join(' ', grep { $reached{$_} != $budget } @tenants), '',
       "$what: this is what the API gets");
}

my %homes = map { $_->{project} => $_->{at} } logged(16 * (8 + 43));
is(join(' ', sort { $a <=> $b } keys %{{ reverse %homes }}), '0 1',
   'these tenants were on both gateways');

# a path without a project id, whose budget is that of the client

my $nameless = Gateway::head('DELETE', '/v3/snapshots/' . SNAPSHOT, []);
my %left;

for my $n (1 .. 8) {
    my %got;

    $got{$_->{status}}++
        for send_to($h->{port}, $nameless x 8, count => 8,
                    from => "127.0.3.$n");
    $left{join ' ', map { "$got{$_}x$_" } sort keys %got}++;
}

is_deeply(\%left, { '6x200 2x429' => 8 },
          'a client has one budget for paths without a project id');

my %by_client = map { $_->{client} => $_->{at} }
                grep { $_->{client} =~ /^127\.0\.3\./ } logged(64);
is(join(' ', sort { $a <=> $b } keys %{{ reverse %by_client }}), '0 1',
   'and these clients were on both gateways');
$one->received;

# and all at once, which no other gateway may help with

kill 'STOP', $one->{upstream}{pid};

my @busy = map { $one->connect($h->{port}) } 1 .. 12;
syswrite $_, Gateway::head('GET', '/v3/busy/snapshots', []) for @busy;
sleep 0.3;
kill 'CONT', $one->{upstream}{pid};

my %helped = map { $_->{at} => 1 } logged(12, project => 'busy');
is(scalar keys %helped, 1, 'a busy project stays at its gateway');

close $_ for @busy;
$one->received;


# The budget of these is spent, and no spelling gives another one.  Each is sent
# often enough to come to both gateways.

my $spent = $tenants[0];
my @spellings = (
    "/v3/$spent/snapshots", "/v2/$spent/snapshots", "/v3/$spent/snapshots/x",
    "/v3/$spent/snapshots?limit=5", "/v3/$spent/snapshots?/v3/other/snapshots",
    "/v1.0/$spent/snapshots", "http://localhost/v3/$spent/snapshots/x",
    "http://localhost//v3/$spent/snapshots/x", "//v3/$spent/snapshots",
    "//v3/$spent/snapshots/x", "/v3//$spent/snapshots/x",
    "/./v3/$spent/snapshots/x", "/v3/other/../$spent/snapshots/x",
    "/v3/other/snapshots/../../$spent/snapshots/x",
    "/v3/other/%2e%2e/$spent/snapshots/x",
    "/v3/other/snapshots/%252e%252e/%252e%252e/$spent/snapshots/x",
    "/%76%33/$spent/snapshots/x", "/v3/%74enant-1/snapshots/x",
    "/v3/%2574enant-1/snapshots/x", "/V3/$spent/snapshots/x",
    "/v3/$spent;a=b/snapshots/x", "/v3;a/$spent/snapshots/x",
    "/v3\\$spent\\snapshots\\x", "/v3/$spent%20/snapshots/x",
    "/v3/$spent%2fsnapshots/x", "/x/../v3/$spent/snapshots/x",
    "/v3/other%2f..%2f$spent/snapshots/x", "/%2fv3/$spent/snapshots/x",
);

# and more of them, put together by chance; TEST_SEED gives others

my $seed = $ENV{TEST_SEED} // 1;
srand $seed;

my @parts = ('/', '//', '/./', '/a/../', '%2f', '%252f', '\\', ';x/', '/%2e/');
my @ends = ('', ';a', '%20', '/.', '%09');

sub scrambled {
    my ($text) = @_;

    return join '', map { rand() < 0.1 ? sprintf '%%%02x', ord
                        : rand() < 0.05 ? sprintf '%%25%02X', ord
                        : rand() < 0.05 ? uc : $_ } split //, $text;
}

for (1 .. 150) {
    my $part = sub { rand() < 0.6 ? '/' : $parts[rand @parts] };

    push @spellings, ($part->() =~ s/^(?!\/)/\//r)
        . join '', map { scrambled($_),
                         rand() < 0.1 ? $ends[rand @ends] : '', $part->() }
                   (rand() < 0.5 ? 'v3' : 'v2'), $spent, 'snapshots', 'x';
}

my @wrong;

for my $spelling (@spellings) {
    for my $method (qw(GET GET GET DELETE)) {
        my $r = ask($method, $spelling);
        push @wrong, "$method $spelling: $r->{status}"
            if $r->{status} !~ /^(?:200|400|429)$/;
    }
}

is("@wrong", '', 'each spelling is answered');

# the entry of this one is the last

ask('GET', "/v3/last-$_/snapshots") for 1 .. 20;

my %last;
my @dodged;

for (1 .. 500) {
    my @some = logged(0);
    push @dodged, grep { $_->{project} eq $spent && $_->{status} == 200 } @some;
    $last{$_->{project}}++ for grep { $_->{project} =~ /^last-/ } @some;
    last if keys %last == 20;
    sleep 0.02;
}

is(scalar keys %last, 20, 'the logs are read to their end');

is(scalar @dodged, 0,
   "no spelling of a path has a budget of its own, seed $seed")
    or diag explain \@dodged;

# what goes through has no project, and so no limit anywhere

my @through = map { $_->{target} } $one->received;

is(join("\n", grep { /^\/v(?:[23]|1\.0)\/$spent\/snapshots/ } @through), '',
   'nor does any of the spent project arrive');

is(ask('GET', '//v3/quiet/volumes')->{status}, 200,
   'what is out of scope has no limit, however it is spelled');


# What HAProxy takes for the project is what a gateway reads, or the request is
# refused: in each request of each operation, spelled plainly, without project
# id and oddly, without a prefix and with one.

# what is put in place of what in a path of the tables

my ($before, $behind) = (qr/\/(?=\{project)/, qr/(?<=project_id\})(?=\/)/);
my $name = qr/\{(?!project)\w+\}/;

my @spelled = (
    [qr/\/\{project_id\}/ => ''],
    map({ [qr/^/ => $_] } '/', '/.', '/x/..', '//h', 'http://localhost',
          'http://localhost/'),
    map({ [qr/v(?=\d)/ => $_] } '%76', '%2576', 'V'),
    map({ [$before => $_] } '//', '%2f', '\\', ';/', '/other/../',
          '/other/%2e%2e/', '/other%2f..%2f', '/other/snapshots/../../',
          '/other/snapshots/%2e%2e/%2e%2e/'),
    map({ [$behind => $_] } '/', ';a', '%20', '%2f'),
    map({ [qr/snapshots/ => $_] } '%73napshots', 'Snapshots', '/snapshots'),
    map({ [qr/$/ => $_] } '/', '.json', '%09', ';a=b', '/x%2fy'),
    map({ [$name => $_] } 'a%20name', '%e9', '100%25', 'a%2fb', '%2fother',
          '.%2e', '..%2fother', '%23', 'a%252fb',
          '%2e.%2f..%2fother%2fsnapshots%2fx'),
);

my %told = (create => $good, update => '{"snapshot": {"name": "a"}}',
            dws => '{"snapshot": {"name": "snap1", "cluster_id": "'
                   . CLUSTER . '"}}');

my ($hash, @more) = Haproxy::shipped()
                    =~ /^ +http-request set-var\(txn\.key\) (path\S+)$/mg;
is("@more", $hash, 'HAProxy has one expression for the project');

for my $prefix ('', '/volume') {
    my $with = $prefix || 'no prefix';
    my $field = $hash =~ s/\d+/$& + ($prefix ne '')/er;
    my $more = 'add_header X-Read "$snapshot_project_id" always;'
               . ($prefix && " snapshot_prefix $prefix;");

    $_->reload(all => conf($one->{upstream_port}, '5000r/s', $more))
        for @gateways;

    my $h = Haproxy->new([map { $_->{port} } @gateways], sub {
        my ($text) = @_;

        $text =~ s/\Q$hash\E/$field/g;
        $text =~ s/^frontend clients\n/$&
            http-request set-var(txn.key) $field
            http-response set-header X-Hashed "%[var(txn.key)]"\n/m
            or die 'frontend';

        return $text;
    });

    ok($h->until_state($_, qr/^UP$/), "$with: $_ serves") for qw(g1 g2);

    my ($n, %kinds, @wrong) = (0);

    for my $request (@Contract::Path::REQUESTS) {
        my ($operation, $method, $path) = @$request;
        my ($kind) = $operation =~ /^(dws)_v/ ? $1
                     : $operation =~ /_(create|update)$/;
        my $body = $kind ? $told{$kind} : $method =~ /^P/ ? '{}' : undef;
        my %done;

        for my $how (undef, @spelled) {
            my $p = 'Project-' . ++$n;
            my $target = $how ? $path =~ s/$how->[0]/$how->[1]/r : $path;

            next if $done{$target}++;

            $target =~ s/^(?:http:\/\/\w+)?\K/$prefix/;

            $target =~ s/\{project_id\}/$p/;
            $target =~ s/\{snapshot_id\}/SNAPSHOT/e;
            $target =~ s/\{key\}/key/;

            my ($r) = send_to($h->{port}, Gateway::head($method, $target,
                defined $body ? [$json, ['Content-Length', length $body]] : [])
                . ($body // ''), head => $method eq 'HEAD');
            my ($hashed, $read) = map { $r->{headers}{$_}[0] // '' }
                                  qw(x-hashed x-read);
            my $passed = $r->{status} == 200;

            $kinds{$how ? 'odd, ' . ($passed ? 'passed' : 'refused') : 'plain'}
                {$read eq '' ? 'no project' : 'a project'}++;

            push @wrong, "$method $target: $r->{status}, hashed \"$hashed\", "
                         . "read \"$read\""
                if $r->{status} !~ /^(?:200|400)$/
                   || !$how && ($hashed ne $p || $read ne $p || !$passed)
                   || $passed && $read ne '' && $hashed ne $read;
        }
    }

    is(join("\n", @wrong), '', "$with: HAProxy and gateway find one project");
    note explain \%kinds;
    ok($kinds{$_->[0]}{$_->[1]}, "$with: some are $_->[0], with $_->[1]")
        for ['plain', 'a project'], ['odd, passed', 'a project'],
            ['odd, passed', 'no project'], ['odd, refused', 'a project'];

    $h->stop;
}

$_->reload(all => conf($one->{upstream_port}, '5000r/s')) for @gateways;


# What the gateway judges is what the client sent: through HAProxy and without
# it, the API gets the same, and so does the client.

# header names have no case, and HAProxy writes them small

sub told {
    my ($r, @api) = @_;

    my @h = map { [map { s/^([^:]+):/\L$1:/r }
                   grep { !/^(?:date|connection|keep-alive|server
                             |x-openstack-request-id):/xi }
                   split /\r\n/, $_->{head}] } grep { defined } $r, @api;

    return [$r->{status}, $r->{body}, [map { $_->{body} } @api],
            map { [sort @$_] } @h];
}

my $chunked = join '', map { sprintf "%x;a=b\r\n%s\r\n", length, $_ }
                       $good =~ /(.{1,20})/gs, " \n" x 40;
my $path = '/v3/' . PROJECT . '/snapshots';
my @length = ['Content-Length', length $good];
my @chunks = ['Transfer-Encoding', 'chunked'];

my $utf8 = create_body() =~ s/"volume_id"/"name": "\xc3\xa9",  $&/r . "\n";
my $bad = $utf8 =~ s/\xa9//r;
my $full = $good . ' ' x (114688 - length $good);

my @cases = (
    ['a create', 'POST', $path, [$json, @length], $good],
    ['a body of 112k', 'POST', $path,
     [$json, ['Content-Length', 114688]], $full],
    ['one byte more', 'POST', $path,
     [$json, ['Content-Length', 114689]], "$full "],
    ['UTF-8', 'POST', $path, [$json, ['Content-Length', length $utf8]], $utf8],
    ['bad UTF-8', 'POST', $path, [$json, ['Content-Length', length $bad]],
     $bad],
    ['chunks', 'POST', $path, [$json, @chunks], $chunked . "0\r\n\r\n"],
    ['a trailer', 'POST', $path, [$json, @chunks],
     $chunked . "0\r\nX: y\r\n\r\n"],
    ['Expect', 'POST', $path, [$json, @length, ['Expect', '100-continue']],
     $good],
    ['two Content-Type', 'POST', $path, [$json, $json, @length], $good],
    ['two that differ', 'POST', $path,
     [$json, ['Content-Type', 'text/plain'], @length], $good],
    ['no Content-Type', 'POST', $path, [@length], $good],
    ['a charset', 'POST', $path,
     [['Content-Type', 'application/json;  charset="UTF-8"'], @length], $good],
    ['Content-Encoding', 'POST', $path,
     [$json, @length, ['Content-Encoding', 'gzip']], $good],
    ['two Content-Encoding', 'POST', $path, [$json, @length,
     ['Content-Encoding', 'identity'], ['Content-Encoding', 'gzip']], $good],
    ['a method override', 'POST', $path,
     [$json, @length, ['X-HTTP-Method-Override', 'PUT']], $good],
    ['one with _', 'POST', $path,
     [$json, @length, ['X_HTTP_Method_Override', 'PUT']], $good],
    ['other headers', 'GET', $path,
     [['X-A', 'b  c'], ['X-A', ''], ['X-Auth-Token', 'a,b;"c'],
      ['Cookie', 'a=b; c'], ['Cookie', 'd'], ['Accept', "\xc3\xa9"]], undef],
    ['escapes', 'GET', "$path/a%20%2F%c3%A9?name=%2f+%zz&&=", [], undef],
    ['a query', 'GET', "$path/detail?limit=5&name=a%26b", [], undef],
    ['a bad query', 'GET', "$path?limit=2000&limit=5", [], undef],
    ['an empty query', 'GET', "$path?", [], undef],
    ['dots behind the project', 'GET', "$path/a/../b//c", [], undef],
    ['a HEAD', 'HEAD', $path, [], undef],
    ['a refused HEAD', 'HEAD', "$path?limit=0", [], undef],
    ['another path', 'PATCH', '/v3/p/volumes/1?a=b', [@length], $good],
    ['a GET with a body', 'GET', $path, [@length], $good],
    ['a DELETE with one', 'DELETE', "$path/x", [@length], $good],
    ['a strange method', 'PURGE', "$path/x", [], undef],
);

for my $case (@cases) {
    my ($title, $method, $target, $headers, $body) = @$case;

    my $request = Gateway::head($method, $target, $headers) . ($body // '');
    my @ways;

    for my $way ([$h->{port}, ''],
                 [$one->{port}, "PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"]) {
        $one->received;

        my ($r) = grep { $_->{status} >= 200 }
                  send_to($way->[0], "$way->[1]$request",
                          head => $method eq 'HEAD');
        push @ways, told($r // { status => 0, head => '', body => '' },
                         $one->received);
    }

    is_deeply($ways[0], $ways[1], "$title: HAProxy changes nothing")
        or diag explain \@ways;
}

# the id of a request is that of the gateway, and both logs have it

my $answered = ask('POST', $path, [], '{');
my @ids = @{ $answered->{headers}{'x-openstack-request-id'} // [] };

is(scalar @ids, 1, 'a refusal has one id');
like($ids[0], qr/^req-[0-9a-f]{32}$/, 'of the gateway');
is(scalar(grep { $_->{request_id} eq $ids[0] } logged(1)), 1,
   'which it has logged');
my $line = qr/ 400 .* \Q$ids[0]\E$/m;
like($h->log($line), $line, 'and HAProxy as well');

# who waits for a 100 gets it from the gateway, once it wants the body

my @all = send_to($h->{port}, [Gateway::head('POST', $path,
    [$json, @length, ['Expect', '100-continue']]), 0.3, $good]);
is("@{[map { $_->{status} } @all]}", '100 200', 'Expect is answered');
@all = send_to($h->{port}, Gateway::head('POST', $path,
    [['Content-Type', 'text/plain'], @length, ['Expect', '100-continue']]));
is("@{[map { $_->{status} } @all]}", '415',
   'and not where the headers are refused');

# What HAProxy refuses itself never arrives.  The parser's page is its own; for
# two lengths, 3.2 closes the connection, and for long headers it has a 431.

$one->received;

for my $case (
    ['a space before the colon',
     "GET $path HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n"],
    ['a line that is folded',
     "GET $path HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 200],
    ['two lengths', "POST $path HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                    . "Content-Length: 2\r\n\r\nab", '400 html|closed'],
    ['no host', "GET $path HTTP/1.1\r\n\r\n", '400 json'],
    ['another host in the target',
     "GET http://y$path HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['bytes over 127 in the target',
     "GET $path?\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['a fragment', "GET $path#a HTTP/1.1\r\nHost: x\r\n\r\n"],
    ['16k of headers',
     "GET $path HTTP/1.1\r\nHost: x\r\nA: " . 'b' x 16384 . "\r\n\r\n",
     '400 html|431 html'],
    ['HTTP/2', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", '400 json'],
    ['both lengths', "POST $path HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
     . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
     . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $good, $good), 200],
) {
    my ($title, $request, $expected) = @$case;

    my ($r) = send_to($h->{port}, $request);
    my $said = !$r ? 'closed'
               : "$r->{status} " . ($r->{body} =~ /^\{/ ? 'json' : 'html');
    my @api = $one->received;

    if (($expected // '') eq '200') {
        is($r->{status}, 200, "$title: is let through");
        is(scalar @api, 1, "$title: arrives as one request");
        next;
    }

    $expected //= '400 html';
    like($said, qr/^(?:$expected)$/, "$title: is refused");
    is(scalar @api, 0, "$title: does not arrive");
}


# the client's address

my $client = IO::Socket::INET->new(LocalAddr => '127.0.0.5',
    PeerAddr => "127.0.0.1:$h->{port}") or die "connect: $!\n";

for my $method (qw(GET POST)) {
    my $body = $method eq 'POST' ? $good : '';

    $one->received;
    syswrite $client, Gateway::head($method, '/v3/distant/snapshots', [$json,
        ['Content-Length', length $body], ['X-Forwarded-For', '8.8.8.8'],
        ['Forwarded', 'for=8.8.8.8'], ['X-Forwarded-Host', 'evil'],
        ['X-Forwarded-Prefix', '/evil']]) . $body;
    IO::Select->new($client)->can_read(10);
    sysread $client, my $answer, 4096;

    my ($entry) = logged(1, project => 'distant');
    is("$entry->{client} by $entry->{by}", '127.0.0.5 by 127.0.0.1',
       "the log has the client's address of a $method, and HAProxy's");

    my ($got) = $one->received;
    like($got->{head}, qr/^X-Forwarded-For: 127\.0\.0\.5\r\n/m,
         'the API is told');
    unlike($got->{head}, qr/8\.8\.8\.8|evil/, 'and not what the client says');
}

close $client;

my ($direct) = send_to($one->{port}, Gateway::head('GET', $path, []),
                       timeout => 2);
ok(!$direct || $direct->{status} == 400,
   'who does not come through HAProxy is not served');


# With more gateways: only the projects of one that leaves move, to all others,
# and the same ones come back.

my $ring = Haproxy->ring(5);
my @many = map { sprintf '%032x', 104729 * $_ ** 5 } 1 .. 500;
my @first = $ring->where(@many);

my %share;
$share{$_}++ for @first;
is(scalar keys %share, 5, 'each of five gateways has projects');

$ring->ask("set server reads/g3 state maint");

my @then = $ring->where(@many);
my (%moved, @strayed);

for my $i (0 .. $#many) {
    $moved{$then[$i]}++ if $first[$i] eq 'g3';
    push @strayed, $many[$i] if $first[$i] ne 'g3' && $first[$i] ne $then[$i];
}

is(scalar @strayed, 0, 'no project moves but those of the one that leaves');
is(join(' ', sort keys %moved), 'g1 g2 g4 g5', 'and these to all others');

$ring->ask("set server reads/g3 state ready");
is_deeply([$ring->where(@many)], \@first, 'then each is where it was');

# drained from this side, it gets neither reads nor writes of anybody

$ring->ask("set server reads/g3 state drain");
ok($ring->until_state('g3', qr/^DRAIN/), 'the admin socket drains both ways');
is((grep { $_ eq 'g3' } $ring->where(@many)), 0, 'and nothing comes there');

$ring->stop;


# Load, on connections that are kept and on new ones, while a gateway leaves
# and comes back.  Each request has an id, which the API records.

sub mixed {
    my ($i, $n) = @_;

    my $id = "id-$i-$n";
    my $project = $projects[($i * 7 + $n) % @projects];
    my $body = $n % 2 ? create_body(description => $id) : '';

    return ($id, 200, Gateway::head($n % 2 ? 'POST' : 'GET',
        "/v3/$project/snapshots" . ($n % 2 ? '' : '?limit=5'),
        [['X-Id', $id], $n % 2 ? ($json, ['Content-Length', length $body]) : (),
         $i % 2 ? ['Connection', 'close'] : ()]) . $body);
}

sub under_load {
    my ($title, $what) = @_;

    $one->received;

    my $load = Load->new($h, 4, \&mixed);
    sleep 0.3;
    $what->();
    sleep 0.3;

    my ($sent, $ok, @failed) = $load->stop;
    my %times;

    for my $got ($one->received) {
        $times{$1}{$got->{method}}++ if $got->{head} =~ /^X-Id: (\S+)\r$/mi;
    }

    cmp_ok($sent, '>', 100, "$title: there were some requests");
    diag "$title: $sent requests, $ok answered, ", scalar @failed, ' failed';

    is(join(' ', grep { ($times{$_}{POST} // 0) > 1 } sort keys %times), '',
       "$title: no create is sent twice");
    cmp_ok(scalar keys %times, '>=', $ok, "$title: all are recorded");

    return @failed;
}

# the gateway of each project, by what it is asked

sub homes {
    ask('GET', "/v3/$_/snapshots/detail") for @projects;
    return map { $_->{project} => $_->{at} }
               logged(scalar @projects, operation => 'evs_v3_detail');
}

logged(0);
my %before = homes();

is_deeply(\%before, \%home, 'all are where they were');

my %meanwhile;

my @failed = under_load('drained', sub {
    $one->write('drain/stop', '');
    ok($h->until_state('g1', qr/^NOLB/), 'a file drains a gateway');

    # What is under way may still be logged, so it is to end within seconds.
    # The checks of health, which are 404s now, are of no project.

    my ($lines, $quiet) = (0, 0);

    for (my $until = time + 10; time < $until && $quiet < 10; sleep 0.1) {
        my $now = grep { !/"project": ""/ } $one->lines('access.log');
        $quiet = $now == $lines ? $quiet + 1 : 0;
        $lines = $now;
    }

    is($quiet, 10, 'nothing comes there');

    $one->signal('QUIT');
    waitpid delete $one->{pid}, 0;
    ok($h->until_state('g1', qr/^DOWN/), 'then it is stopped');

    $one->start;
    sleep 1.2;
    my %now = $h->states;
    is($now{'reads/g1'}, 'DOWN', 'and started, it waits');
    unlink "$one->{dir}/drain/stop";
    ok($h->until_state('g1', qr/^UP$/), 'without the file it serves again');
});

is(scalar @failed, 0, 'drained: no request fails, creates neither')
    or diag explain \@failed;

# all processes of the second one, at once; one that still ends has its port

sub killed {
    my @pids = ($two->{pid}, split ' ', qx(ps -o pid= --ppid $two->{pid}));

    kill 'KILL', @pids;
    waitpid delete $two->{pid}, 0;

    for (1 .. 500) {
        last if qx(ps -o stat= -p @{[join ',', @pids]}) !~ /^[^Z]/m;
        sleep 0.02;
    }
}

my $kills = 2;

@failed = under_load('killed', sub {
    for (1 .. $kills) {
        killed();
        ok($h->until_state('g2', qr/^DOWN/), 'a killed gateway is noticed');
        sleep 0.2;
        $two->start;
        ok($h->until_state('g2', qr/^UP$/), 'so is one that comes back');
        sleep 0.2;
    }
});

cmp_ok(scalar @failed, '<=', 4 * $kills,
       'killed: no more requests fail than were in hand');

my @lost = grep { my ($n) = $_->[0] =~ /-(\d+)$/; $n % 2 == 0 } @failed;
is(scalar @lost, 0, 'killed: no list fails') or diag explain \@lost;

my @unclear = grep {
    my ($r) = Gateway::responses($_->[1]);
    my $o = eval { $decoder->decode($r->{body}) } // {};

    join(' ', $r->{status} // '', map { ($_, $o->{$_}{code}) } keys %$o)
        !~ /^(?:502 error 502|503 serviceUnavailable EVS\.5503)$/
} @failed;
is(scalar @unclear, 0, 'killed: a create that fails is told so in the format')
    or diag explain \@unclear;

# where the projects are meanwhile and after

killed();
ok($h->until_state('g2', qr/^DOWN/), 'it is killed once more');
%meanwhile = homes();
is(join(' ', grep { $home{$_} == 0 && $meanwhile{$_} != 0 } @projects), '',
   'the other keeps its projects');
is(join(' ', grep { $meanwhile{$_} != 0 } @projects), '', 'and has these, too');
$two->start;
ok($h->until_state('g2', qr/^UP$/), 'it is back');
is_deeply({ homes() }, \%home, 'and so are its projects');


# in the hand of a gateway that is killed, on a connection that had a request
# before: a list is sent again, a create is told to have failed

# requests that wait for the API, which is stopped

sub waiting {
    open my $tcp, '<', '/proc/net/tcp' or die "tcp: $!\n";

    my $port = sprintf '%04X', $one->{upstream_port};

    return grep { /^ *\d+: \w+:$port \w+:\w+ 01 \w+:(?!0{8})/ } <$tcp>;
}

kill 'STOP', $one->{upstream}{pid};

my ($hers) = grep { $home{$_} == 1 } @projects;

for my $method (qw(GET POST)) {
    $one->received;

    my $s = $one->connect($h->{port});
    my $body = $method eq 'POST' ? $good : '';
    my $answer = '';

    syswrite $s, Gateway::head('GET', "/v3/$hers/snapshots?limit=0", []);
    IO::Select->new($s)->can_read(10);
    sysread $s, $answer, 4096;
    like($answer, qr/EVS\.5400/, 'a first request');

    syswrite $s, Gateway::head($method, "/v3/$hers/snapshots", [$json,
        ['Content-Length', length $body], ['X-Id', 'held']]) . $body;

    for (1 .. 500) {
        last if waiting();
        sleep 0.02;
    }

    killed();

    if ($method eq 'GET') {
        sleep 0.3;
        kill 'CONT', $one->{upstream}{pid};
    }

    IO::Select->new($s)->can_read(15);
    $answer = '';
    sysread $s, $answer, 4096;
    like($answer, $method eq 'GET' ? qr/^HTTP\/1\.1 200 /
         : qr/^HTTP\/1\.1 502 .*"code": "502"/s, "then a $method");
    kill 'CONT', $one->{upstream}{pid};

    my $held = 0;

    for (1 .. 100) {
        $held += grep { $_->{head} =~ /^X-Id: held/mi } $one->received;
        last if !waiting() && $held;
        sleep 0.05;
    }

    sleep 0.3;
    $held += grep { $_->{head} =~ /^X-Id: held/mi } $one->received;
    is($held, $method eq 'GET' ? 2 : 1,
       'sent ' . ($method eq 'GET' ? 'to both' : 'once'));

    $two->start;
    ok($h->until_state('g2', qr/^UP$/), 'it is back');
    kill 'STOP', $one->{upstream}{pid};
}

kill 'CONT', $one->{upstream}{pid};


# nobody is left

for my $g (@gateways) {
    $g->signal('QUIT');
    waitpid delete $g->{pid}, 0;
}

for my $method (qw(GET POST)) {
    my $r = ask($method, $path, [], $method eq 'POST' ? $good : undef);
    is("$r->{status} $r->{body}", '503 {"serviceUnavailable": {"message": '
       . '"no gateway is available, try again later", "code": "EVS.5503"}}',
       "a $method without a gateway is told so in the format");
    is($r->{headers}{'retry-after'}[0], 1, 'and to try again');

    my ($id, @more) = @{ $r->{headers}{'x-openstack-request-id'} // [] };
    is(scalar @more, 0, 'it has one id');
    like($id, qr/^req-[0-9a-f-]{36}$/, 'of its own');
    my $line = qr/ 503 .* \Q$id\E$/m;
    like($h->log($line), $line, 'that HAProxy has logged');
}

$_->start for @gateways;

like($h->ask('show info'), qr/^Pid: $h->{pid}$/m, 'HAProxy is still the same');
$h->stop;

$_->finish for @gateways;

done_testing;
