# Every error that nginx itself makes comes in the documented format, with the
# status that it would have had; what others have answered stays as it is.

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Test::More;

use Gateway;

my $json = JSON::PP->new->utf8;
my $here = POSIX::getcwd();

my %fault = (
    400 => 'badRequest', 401 => 'unauthorized', 403 => 'forbidden',
    404 => 'itemNotFound', 405 => 'badMethod', 409 => 'conflictingRequest',
    413 => 'overLimit', 415 => 'badMediaType', 429 => 'overLimit',
    501 => 'notImplemented', 503 => 'serviceUnavailable',
);

my %evs = map { $_ => "EVS.5$_" } 401, 403, 404, 500, 503;

# statuses of conf/snapshot_errors.conf, and some that only a location has

my @listed = (400, 401, 403, 404, 405, 411, 413, 414, 415, 429,
              500 .. 504);
my @others = (402, 406, 409, 410, 412, 416, 421, 422, 505, 507);

my $returns = join '', map { "
        location ~ /s$_/ {
            return $_;
        }
" } @listed;

$returns .= join '', map { "
        location ~ /s$_/ {
            error_page $_ /snapshot_error;
            return $_;
        }
" } @others;

# a server that takes connections and never answers

my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => Gateway::free_port(), Listen => 64, ReuseAddr => 1)
    or die "mute: $!\n";
my $mute_port = $mute->sockport;

my $dir = File::Temp->newdir(TMPDIR => 1);

for my $name ('server', 'client', 'stranger') {
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
           . " -nodes -days 2 -subj /CN=$name"
           . " -addext subjectAltName=IP:127.0.0.1 -keyout $dir/$name.key"
           . " -out $dir/$name.crt 2>$dir/openssl.log") == 0
        or die "openssl failed\n";
}

my $g = Gateway->new(http => <<'EOF', server => <<"EOG", servers => <<"EOH");
    client_max_body_size 0;
    limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;
    log_format sent '$status $sent_http_content_type';
