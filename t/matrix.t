# Whatever else nginx is told to do with a request, and however the client
# speaks, what is bad is refused before it goes anywhere, and what is good
# arrives once and unchanged.  Each row is a server of its own, by its name.

use strict;
use warnings;

use File::Temp ();
use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $up = 'proxy_pass http://127.0.0.1:%%UPSTREAM%%;';
my $users = 'auth_basic x; auth_basic_user_file %%DIR%%/users;';
my $password = [Authorization => 'Basic dTpw'];
my $token = [X_Token => 'good'];
my $asked = 'location = /asked { internal; if ($http_authorization = "") '
            . '{ return 401; } return 204; }';
my $mirror = "location = /mirror { internal; snapshot_gateway enforce; "
             . "proxy_pass http://127.0.0.1:%%UPSTREAM%%/mirrored; }";

# name, what stands in the server, and: headers that let a request in, the
# status without them, what stands before the path, what is done beside it

my @rows = (
    ['plain', "location / { $up }"],

    # access and auth

    ['allow', "location / { allow 127.0.0.1; deny all; $up }"],
    ['auth-basic', "location / { $users $up }", in => $password, out => 401],
    ['auth-delay', "location / { auth_delay 20ms; $users $up }",
     in => $password, out => 401],
    ['auth-request', "location / { auth_request /asked; $up } $asked",
     in => $password, out => 401],
    ['auth-request-proxied', "location / { auth_request /remote; $up }
        location = /remote { internal; proxy_pass_request_body off;
            proxy_set_header Content-Length '';
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/beside; }"],
    ['satisfy-all', "location / { satisfy all; allow 127.0.0.1; deny all;
        $users auth_request /asked; $up } $asked",
     in => $password, out => 401],
    ['satisfy-any-address', "location / { satisfy any; allow 127.0.0.1;
        deny all; $users auth_request /asked; $up } $asked"],
    ['satisfy-any-password', "location / { satisfy any; deny all; $users $up }",
     in => $password, out => 401],
    ['satisfy-any-subrequest', "location / { satisfy any; deny all;
        auth_request /asked; $up } $asked", in => $password, out => 401],
    ['limit-except', "location / { limit_except DELETE { allow all; } $up }"],
    ['realip', "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;
        location / { allow 10.1.2.3; deny all; $up }",
     in => ['X-Real-IP' => '10.1.2.3'], out => 403],

    # limits

    ['limit-req', "location / { limit_req zone=fast burst=1000 nodelay; $up }"],
    ['limit-req-delayed', "location / { limit_req zone=slow burst=1000; $up }"],
    ['limit-conn', "location / { limit_conn many 100; $up }"],
    ['limit-rate', "location / { limit_rate 1m; proxy_limit_rate 1m; $up }"],

    # precontent, and subrequests

    ['mirror', "location / { mirror /mirror; $up } $mirror", mirror => 1],
    ['mirror-without-body', "location / { mirror /mirror;
        mirror_request_body off; $up }
        location = /mirror { internal; snapshot_gateway enforce;
            proxy_pass_request_body off; proxy_set_header Content-Length '';
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/mirrored; }",
     mirror => 1],
    ['try-files', "location / { snapshot_gateway off; try_files /none
        /tried\$uri?\$args; } location /tried/ { rewrite ^/tried(/.*) \$1
        break; $up }"],
    ['try-files-named', "location / { try_files /none \@up; }
        location \@up { $up }"],
    ['try-files-named-only', "location / { snapshot_gateway off;
        try_files /none \@up; } location \@up { $up }"],
    ['ssi', "location / { ssi on; ssi_types *; $up }"],
    ['ssi-around', "location / { ssi on; ssi_types *; add_after_body /after;
        addition_types *; $up } location = /after { ssi on; ssi_types *;
        return 200 '<!--#include virtual=\"/more\" -->'; }
        location = /more { return 200 more; }"],

    # rewrite

    ['rewrite-break', "location / { rewrite ^/old(/.*) \$1 break; $up }",
     before => '/old'],
    ['rewrite-last', "location /old/ { rewrite ^/old(/.*) \$1 last; }
        location / { $up }", before => '/old'],
    ['rewrite-server', "rewrite ^/old(/.*) \$1; location / { $up }",
     before => '/old'],
    ['rewrite-twice', "location /a/ { rewrite ^/a(/.*) /b\$1 last; }
        location /b/ { rewrite ^/b(/.*) \$1 last; } location / { $up }",
     before => '/a'],
    ['if', "location / { if (\$request_method ~ .) { $up } }"],
    ['if-set', "location / { set \$x 1; if (\$http_x = none) { set \$x 2; }
        if (\$x) { set \$y 3; } $up }"],
    ['nested', "location /v { location ~ ^/v3/([^/]+)/ { $up } $up }"],

    # error_page, named locations

    ['error-page-named', "location / { error_page 502 = \@up;
        proxy_pass http://127.0.0.1:1; } location \@up { $up }"],
    ['error-page-branch', "location / { snapshot_gateway off;
        error_page 418 = \@up; return 418; } location \@up { $up }"],
    ['error-page-twice', "recursive_error_pages on;
        location / { error_page 502 = \@second; proxy_pass http://127.0.0.1:1; }
        location \@second { error_page 502 = \@up;
            proxy_pass http://127.0.0.1:1; }
        location \@up { $up }"],
    ['error-page-all', "error_page 400 401 403 404 413 415 500 502 /page;
        recursive_error_pages on; proxy_intercept_errors on;
        location = /page { internal; snapshot_error; } location / { $up }"],
    ['error-page-access', "location / { snapshot_gateway off; deny all;
        error_page 403 = \@up; } location \@up { $up }"],

    # how a body is kept, and proxied

    ['request-buffering-off', "proxy_request_buffering off;
        proxy_http_version 1.1; location / { $up }"],
    ['request-buffering-off-1.0', "proxy_request_buffering off;
        location / { $up }"],
    ['in-file-only', "client_body_in_file_only on; location / { $up }"],
    ['in-file-clean', "client_body_in_file_only clean; location / { $up }"],
    ['in-single-buffer', "client_body_in_single_buffer on;
        client_body_buffer_size 128k; location / { $up }"],
    ['in-small-buffer', "client_body_buffer_size 16; location / { $up }"],
    ['in-file-unbuffered', "client_body_in_file_only clean;
        proxy_request_buffering off; location / { $up }"],
    ['aio', "aio threads; client_body_buffer_size 16; sendfile off;
        location / { $up }"],
    ['next-upstream', "location / { proxy_next_upstream error
        non_idempotent; proxy_pass http://half; }"],
    ['next-upstream-file', "client_body_in_file_only clean;
        location / { proxy_next_upstream error non_idempotent;
        proxy_pass http://half; }"],
    ['keepalive', "location / { proxy_http_version 1.1;
        proxy_set_header Connection ''; proxy_pass http://kept; }"],
    ['variable', "location / { proxy_pass \$there; }"],
    ['gzip', "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
        location / { $up }"],

    # all at once

    ['together', "location / { satisfy all; allow 127.0.0.1; deny all; $users
        auth_request /asked; limit_req zone=slow burst=1000;
        limit_conn many 100; client_body_buffer_size 16;
        try_files /none \@first; } $asked
        location \@first { error_page 502 = \@up;
            proxy_pass http://127.0.0.1:1; }
        location \@up { proxy_request_buffering off; $up }",
     in => $password, out => 401],
);

for my $row (@rows) {
    my @parts = Gateway::lacks($row->[1]) or next;

    SKIP: { skip "$row->[0]: nginx was built without @parts", 1 }
}

@rows = grep { !Gateway::lacks($_->[1]) } @rows;

my $dir = File::Temp->newdir(TMPDIR => 1);

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -days 2 -subj /CN=x -keyout $dir/key -out $dir/crt 2>$dir/log") == 0
    or die "openssl failed\n";

my $servers = join '', map { my ($name, $conf) = @$_; "
    server {
        listen 127.0.0.1:%%PORT_plain%%;
        listen 127.0.0.1:%%PORT_h2%% http2;
        listen 127.0.0.1:%%PORT_tls%% ssl http2;
        server_name $name;
        snapshot_gateway enforce;
        $conf
    }
" } @rows;

my $g = Gateway->new(servers => $servers, main => 'worker_rlimit_nofile 4096;',
                     http => <<"EOF");
    ssl_certificate $dir/crt;
    ssl_certificate_key $dir/key;
    client_max_body_size 0;
    server_names_hash_bucket_size 128;
    limit_req_zone \$server_name zone=fast:64k rate=1000r/s;
    limit_req_zone \$server_name zone=slow:64k rate=500r/s;
    limit_conn_zone \$server_name zone=many:64k;
    map \$request_uri \$there { default http://127.0.0.1:%%UPSTREAM%%; }
    upstream half { server 127.0.0.1:1 max_fails=0;
                    server 127.0.0.1:%%UPSTREAM%% max_fails=0; }
    upstream kept { server 127.0.0.1:%%UPSTREAM%%; keepalive 4; }
EOF

$g->write('users', "u:{PLAIN}p\n");


# sends requests one after the other in one of the ways a client may speak;
# returns status and code of each

my $json = JSON::PP->new->utf8;

sub headers_of {
    my ($request, @headers) = @_;

    return (@headers, defined $request->[2]
            ? ['Content-Type', 'application/json'] : ());
}

sub by_socket {
    my ($way, $name, $request, @headers) = @_;

    my ($method, $target, $body) = @$request;
    my $sent = $body // '';
    my $chunked = $way =~ /chunks/ && defined $body;

    $sent = join('', map { sprintf "%x\r\n%s\r\n", length, $_ }
                     unpack '(a100)*', $body) . "0\r\n\r\n" if $chunked;

    my $head = "$method $target " . substr($way, 0, 8) . "\r\nHost: $name\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" }
                   headers_of($request, @headers))
        . ($chunked ? "Transfer-Encoding: chunked\r\n"
           : defined $body ? 'Content-Length: ' . length($body) . "\r\n" : '')
        . "Connection: close\r\n\r\n";

    # pieces arrive one after the other

    my $half = int(length($sent) / 2);
    my @pieces = $way =~ /pieces/ && $half
        ? ($head . substr($sent, 0, $half), '0.01', substr $sent, $half)
        : ("$head$sent");

    my ($r) = grep { $_->{status} >= 200 }
              $g->exchange(\@pieces, port => $g->{ports}{plain});

    $r->{body} =~ s/([0-9a-f]+)\r\n(.*)/substr $2, 0, hex $1/se
        if $r && $r->{headers}{'transfer-encoding'};

    return [$r->{status} // 0, $r->{body} // ''];
}

sub by_curl {
    my ($way, $name, $requests, @headers) = @_;

    # each has a name of its own, as curl fails to use a connection again that
    # began as HTTP/2

    my $place = $way =~ /TLS/ ? "https://127.0.0.1:$g->{ports}{tls}"
                              : "http://HOST:$g->{ports}{h2}";
    my @options;

    for my $i (0 .. $#$requests) {
        my ($method, $target, $body) = @{ $requests->[$i] };

        push @options, ('--next') x !!$i, qw(-s -k --path-as-is --max-time 10
            --noproxy * -w %{http_code}\n), '-o', "$g->{dir}/out$i",
            '-X', $method, '-H', "Host: $name",
            map({ ('-H', "$_->[0]: $_->[1]") }
                headers_of($requests->[$i], @headers)),
            $way eq 'HTTP/2' ? '--http2-prior-knowledge'
            : $way eq 'HTTP/2, TLS' ? '--http2' : '--http1.1',
            '--connect-to', '::127.0.0.1:', $place =~ s/HOST/r$i.test/r . $target;

        next if !defined $body;

        $g->write("in$i", $body);
        push @options, '--data-binary', "\@$g->{dir}/in$i";
    }

    open my $out, '-|', 'curl', '-q', @options or die "curl: $!\n";
    chomp(my @statuses = <$out>);
    close $out;

    return map { [$statuses[$_] // 0, $g->read("out$_")] } 0 .. $#$requests;
}

sub ask {
    my ($way, $name, $requests, @headers) = @_;

    return map {
        my ($status, $body) = @$_;
        my $o = eval { $json->decode($body) };
        my (undef, $error) = Gateway::fault($o);

        $status . (ref $error eq 'HASH' ? " $error->{code}" : '');
    } $way =~ /^HTTP\/2|TLS/ ? by_curl($way, $name, $requests, @headers)
      : map { by_socket($way, $name, $_, @headers) } @$requests;
}

# what arrived, but for what an auth_request asks of the upstream

sub arrived { return grep { $_->{target} !~ /^\/beside/ } $g->received }

sub line {
    my ($method, $target, $body) = @_;

    $body //= '';
    return "$method $target " . (length $body > 200
                                 ? length($body) . ' bytes ' . unpack '%32C*',
                                   $body : $body);
}

my $path = '/v3/' . PROJECT . '/snapshots';
my $big = create_body(metadata => { map { ("k$_" => 'v' x 200) } 1 .. 60 });

my @good = (['POST', $path, create_body()], ['GET', "$path/detail?limit=5"],
            ['POST', $path, $big], ['DELETE', "$path/@{[SNAPSHOT]}"],
            ['PUT', "$path/@{[SNAPSHOT]}", '{"snapshot": {"name": "n"}}']);
my @bad = (['POST', $path, create_body(name => 'x' x 256)],
           ['GET', "$path/detail?limit=1001"],
           ['POST', $path, '{"snapshot":'],
           ['POST', "$path.json", create_body()],
           ['POST', $path, $big =~ s/"metadata":/"force": "yes", $&/r],
           ['PUT', "$path/x", '{"snapshot": {"name": "n"}}'],
           ['GET', "$path?_method=POST"]);
my @codes = map { "400 $_" } qw(EVS.5400 EVS.2142 EVS.5400 EVS.5400 EVS.1018
                                EVS.2045 EVS.5400);

my @ways = ('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1, chunks in pieces', 'HTTP/2',
            'HTTP/1.1, TLS', 'HTTP/2, TLS');

for my $row (@rows) {
    my ($name, $conf, %opt) = @$row;
    my @in = $opt{in} ? $opt{in} : ();
    my $before = $opt{before} // '';
    my $way_of = sub { return [map { my ($method, $target, @body) = @$_;
                                     [$method, "$before$target", @body] } @_] };

    for my $way (@ways) {

        # curl fails on an answer of HTTP/2 that comes before the body is sent

        my $curl = $way =~ /^HTTP\/2|TLS/;
        my @good = $curl ? @good[0 .. 1] : @good;
        my @bad = $curl ? @bad[0 .. 2] : @bad;

        is_deeply([ask($way, $name, $way_of->(@bad), @in)], [@codes[0 .. $#bad]],
                  "$name, $way: what is bad is refused");
        is(join(' ', map { "$_->{method} $_->{target}" } arrived()), '',
           'and goes nowhere');

        is_deeply([ask($way, $name, $way_of->(@good), @in)],
                  [('200') x @good], "$name, $way: what is good is let through");

        my @got = arrived();

        # a copy may come later

        for (1 .. 300) {
            last if !$opt{mirror} || @got >= 2 * @good;
            sleep 0.01;
            push @got, arrived();
        }

        my @lines = map { line(@$_{qw(method target body)}) } @got;

        is_deeply([grep { !/ \/mirrored/ } @lines], [map { line(@$_) } @good],
                  'and arrives once and unchanged');

        next if !$opt{mirror};

        is_deeply([sort grep { / \/mirrored/ } @lines], [sort map {
            my ($method, $target, $body) = @$_;
            line($method, $target =~ s/^[^?]+/\/mirrored/r,
                 $name eq 'mirror' ? $body : '')
        } @good], 'and so does its copy');
    }

    next if !$opt{out};

    is_deeply([map { s/ .*//r } ask('HTTP/1.1', $name,
                                    $way_of->(@good, @bad))],
              [($opt{out}) x (@good + @bad)],
              "$name: who may not come in is told nothing else");
    is(scalar(my @none = arrived()), 0, 'and nothing of it arrives');
}

$g->finish;

done_testing;
