# conf/tenants.conf tells whose a request is by its token: a stranger takes
# nothing of a tenant's budget, nor does another tenant, whatever stands in their
# paths, and a tenant has one budget, whatever stands in its own.

use strict;
use warnings;

use File::Find ();
use File::Temp ();
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;
use Servers;

my $json = JSON::PP->new->utf8;
my $dir = File::Temp->newdir(TMPDIR => 1);
my $good = create_body();
my $bad = create_body(name => 'n' x 300);

# The token "good-PROJECT-NUMBER" is one of the project, unless it was revoked.

sub token {
    my ($head) = @_;

    my ($token) = $head =~ /^X-Auth-Token: (.*?)\r$/mi;

    $token //= '';

    return answer(200, '', "X-Project-Id: $1", 'X-User-Id: u', 'X-Roles: r')
        if $token =~ /^good-(\w+)-\d+$/ && !-e "$dir/revoked-$token";
    return answer(403, '') if $token eq 'of-no-project';
    return answer(200, '') if $token eq 'nameless';
    return answer(401, '', "WWW-Authenticate: Keystone uri='here'");
}

sub api {
    return answer(200, '{"own": "body"}', 'Content-Type: application/json');
}

my %port = map { $_ => Gateway::free_port() } qw(api token asked tls);

server('api', $port{api}, \&api);
server('token', $port{token}, \&token);

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
       . " -keyout $dir/gateway.key -out $dir/gateway.crt 2>$dir/openssl.log")
    == 0 or die "openssl failed\n";

# the file itself, but for where things are, and with a port without TLS

my $shipped = Gateway::shipped('tenants.conf', 8081 => $port{api},
                               8083 => $port{token}, 8084 => $port{asked},
                               8443 => $port{tls});

for ($shipped) {
    s/(_\w+) tls\//$1 $dir\//g == 2 or die 'tls';
    s/\n(\s+listen 127\.0\.0\.1:$port{tls} )/\n listen 127.0.0.1:%%PORT%%;\n$1/
        or die 'listen';
    s/d6c277ba8820452e83df36f33c9fa561/relaxed/ or die 'monitored';
    s/^/user root;\n/ if $> == 0;
}

# the same with other values

sub with {
    my (%change) = @_;

    my $text = $shipped;

    for my $from (sort keys %change) {
        $text =~ s/\Q$from\E/$change{$from}/g or die "no $from\n";
    }

    return $text;
}

# rates so slow that nothing comes back in a test

my %slow = ('zone=writes:10m rate=2r/s' => 'zone=writes:10m rate=1r/m',
            'zone=reads:10m rate=20r/s' => 'zone=reads:10m rate=1r/m',
            'zone=strangers:10m rate=5r/s' => 'zone=strangers:10m rate=1r/m',
            'worker_processes 1' => 'worker_processes 2');

my $g = Gateway->new(all => with(%slow));

my ($ok, $said) = $g->test_conf(all => $shipped =~ s/nginx\.pid/test.pid/r);
ok($ok, 'nginx takes the configuration') or diag $said;
unlike($said, qr/\[warn\]/, 'and warns of nothing in it');

# one request, from one of the addresses of loopback

my $from = '127.0.0.1';
my $requests = 0;

sub ask {
    my ($token, $method, $target, $body, @headers) = @_;

    push @headers, ['X-Auth-Token', $token] if defined $token;
    push @headers, ['Content-Type', 'application/json'] if defined $body;

    my $r = $g->request($method, $target, \@headers, $body, from => $from);

    $requests++;
    $r->{said} = join ' ', $r->{status}, $r->{fault} // '-',
                           $r->{error}{code} // '-';

    return $r;
}

