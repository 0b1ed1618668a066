# conf/production.conf does what it promises: over TLS, with HTTP/1.1 and
# HTTP/2, a token comes first, then the contract, then one API server, once.

use strict;
use warnings;

use File::Temp ();
use HTTP::Tiny;
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;
use Servers;

my $json = JSON::PP->new->utf8;
my $dir = File::Temp->newdir(TMPDIR => 1);

sub at_api { return (got('api1'), got('api2')) }

sub api {
    my ($head) = @_;

    my ($test) = $head =~ /^X-Test: (\w+)/mi;

    return if ($test // '') eq 'break';
    return answer(503, '{"own": "body"}', 'Retry-After: 77',
                  'Content-Type: application/json') if ($test // '') eq 'busy';
    return answer(202, '{"snapshot": {}}', 'Content-Type: application/json');
}

sub token {
    my ($head) = @_;

    my ($token) = $head =~ /^X-Auth-Token: (\w+)/mi;

    return answer(200, '') if ($token // '') eq 'good';
    return answer(403, '') if ($token // '') eq 'foreign';
    return answer(401, '', "WWW-Authenticate: Keystone uri='here'");
}

my %port = map { $_ => Gateway::free_port() } qw(api1 api2 token);

server('api1', $port{api1}, \&api);
server('api2', $port{api2}, \&api);
server('token', $port{token}, \&token);

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
       . " -keyout $dir/gateway.key -out $dir/gateway.crt 2>$dir/openssl.log")
    == 0 or die "openssl failed\n";


# the file itself, but for where things are

my $text = do {
    open my $fh, '<', 'conf/production.conf' or die "production.conf: $!\n";
    local $/;
    <$fh>;
};

my $here = POSIX::getcwd();
my $user = $> == 0 ? "user root;\n" : '';

for ($text) {
    s/modules\/ngx_http_snapshot_module\.so/%%MODULE%%/ or die 'module';
    s/worker_processes auto/worker_processes 1/ or die 'workers';
    s/(_\w+) tls\//$1 $dir\//g == 2 or die 'tls';
    s/include ((?:status|request_id)\.conf);/Gateway::shipped($1)/ge == 2
        or die 'included';
    s/include snapshot_errors/include $here\/conf\/snapshot_errors/
        or die 'include';
    s/127\.0\.0\.1:8443/127.0.0.1:%%PORT%%/ or die 'port';
    s/127\.0\.0\.1:8081/127.0.0.1:$port{api1}/ or die 'api1';
    s/127\.0\.0\.1:8082/127.0.0.1:$port{api2}/ or die 'api2';
    s/127\.0\.0\.1:8083/127.0.0.1:$port{token}/ or die 'token';
    s/ (?:logs|temp)\// /g == 7 or die 'paths';
}

$text = "daemon off;\n$user$text";

my $g = Gateway->new(all => $text);

my ($ok, $said) = $g->test_conf(all => $text =~ s/nginx\.pid/test.pid/r);
ok($ok, 'nginx takes the configuration');
unlike($said, qr/\[warn\]/, 'and warns of nothing in it');


my $requests = 0;

# the last entries of the access log, where all requests were such

sub logged {
    my ($n) = @_;

    my @lines;

    for (1 .. 250) {
        @lines = $g->lines('access.log');
        last if @lines >= $requests;
        sleep 0.02;
    }

    return map { $json->decode($_) } grep { defined } @lines[-$n .. -1];
}

# a request by curl, with a good token unless "token" is another

# the ids of each response, one by one

my @ids;

sub request {
    my ($method, $target, $body, %opt) = @_;

    my $token = exists $opt{token} ? $opt{token} : 'good';
    my @body;

    if (defined $body) {
        open my $fh, '>:raw', "$dir/body" or die;
        print $fh $body;
        close $fh;
        @body = ('-H', 'Content-Type: application/json',
                 '--data-binary', "\@$dir/body");
    }

    unlink "$dir/out", "$dir/head";
    $requests++;

    my @cmd = ('curl', '-s', '-q', '--noproxy', '*', '--max-time', 5,
        '--cacert', "$dir/gateway.crt", $method eq 'HEAD' ? '-I'
                                                          : ('-X', $method),
        $opt{http} // '--http1.1', @body, '-o', "$dir/out", '-D', "$dir/head",
        defined $token ? ('-H', "X-Auth-Token: $token") : (),
        (map { ('-H', $_) } @{ $opt{headers} // [] }),
        '-w', '%{http_code} %{http_version}',
        "https://127.0.0.1:$g->{port}$target");

    open my $out, '-|', @cmd or die "curl: $!\n";
    my ($status, $version) = split ' ', <$out> // '0 0';
    close $out;

    my %r = (status => $status, version => $version);

    for my $name (qw(out head)) {
        open my $fh, '<:raw', "$dir/$name" or next;
        local $/;
        $r{$name} = <$fh>;
    }

    push @ids, [($r{head} // '') =~ /^X-Openstack-Request-Id: (\S+)\r$/mig];

    my ($fault, $error) = Gateway::fault(eval { $json->decode($r{out}) });

    $r{said} = join ' ', $status, $fault, $error->{code} // '-'
        if $error && ($error->{message} // '') ne '' && keys %$error == 2;

    return \%r;
}

my $path = '/v3/' . PROJECT . '/snapshots';
my $one = "$path/" . SNAPSHOT;
my $good = create_body(name => "caf\x{c3}\x{a9}") . "  \n";
my $bad = create_body(name => 'x' x 256);


# what is judged and what is not, in both versions of HTTP

for my $http ('--http1.1', '--http2') {
    my $v = $http eq '--http2' ? 'HTTP/2' : 'HTTP/1.1';
    my @v = (http => $http);

    my $r = request('POST', $path, $good, @v);
    my @api = at_api();
    my @token = got('token');

    is("$r->{status} $r->{out}", '202 {"snapshot": {}}',
       "$v: a good create with a token is answered by the API");
    is($r->{version}, $http eq '--http2' ? 2 : 1.1, "$v: it is $v indeed");
    is(scalar @api, 1, "$v: it arrives once");
    ok(($api[0]{body} // '') eq $good, "$v: its body is that of the client");
    like($api[0]{head}, qr/^POST \Q$path\E HTTP\/1\.1\r\n/,
         "$v: so is its path");
    like($api[0]{head}, qr/^Host: 127\.0\.0\.1:$g->{port}\r\n/m,
         "$v: so is its Host");
    like($api[0]{head}, qr/^X-Forwarded-For: 127\.0\.0\.1\r\n/m,
         "$v: the API learns the client's address");
    like($api[0]{head}, qr/^X-Forwarded-Proto: https\r\n/m,
         "$v: and that it came by TLS");
    like($api[0]{head}, qr/^X-Auth-Token: good\r\n/mi,
         "$v: and gets the token");
    unlike($api[0]{head}, qr/^Connection:/mi, "$v: its connection is kept");

    is(scalar @token, 1, "$v: the token service is asked once");
    like($token[0]{head}, qr/^GET \/token HTTP.*^X-Auth-Token: good\r\n/ms,
         "$v: about the token");
    unlike($token[0]{head} . $token[0]{body}, qr/^Content-|^User-|snapshot/mi,
           "$v: and is sent neither body nor other headers");

    $r = request('POST', $path, $bad, @v);
    is($r->{said}, '400 badRequest EVS.5400', "$v: a bad create is refused");
    like($r->{out}, qr/snapshot\.name: 256 bytes/,
         "$v: with its own message, although there are error pages");
    is(scalar(my @no = at_api()), 0, "$v: it does not arrive");
    is(scalar(@no = got('token')), 1, "$v: no error page asks for a token");

    $r = request('GET', "$path?limit=2000", undef, @v);
    is($r->{said}, '400 badRequest EVS.2142', "$v: a bad query is refused");

    $r = request('POST', $path, '{}', @v,
                 headers => ['Content-Type: text/plain']);
    is($r->{said}, '415 badMediaType 415',
       "$v: a 415 of the gateway is its own");
    like($r->{out}, qr/header Content-Type/, "$v: with its message");

    for my $body ($good, $bad) {
        my $kind = $body eq $good ? 'good' : 'bad';

        $r = request('POST', $path, $body, @v, token => undef);
        is($r->{said}, '401 unauthorized EVS.5401',
           "$v: without a token a $kind create is unauthorized");
        like($r->{head}, qr/^www-authenticate: Keystone uri='here'\r\n/mi,
             "$v: the token service's WWW-Authenticate is handed on");
    }

    is(request('POST', $path, $bad, @v, token => 'foreign')->{said},
       '403 forbidden EVS.5403', "$v: a token may be forbidden");
    is(scalar(@no = at_api()), 0, "$v: nothing of this arrives");
    is(join(' ', map { "$_->{status} $_->{verdict}" } logged(3)),
       '401 - 401 - 403 -', "$v: nothing of this is judged");

    $r = request('POST', $path, create_body(name => 'autobk_snapshot_1'), @v);
    like($r->{head}, qr/^x-snapshot-warning: name-reserved;at="\/snap/mi,
         "$v: a warning is handed out");

    at_api();
    $r = request('GET', "$path/detail?limit=5", undef, @v,
                 headers => ['X-Forwarded-For: 8.8.8.8', 'Forwarded: for=_x',
                             'X-Forwarded-Host: evil', 'X-Forwarded-Prefix: /e',
                             'X-Forwarded-Proto: ftp']);
    is($r->{status}, 202, "$v: a good query arrives");
    unlike((at_api())[0]{head},
           qr/8\.8\.8\.8|^Forwarded:|^X-Forwarded-(?:Host|Prefix):|ftp/mi,
           "$v: without what a client says of its address and of ours");

    $r = request('GET', $path, undef, @v, headers => ['X-Test: busy']);
    is("$r->{status} $r->{out}", '503 {"own": "body"}',
       "$v: what the API answered stays as it is");
    like($r->{head}, qr/^retry-after: 77\r\n/mi, "$v: its headers as well");

    $r = request('HEAD', "$path?limit=2000", undef, @v);
    is("$r->{status} " . ($r->{head} =~ /^content-length: [1-9]/mi ? 1 : 0),
       '400 1', "$v: a HEAD is refused with the headers alone");

    at_api();
    got('token');
}

is(request('POST', '/v1.0/' . PROJECT . '/snapshots', $good,
           token => undef)->{said}, '401 unauthorized 401',
   'a code of DWS is the status');

my $version = request('GET', '/none', undef, token => undef)->{head};
unlike($version, qr/^server: .*\d/mi, 'no version of nginx is told');


# TLS

for my $case (['--tlsv1.2 --tls-max 1.2', 0], ['--tlsv1.3', 0],
              ['--tlsv1.0 --tls-max 1.1 --ciphers DEFAULT:\@SECLEVEL=0', 35]) {
    my ($option, $code) = @$case;

    system("curl -s -q --noproxy '*' --max-time 5 -o /dev/null $option"
           . " --cacert $dir/gateway.crt https://127.0.0.1:$g->{port}/");
    is($? >> 8, $code, 'TLS with ' . $option =~ s/ --ciphers.*//r
       . ($code ? ' is refused' : ' is spoken'));
}

my ($plain) = $g->exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
is("$plain->{status} " . ($json->decode($plain->{body})->{badRequest}{code}
                          // ''), '400 400',
   'plain HTTP at the port of TLS is answered in the format');


# bodies in memory

at_api();
my $full = create_body() . ' ' x (114688 - length create_body());

for my $http ('--http1.1', '--http2') {
    my $r = request('POST', $path, $full, http => $http);
    is($r->{status}, 202, "a body of 112k is accepted with $http");
    ok(((at_api())[0]{body} // '') eq $full, 'and arrives as it is');

    $r = request('POST', $path, "$full ", http => $http);
    is($r->{said}, '413 overLimit 413', 'one byte more is too much');
    like($r->{out}, qr/114688/, 'which the gateway says, not nginx');
}

unlike($g->read('error.log'), qr/buffered to a temporary file/,
       'all bodies stay in memory');


# connections to the API are kept

request('GET', $path) for 1 .. 4;
my %used;
$used{$_->{id}}++ for got('api1');
ok((grep { $_ > 1 } values %used), 'a connection to the API is used again');
at_api();


# Nothing is sent twice but what only reads.  A new start knows of no failures
# that an earlier case has caused.

for my $case (['POST', $path, $good, 1], ['PUT', $one,
              '{"snapshot": {"name": "a"}}', 1], ['DELETE', $one, undef, 1],
              ['PUT', '/v3/p/volumes/1', '{}', 1],
              ['PATCH', '/v3/p/volumes/1', '{}', 1], ['GET', $path, undef, 2],
              ['HEAD', $path, undef, 2]) {
    my ($method, $target, $body, $times) = @$case;

    $g->reload(all => $text);

    my $r = request($method, $target, $body, headers => ['X-Test: break']);
    is($r->{status}, 502, "$method to servers that break off is a 502");
    is($r->{said} // '', $method eq 'HEAD' ? '' : '502 error 502',
       'in the format');
    is(scalar(my @sent = at_api()), $times,
       "$method is sent " . ($times == 1 ? 'once' : 'to both'));
}


# one API server is dead

$g->reload(all => $text);
stop('api1');

for my $case (['GET', $path], ['POST', $path, $good]) {
    my ($method, $target, $body) = @$case;

    for my $http ('--http1.1', '--http2') {
        is(join(' ', map { request($method, $target, $body, http => $http)
                           ->{status} } 1 .. 4), '202 202 202 202',
           "one server is dead: every $method is answered with $http");

        my @sent = got('api2');
        is(scalar @sent, 4, 'by the other one, once');
        is(scalar(grep { $_->{body} eq ($body // '') } @sent), 4,
           'with its body');
    }
}

# both are

stop('api2');

for my $case (['GET', $path], ['POST', $path, $good],
              ['PUT', $one, '{"snapshot": {"name": "a"}}']) {
    my ($method, $target, $body) = @$case;

    for my $http ('--http1.1', '--http2') {
        is(request($method, $target, $body, http => $http)->{said},
           '502 error 502', "both are dead: $method is a 502 with $http");
    }
}

is(request('POST', $path, $bad)->{said}, '400 badRequest EVS.5400',
   'what is bad is refused all the same');

# and so is the token service

stop('token');

for my $http ('--http1.1', '--http2') {
    for my $body ($good, $bad) {
        is(request('POST', $path, $body, http => $http)->{said},
           '500 error EVS.5500', "no token service: a 500 with $http");
    }
}

is(scalar(my @logged = logged($requests)), $requests,
   'each line of the access log is JSON');

is(scalar(grep { @$_ != 1 || $_->[0] !~ /^req-[0-9a-f]{32}$/ } @ids), 0,
   'each response has an id');

my %logged = map { $json->decode($_)->{request_id} => 1 }
             $g->lines('access.log');

is(join(' ', grep { !$logged{$_} } map { @$_ } @ids), '',
   'which is in the access log');

my (%verdicts, %counted);

$verdicts{$_->{verdict}}++ for grep { $_->{verdict} ne '-' }
                               map { $json->decode($_) } $g->lines('access.log');

my $status = HTTP::Tiny->new->get(
    "http://127.0.0.1:$g->{ports}{status}/status.json")->{content};

for my $operation (values %{ $json->decode($status)->{operations} }) {
    $counted{$_} += $operation->{requests}{$_}
        for grep { $operation->{requests}{$_} } keys %{ $operation->{requests} };
}

is_deeply(\%counted, \%verdicts, 'the counters are those of the log');

unlike($g->read('access.log'), qr/good|foreign/, 'it has no token');

$g->finish;

done_testing;