EOF
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;
$returns
        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /basic/ {
            auth_basic "the gateway";
            auth_basic_user_file %%DIR%%/users;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /request/ {
            auth_request /auth;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /puzzled/ {
            auth_request /auth-puzzled;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /noauth/ {
            auth_request /auth-dead;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location = /auth {
            internal;
            return 401;
        }

        location = /auth-puzzled {
            internal;
            return 418;
        }

        location = /auth-dead {
            internal;
            proxy_pass http://127.0.0.1:1;
        }

        location ~ /denied/ {
            deny all;
        }

        location ~ /files/ {
            snapshot_gateway off;
            root %%DIR%%;
        }

        location ~ /small/ {
            client_max_body_size 100;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /often/ {
            limit_req zone=one;
            limit_req_status 429;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /busy/ {
            limit_req zone=one;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /dead/ {
            proxy_pass http://127.0.0.1:1;
        }

        location ~ /mute/ {
            proxy_read_timeout 100ms;
            proxy_pass http://127.0.0.1:$mute_port;
        }

        location ~ /intercepted/ {
            proxy_intercept_errors on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location ~ /patient/ {
            error_page 429 502 503 /patient_error;
            error_page 500 =503 /if_error;
            return 503;

            location ~ /patient/often {
                return 429;
            }

            location ~ /patient/if {
                return 500;
            }

            location ~ /patient/dead {
                proxy_pass http://127.0.0.1:1;
            }

            location ~ /patient/intercepted {
                proxy_intercept_errors on;
                proxy_pass http://127.0.0.1:%%UPSTREAM%%;
            }
        }

        location = /patient_error {
            internal;
            snapshot_error retry_after=30;
        }

        location = /if_error {
            internal;
            snapshot_error retry_after=\$http_x_after;
            if (\$http_x_after) {
                set \$in_if yes;
            }
        }

        location ~ /changed/ {
            error_page 502 =429 /snapshot_error;
            proxy_pass http://127.0.0.1:1;
        }

        location ~ /late/ {
            error_page 502 =408 /snapshot_error;
            proxy_pass http://127.0.0.1:1;
        }

        location ~ /slow/ {
            return 408;
        }

        location ~ /direct/ {
            snapshot_error;
        }
EOG
    server {
        listen 127.0.0.1:%%PORT_tls%% ssl;
        ssl_certificate $dir/server.crt;
        ssl_certificate_key $dir/server.key;
        ssl_client_certificate $dir/client.crt;
        ssl_verify_client on;

        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    # a limit that the location of the error page would have as well

    server {
        listen 127.0.0.1:%%PORT_h2%% http2;
        access_log sent.log sent;
        client_max_body_size 100;
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }

    server {
        listen 127.0.0.1:%%PORT_h1%%;
        access_log sent.log sent;
        client_max_body_size 100;
        snapshot_gateway enforce;
        include $here/conf/snapshot_errors.conf;

        location / {
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOH

$g->write('users', "u:{PLAIN}p\n");
mkdir "$g->{dir}/files";
$g->write('files/page', "a page\n");

my $evs = '/v3/' . PROJECT . '/snapshots';
my $dws = '/v1.0/' . PROJECT . '/snapshots';

# a path with a word in it that a location knows

sub with {
    my ($word, $path) = @_;

    return $path =~ s/@{[PROJECT]}/$word/r;
}

# what a response is, in a line

sub told {
    my ($r) = @_;

    my ($fault, $error, $dws) = Gateway::fault(
        eval { $json->decode($r->{body}) });
    my $right = $error && join(',', sort keys %$error) eq 'code,message'
                && $error->{message} =~ /^[\x20-\x7e]+$/;

    return join ' ', $r->{status},
        "@{ $r->{headers}{'content-type'} // ['untyped'] }",
        $right ? ($fault, $error->{code}) : "not in the format: $r->{body}",
        $dws ? 'as DWS' : (),
        $r->{headers}{'retry-after'} ? 'Retry-After' : ();
}

sub error {
    my ($r, $status, $title, %opt) = @_;

    my $code = $opt{dws} ? $status : $evs{$status} // $status;

    is(told($r // { status => 0, headers => {}, body => '' }),
       join(' ', $status, 'application/json', $fault{$status} // 'error',
            $code, $opt{dws} ? 'as DWS' : (),
            $status =~ /^(?:429|503)$/ ? 'Retry-After' : ()), $title);
}

# the final response to bytes as they are

sub raw {
    my ($pieces, %opt) = @_;

    my ($r) = grep { $_->{status} >= 200 }
              $g->exchange($pieces, count => 1, %opt);
    return $r;
}

sub got_nothing {
    my ($title) = @_;

    is(scalar(my @got = $g->received), 0, $title);
}


# each status with each method, for both families

for my $status (@listed, @others) {
    for my $path ($evs, $dws) {
        my @dws = (dws => $path eq $dws);
        my $target = with("s$status", $path);
        my $r = $g->get($target);

        error($r, $status, "$status of GET $target", @dws);

        my $head = $g->request('HEAD', $target);
        is("$head->{status} $head->{headers}{'content-type'}[0]"
           . " $head->{headers}{'content-length'}[0] '$head->{body}'",
           "$status application/json @{[length $r->{body}]} ''",
           "$status of HEAD has the headers alone");
        is(!!$head->{headers}{'retry-after'}, !!($status =~ /^(?:429|503)$/),
           'all of them');

        for my $method ('POST', 'PUT') {
            $r = $g->post(create_body(), method => $method, target => $target);
            error($r, $status, "$status of $method", @dws);
        }

        error($g->request('DELETE', $target), $status, "$status of DELETE",
              @dws);
    }
}

# client_max_body_size of a server, over each version of HTTP; curl sometimes
# does not show what came before it had sent its body, the log knows

$g->write('large', create_body(name => 'n' x 200));

for my $http ('--http1.1', '--http2-prior-knowledge') {
    for my $path ($evs, $dws) {
        for my $length ('', "-H 'Transfer-Encoding: chunked'") {
            my $port = $g->{ports}{$http =~ /2/ ? 'h2' : 'h1'};
            my $title = '413 by ' . substr($http, 2)
                      . ($length ? ' without a length' : '');
            my @before = $g->lines('sent.log');

            my $said = qx(curl -s -m 10 -i $http $length \\
                -H 'Content-Type: application/json' -H 'Expect:' \\
                --data-binary \@$g->{dir}/large \\
                http://127.0.0.1:$port$path 2>&1);

            my ($r) = Gateway::responses($said =~ s/^HTTP\/2 /HTTP\/1.1 /r);

            error($r, 413, $title, dws => $path eq $dws) if $r;

            my @now;

            for (1 .. 500) {
                last if (@now = $g->lines('sent.log')) > @before;
                select undef, undef, undef, 0.02;
            }

            is($now[-1], '413 application/json',
               "$title, as logged");
        }
    }
}

got_nothing('no body over the limit arrives');


# nginx closes the connection for a 408 of its own, whatever the error pages

for my $path ($evs, $dws) {
    my @dws = (dws => $path eq $dws);

    error($g->get(with('late', $path)), 408, '408 of GET', @dws);
    error($g->request('DELETE', with('late', $path)), 408, '408 of DELETE',
          @dws);
    is($g->get(with('slow', $path))->{status}, 0, 'a 408 that nobody gets');
}

error($g->get('/s500/elsewhere'), 500, 'other paths have the codes of EVS');
got_nothing('no error asks the upstream');


# what is no request is a 400 before there is a location

my $host = "Host: localhost\r\nConnection: close\r\n";
my $much = join '', map { "X-$_: " . 'x' x 7000 . "\r\n" } 1 .. 6;

for my $case (
    ['a malformed request line', "GET / HTTP/x\r\n$host\r\n"],
    ['a method that is none', "g\x01t / HTTP/1.1\r\n$host\r\n"],
    ['a path that is none', "GET nowhere HTTP/1.1\r\n$host\r\n"],
    ['a broken percent-escape', "GET $evs/%zz HTTP/1.1\r\n$host\r\n"],
    ['a path out of the root', "GET /.. HTTP/1.1\r\n$host\r\n"],
    ['a malformed header', "GET $evs HTTP/1.1\r\n${host}a b: c\r\n\r\n"],
    ['a malformed header of a POST',
     "POST $evs HTTP/1.1\r\n${host}a\x01b: c\r\n\r\n"],
    ['a missing Host', "GET $evs HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ['two Hosts', "GET $evs HTTP/1.1\r\nHost: other\r\n$host\r\n"],
    ['a Host that is none', "GET $evs HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    ['two lengths', "POST $evs HTTP/1.1\r\n${host}Content-Length: 1\r\n"
                    . "Content-Length: 2\r\n\r\nx"],
    ['a length that is none',
     "POST $evs HTTP/1.1\r\n${host}Content-Length: x\r\n\r\n"],
    ['a length and chunks', "POST $evs HTTP/1.1\r\n${host}Content-Length: 1"
                            . "\r\nTransfer-Encoding: chunked\r\n\r\nx"],
    ['too large a header',
     "GET $evs HTTP/1.1\r\n${host}X: " . 'x' x 9000 . "\r\n\r\n"],
    ['too many headers', "POST $evs HTTP/1.1\r\n$host$much\r\n"],
) {
    my ($title, $text) = @$case;

    error(raw($text), 400, $title);
}

# a bad chunk, with the head or after it, of a body that is judged or not

for my $path ($evs, '/elsewhere') {
    for my $pause (0, '0.1') {
        my $head = "POST $path HTTP/1.1\r\n${host}Content-Type: application/"
                   . "json\r\nTransfer-Encoding: chunked\r\n\r\n";
        my @pieces = $pause ? ($head, $pause, "zz\r\n") : ("${head}zz\r\n");

        error(raw(\@pieces), 400,
              "a bad chunk to $path" . ($pause ? ' later' : ''));
    }
}

error(raw("GET /" . 'x' x 9000 . " HTTP/1.1\r\n$host\r\n"), 414,
      'too long a target');
error(raw("POST $evs?" . 'x' x 9000 . " HTTP/1.1\r\n$host\r\n"), 414,
      'too long a query');
error(raw("POST $evs HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n"), 501,
      'a Transfer-Encoding that is unknown');

got_nothing('nothing of this arrives');


# access

for my $path ($evs, $dws) {
    my @dws = (dws => $path eq $dws);

    for my $method ('GET', 'POST') {
        my $body = $method eq 'POST' ? create_body() : undef;
        my @r = map { $g->request($method, with($_, $path), [], $body) }
                qw(basic request denied puzzled noauth);

        error($r[0], 401, "$method without a password", @dws);
        is($r[0]{headers}{'www-authenticate'}[0], 'Basic realm="the gateway"',
           'its WWW-Authenticate stays');
        error($r[1], 401, "$method that auth_request refuses", @dws);
        error($r[2], 403, "$method that is denied", @dws);
        error($r[3], 500, "$method of which auth_request is unsure", @dws);
        error($r[4], 500, "$method when nobody answers auth_request", @dws);
    }
}

got_nothing('nothing of this arrives');
is($g->get(with('basic', $evs),
           headers => [['Authorization', 'Basic dTpw']])->{status}, 200,
   'with its password a request goes on');
$g->received;


# files

error($g->get('/files/none'), 404, 'no such file');
error($g->get('/files/'), 403, 'no index');
error($g->post('x', target => '/files/page'), 405, 'a POST to a file');
is($g->get('/files/page')->{body}, "a page\n", 'a file is a file');


# sizes that nginx itself limits

for my $path (with('small', $evs), '/small/elsewhere') {
    my $body = create_body(description => 'x' x 200);

    for my $method ('POST', 'PUT') {
        my $target = $method eq 'PUT' && $path =~ /v3/
                     ? "$path/" . SNAPSHOT : $path;
        my $head = "$method $target HTTP/1.1\r\n${host}Content-Type: "
                   . "application/json\r\n";
        my $length = $head . "Content-Length: @{[length $body]}\r\n\r\n";
        my $chunked = $head . "Transfer-Encoding: chunked\r\n\r\n";
        my $chunk = sprintf "%x\r\n%s\r\n", length $body, $body;

        error(raw("$length$body"), 413, "$method of too much to $path");
        error(raw($length), 413, 'before it is sent');
        error(raw("$chunked${chunk}0\r\n\r\n"), 413, 'in a chunk');
        error(raw([$chunked, '0.05', $chunk]), 413, 'in a later chunk');
        error(raw([$chunked, ('0.05', "32\r\n" . 'x' x 50 . "\r\n") x 3]),
              413, 'in several');
    }
}

got_nothing('nothing of this arrives');


# limits and upstreams

is($g->get(with('often', $evs))->{status}, 200, 'the first request is let in');
$g->received;

for my $path ($evs, $dws) {
    my @dws = (dws => $path eq $dws);

    error($g->get(with('often', $path)), 429, 'too often', @dws);
    error($g->get(with('busy', $path)), 503, 'too busy', @dws);

    for my $method ('GET', 'DELETE') {
        error($g->request($method, with('dead', $path)), 502,
              "$method to a dead upstream", @dws);
        error($g->request($method, with('mute', $path)), 504,
              "$method to one that never answers", @dws);
    }
}

error($g->post(create_body(), target => with('often', $evs)), 429,
      'a POST too often');
error($g->post(create_body(), target => with('dead', $evs)), 502,
      'a POST to a dead upstream');
error($g->post(create_body(), target => with('mute', $evs)), 504,
      'a POST to one that never answers');
error($g->post('{"snapshot": {"name": "a"}}', method => 'PUT',
               target => with('dead', $evs) . '/' . SNAPSHOT), 502,
      'a PUT to a dead upstream');
error($g->get(with('changed', $evs)), 429,
      'a status that error_page has changed');
got_nothing('nothing of this arrives');


# TLS

error(raw("GET $evs HTTP/1.1\r\n$host\r\n", port => $g->{ports}{tls}), 400,
      'plain HTTP at the port of TLS');

sub curl {
    my (@options) = @_;

    open my $out, '-|', 'curl', qw(-s -q -i --http1.1 --max-time 5 --noproxy *),
        '--cacert', "$dir/server.crt", @options,
        "https://127.0.0.1:$g->{ports}{tls}$evs" or die "curl: $!\n";
    local $/;

    return (Gateway::responses(<$out> // ''))[-1];
}

sub certificate {
    my ($name) = @_;

    return ('--cert', "$dir/$name.crt", '--key', "$dir/$name.key");
}

error(curl(), 400, 'no client certificate');
error(curl('--json', create_body()), 400, 'with a POST as well');
error(curl(certificate('stranger')), 400, 'a wrong one');
error(curl(certificate('stranger'), '--json', create_body()), 400,
      'with a POST as well');
got_nothing('nothing of this arrives');
is(curl(certificate('client'))->{status}, 200, 'the right one lets in');
$g->received;


# what an upstream answers is its own

for my $status (400, 401, 404, 409, 413, 429, 500, 503) {
    for my $method ('GET', 'POST', 'DELETE') {
        my $r = $g->request($method, $evs, [['X-Reply', $status],
            ['X-Reply-Header', 'X-Own: yes'],
            ['Content-Type', 'application/json']],
            $method eq 'POST' ? create_body() : undef);

        is("$r->{status} $r->{body} @{ $r->{headers}{'x-own'} // [] }"
           . " @{ $r->{headers}{'retry-after'} // [] }",
           "$status {\"upstream\": \"reached\"} yes ",
           "$status of an upstream to $method stays as it is");
    }
}

is($g->get($evs, headers => [['X-Reply', 503],
       ['X-Reply-Header', 'Retry-After: 77']])->{headers}{'retry-after'}[0],
   77, 'its Retry-After as well');
error($g->get(with('intercepted', $evs), headers => [['X-Reply', 503]]), 503,
      'unless the operator has errors intercepted');


# Retry-After of what is intercepted is the upstream's, where it has one

sub after {
    my ($r) = @_;

    return join ' ', $r->{status}, @{ $r->{headers}{'retry-after'} // [] };
}

for my $place ('intercepted', 'patient/intercepted') {
    for my $value (77, 0, 'Sat, 28 Nov 2026 20:00:00 GMT') {
        for my $status (429, 503) {
            my $r = $g->get("/$place/x", headers => [['X-Reply', $status],
                ['X-Reply-Header', "Retry-After: $value"]]);

            is(after($r), "$status $value", "$place: $value stays, of $status");
        }
    }
}

for my $status (404, 413, 500) {
    is(after($g->get('/intercepted/x', headers => [['X-Reply', $status],
           ['X-Reply-Header', 'retry-after: 5']])), "$status 5",
       "it stays of $status as well");
    is(after($g->get('/intercepted/x', headers => [['X-Reply', $status]])),
       $status, 'which else has none');
}

# else it is what the operator says, or a second

is(after($g->get('/intercepted/x', headers => [['X-Reply', 503]])), '503 1',
   'a second by default');
is(after($g->get('/patient/intercepted', headers => [['X-Reply', 503]])),
   '503 30', 'the operator may have another time');
is(after($g->get('/patient/x')), '503 30', 'for an error of nginx as well');
is(after($g->get('/patient/often')), '429 30', 'of each kind');
is(after($g->get('/patient/dead')), 502, 'but not for other statuses');
is(after($g->get('/patient/if', headers => [['X-After', 7]])), '503 7', 'also from a variable');
is(after($g->get('/patient/if')), 503, 'none where that is empty');
$g->received;

my $r = $g->get(with('intercepted', $evs), headers => [['X-Reply', 503],
    ['X-Reply-Header', 'Content-Encoding: gzip']]);
error($r, 503, 'or one that is compressed, for which the gateway has its own');
is($r->{headers}{'content-encoding'}, undef, 'which is not');
$g->received;


# so is what the gateway refuses

for my $case (
    ['a bad body', 400, 'EVS.5400', qr/^snapshot\.name: 256 bytes/,
     create_body(name => 'x' x 256)],
    ['too large a body', 413, '413', qr/^body: .*114688/, ' ' x 114689],
    ['a wrong type', 415, '415', qr/^header Content-Type/, create_body(),
     [['Content-Type', 'text/plain']]],
) {
    my ($title, $status, $code, $message, $body, $headers) = @$case;

    my $r = $g->request('POST', $evs,
                        $headers // [['Content-Type', 'application/json']],
                        $body);
    is(told($r), "$status application/json $fault{$status} $code",
       "$title is refused with a code of its own");
    like($r->{error}{message}, $message, 'and a message');
}

$r = raw(["POST $evs HTTP/1.1\r\n${host}Content-Type: application/json\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n", '0.05',
    sprintf("%x\r\n%s\r\n", 114689, ' ' x 114689)]);
is(told($r), '413 application/json overLimit 413', 'so are too large chunks');
like($r->{body}, qr/114688/, 'with a message of their own');

is($g->get("$evs/detail?limit=2000")->{error}{code}, 'EVS.2142',
   'so is a bad query');
got_nothing('nothing of this arrives');


# snapshot_error without an error

for my $path ($evs, $dws) {
    for my $method ('GET', 'POST', 'PUT', 'DELETE') {
        error($g->request($method, with('direct', $path), [],
                          $method =~ /^P/ ? 'x' : undef), 404,
              "$method of an error that is none", dws => $path eq $dws);
    }

    $r = $g->request('HEAD', with('direct', $path));
    is("$r->{status} $r->{headers}{'content-type'}[0] '$r->{body}'",
       "404 application/json ''", 'HEAD as well');
}

error($g->get('/snapshot_error'), 404, 'that of the file cannot be reached');


# a connection goes on after an error

my ($first, $second) = $g->exchange(
    Gateway::head('POST', with('s404', $evs), [['Content-Length', 5]])
    . '12345' . Gateway::head('GET', with('s403', $evs), []), count => 2);

error($first, 404, 'an error whose body nobody wants');
error($second, 403, 'leaves the connection in step');


# the configuration

sub refused {
    my ($conf, $says, $title) = @_;

    my ($ok, $said) = $g->test_conf(server => $conf);

    ok(!$ok, "$title is refused");
    like($said, $says, 'naming the directive');
}

refused('location / { snapshot_error x; }',
        qr/invalid parameter "x" in "snapshot_error" directive, known is "retry_after="/,
        'another parameter');
refused('location / { snapshot_error retry_after=1 x; }',
        qr/invalid number of arguments in "snapshot_error" directive/,
        'one more argument');

for my $value ('', 'x', '-1', '1s', '1.5') {
    refused("location / { snapshot_error retry_after=$value; }",
            qr/invalid value "retry_after=\Q$value\E" in "snapshot_error" directive, it must be a number of seconds or a variable/,
            "\"retry_after=$value\"");
}

refused('location / { snapshot_error retry_after=$no_such_variable; }',
        qr/unknown "no_such_variable" variable/, 'an unknown variable');
refused('snapshot_error;', qr/"snapshot_error" directive is not allowed here/,
        'snapshot_error for a server');

my @content = qw(snapshot_error snapshot_validate snapshot_openapi);

for my $first (@content) {
    for my $second (@content) {
        refused("location / { $first; $second; }", qr/"$second" directive/,
                $first eq $second ? "$first twice"
                                  : "$second beside $first");
    }
}

my ($ok) = $g->test_conf(server => join ' ', map { "location /$_ { $_; }" }
                                   @content);
ok($ok, 'each in a location of its own is not');

$g->finish;

done_testing;