sub create { return ask($_[0], 'POST', "/v3/$_[1]/snapshots", $_[2] // $good) }

# the number of each status of so many requests, as "200: 6, 429: 54"

sub statuses {
    my ($n, $request) = @_;

    my %n;

    $n{ $request->($_)->{status} }++ for 1 .. $n;

    return join ', ', map { "$_: $n{$_}" } sort keys %n;
}

sub asked { my @all = got('token'); return scalar @all }
sub arrived { my @all = got('api'); return scalar @all }


# who comes in

my $r = create(undef, 'a');
is($r->{said}, '401 unauthorized EVS.5401',
   'without a token a request is unauthorized');
is($r->{headers}{'www-authenticate'}[0], "Keystone uri='here'",
   'and is told where to get one');
like($r->{headers}{'x-openstack-request-id'}[0], qr/^req-\w+$/, 'with an id');
create(undef, "b$_") for 1 .. 9;
is(asked(), 1, 'the token service is asked once for all who have none');
is(create('unknown', 'a')->{said}, '401 unauthorized EVS.5401',
   'a token that nobody knows is as good as none');
is(create('of-no-project', 'a')->{said}, '403 forbidden EVS.5403',
   'a token of no project is forbidden');
is(create('nameless', 'a')->{said}, '403 forbidden EVS.5403',
   'and so is one of which the token service says no project');
is(arrived(), 0, 'nothing of this reaches the API');
is(ask(undef, 'GET', '/')->{status}, 200,
   'who asks for versions needs no token');
got($_) for qw(api token);

is(create('good-a-1', 'a')->{body}, '{"own": "body"}',
   'a good token lets a request in');

my ($api) = got('api');
my ($service) = got('token');

is($api->{body}, $good, 'the API gets the body');
is(join(' ', $api->{head} =~ /^X-\w+-Token: (\S+)/mig), 'good-a-1',
   'and the token');
like($service->{head}, qr/^GET \/token HTTP.*^X-Auth-Token: good-a-1\r\n/ms,
     'the token service was asked about it');
unlike($service->{head} . $service->{body}, qr/^Content-|^User-|snapshot/mi,
       'and was sent neither body nor other headers');

ask('good-a-1', 'GET', '/v3/a/snapshots') for 1 .. 5;
is(asked(), 0, 'it is not asked about it again');
got('api');

# nginx takes the first of two, or both as one

ask('good-a-1', 'GET', '/v3/a/snapshots', undef, ['X-Auth-Token', 'good-b-1'],
    ['X-Storage-Token', 'good-b-2']);

my @at_service = map { $_->{head} =~ /^X-Auth-Token: (.*?)\r$/mi } got('token');
my @at_api = map { $_->{head} =~ /^X-\w+-Token: (.*?)\r$/mig } got('api');

is(scalar(grep { $_ ne $at_service[0] } @at_api), 0,
   'of several tokens the API gets the one that the service was asked about');

is(create('good-relaxed-1', 'relaxed', $bad)->{status}, 200,
   'a tenant may be monitored');
is(create('good-a-1', 'relaxed', $bad)->{said}, '400 badRequest EVS.5400',
   'which nobody else is who writes its id into a path');


for my $http (qw(--http1.1 --http2)) {
    my $out = qx(curl -s -q --noproxy '*' --cacert $dir/gateway.crt $http \\
        -H 'X-Auth-Token: good-a-1' https://127.0.0.1:$port{tls}/v3/a/snapshots);

    $requests++;
    is($out, '{"own": "body"}', "it is the same by TLS, $http");
}


# A budget is 6 writes and 41 reads at once; that of an address 21 tokens that
# the cache does not know.

$from = '127.0.0.2';
got($_) for qw(api token);

like(statuses(60, sub { create("lost-$_[0]", 'victim') }),
     qr/^401: 21, 429: 39$/, 'a stranger who tries 60 tokens is told so');
is(asked(), 21, 'and the token service is asked as often as the budget says');
is(arrived(), 0, 'but not the API');

$r = create('lost', 'victim');
is($r->{said}, '429 overLimit 429', 'it is the documented error');
like($r->{headers}{'retry-after'}[0], qr/^[1-9]\d*$/, 'with Retry-After');
is($r->{headers}{'ratelimit-policy'}, undef, 'and tells of no tenant\'s budget');

$from = '127.0.0.3';
is(statuses(60, sub { create('wrong', 'victim') }), '401: 60',
   'one who tries the same token 60 times gets 60 times the same answer');
is(asked(), 1, 'and the token service is asked once');

$from = '127.0.0.4';
is(statuses(60, sub { create('good-victim-1', 'victim') }), '200: 6, 429: 54',
   'the budget of the victim is whole, and exact');
is(arrived(), 6, 'so often it reaches the API');

$from = '127.0.0.2';
is(ask('good-victim-1', 'GET', '/v3/victim/snapshots')->{status}, 200,
   'whose token is known is let in from where strangers come, too');

$from = '127.0.0.5';
is(statuses(60, sub { ask('good-c-1', 'DELETE', '/v3/snapshots/' . SNAPSHOT) }),
   '200: 6, 429: 54', '60 DELETE without an id in the path get their 429s');
is(statuses(20, sub { ask('good-d-1', 'POST',
                          '/v3/snapshots/' . SNAPSHOT . '/action', '{}') }),
   '200: 6, 429: 14', 'and so do actions');
is(statuses(60, sub { ask('good-c-1', 'GET', '/v3/snapshots') }),
   '200: 41, 429: 19', 'the budget of reads is another one');
is(statuses(20, sub { create('good-e-1', "f$_[0]") }), '200: 6, 429: 14',
   'no other path is another budget');
is(statuses(20, sub { create('good-e-1', 'f') }), '429: 20',
   'nor is that of another tenant');
is(statuses(6, sub { create('good-f-1', 'f') }), '200: 6',
   'which it has taken nothing of');
is(statuses(20, sub { create('good-g-' . $_[0] % 2, 'g') }), '200: 6, 429: 14',
   'two tokens of a tenant have one budget');
is(statuses(20, sub { create('good-h-1', 'h', $bad) }), '400: 6, 429: 14',
   'a refused request is one of it');
is(statuses(60, sub { ask('good-e-1', 'DELETE', '/v3/e/volumes/x') }),
   '200: 60', 'what is out of scope has no limit');

$r = create('good-e-1', 'e');
is($r->{said}, '429 overLimit 429', 'over a budget it is the documented error');
is($r->{headers}{'ratelimit-policy'}[0], '"writes";q=2;w=1',
   'which tells the policy');
is(create('good-i-1', 'i')->{headers}{'ratelimit-policy'}[0],
   '"writes";q=2;w=1', 'as what is within a budget does');
is(ask('good-i-1', 'GET', '/v3/i/snapshots')
       ->{headers}{'ratelimit-policy'}[0], '"reads";q=20;w=1',
   'and what reads tells that of reads');


# who would break, and the log

create("good-row$_-1", '', $bad) for 1 .. 3;
ask("good-row$_-1", 'POST', '/v3/snapshots', $bad) for 1 .. 3;

my $status = sub {
    my ($s) = $g->exchange(Gateway::head('GET', '/status.json',
        [['Connection', 'close']]), port => $g->{ports}{status});
    return $json->decode($s->{body});
};

my %row = map { $_->{project} => 1 } @{ $status->()->{projects}{rows} };
is(join(' ', grep { /^row/ } sort keys %row), 'row1 row2 row3',
   'three tokens are three rows, though their paths name no project');
is(join(' ', grep { /^(?:|victim|f\d+)$/ } sort keys %row), '',
   'and no path makes a row');

my @lines;

for (1 .. 250) {
    @lines = $g->lines('access.log');
    last if @lines >= $requests;
    sleep 0.02;
}

is(scalar @lines, $requests, 'each request is logged');

my @log = map { $json->decode($_) } @lines;
my ($over) = grep { $_->{limit_req} eq 'REJECTED' } @log;
is("$over->{tenant} $over->{status}", 'victim 429',
   'one over its budget with its tenant');

my %by = map { $_->{token} => $_->{tenant} } grep { $_->{tenant} eq 'g' } @log;
is(scalar keys %by, 2, 'and two tokens of a tenant have two ids');
is(scalar(grep { $_->{token} !~ /^(?:[0-9a-f]{40})?$/ } @log), 0,
   'which is all that the log tells of tokens');


# a revoked token, and a service that is down

$g->reload(all => with(%slow, '200 1m' => '200 2s'));

$from = '127.0.0.6';
is(create('good-old-1', 'old')->{status}, 200, 'a token is good');
open my $fh, '>', "$dir/revoked-good-old-1" or die "revoked: $!\n";
close $fh;

my $until = time + 10;
my $out;
sleep 0.2 until ($out = create('good-old-1', 'old')->{status}) == 401
                || time > $until;
is($out, 401, 'after the time to live a revoked one is not');

create('good-j-1', 'j');
stop('token');
is(create('good-j-1', 'j')->{status}, 200,
   'a token that is known needs no service');
$r = create('good-k-1', 'k');
is($r->{said}, '503 serviceUnavailable EVS.5503', 'any other one does');
like($r->{headers}{'retry-after'}[0], qr/^[1-9]\d*$/,
     'and the client may try again');


# no file has a token

my %found;

File::Find::find({ no_chdir => 1, wanted => sub {
    return if !-f;
    open my $file, '<:raw', $_ or return;
    local $/;
    my $text = <$file> // '';
    $found{cache}++ if /\/tokens\// && $text =~ /X-Project-Id/;
    $found{$_}++ if $text =~ /good-\w+-\d|lost-\d|wrong/;
} }, "$g->{dir}");

cmp_ok(delete $found{cache} // 0, '>', 0, 'the cache keeps answers in files');
is(join(' ', sort keys %found), '', 'but no token is in a file or a log');

$g->finish;


# a client that obeys Retry-After or the policy gets no second 429

my %rate = ('zone=writes:10m rate=2r/s' => 'zone=writes:10m rate=30r/m',
            '        default 1;' => '        default 2;',
            '"writes";q=2;w=1' => '"writes";q=2;w=4');

server('token', $port{token}, \&token);
$g = Gateway->new(all => with(%rate));
$from = '127.0.0.7';

statuses(7, sub { $r = create('good-l-1', 'l') });

if ($r->{status} != 429) {
    $r = create('good-l-1', 'l') for 1 .. 3;
}

is($r->{status}, 429, 'a client is over its budget');
is($r->{headers}{'retry-after'}[0], 2, 'and is told to wait 2 seconds');

for (1 .. 2) {
    sleep $r->{headers}{'retry-after'}[0];
    is(create('good-l-1', 'l')->{status}, 200, 'it waits, and gets no 429');
}

$g->finish;


# each file's Retry-After and policy are those of its rates

for my $file (qw(tenants.conf rate-limited.conf replica.conf)) {
    my $text = Gateway::shipped($file);
    my %rates = $text =~ /zone=(writes|reads):\S+ rate=(\S+);/g;
    my %burst = $text =~ /limit_req zone=(writes|reads) burst=(\d+)/g;
    my ($map) = $text =~ /map \$writes \$retry_after \{(.*?)\}/s;
    my %after = (writes => $map =~ /default\s+(\d+);/,
                 reads => $map =~ /""\s+(\d+);/);

    for my $kind (qw(reads writes)) {
        my ($n, $unit) = $rates{$kind} =~ /^(\d+)r\/([sm])$/;
        my $rate = $n / ($unit eq 's' ? 1 : 60);
        my ($q, $w) = $text =~ /"$kind";q=(\d+);w=(\d+)/;

        cmp_ok($after{$kind}, '>=', 1 / $rate,
               "$file: after Retry-After there is room for one of $kind");
        cmp_ok($after{$kind}, '<', 1 / $rate + 1, "$file: and not much later");
        cmp_ok($q / $w, '<=', $rate, "$file: who keeps to the policy of $kind");
        cmp_ok($q, '<=', $burst{$kind} + 1, "$file: is never over the budget");
    }
}

done_testing;
