# "nginx -t" warns of what is allowed, but is hardly meant: with the file and the
# line of the directive of the module, and with what to write instead.

use strict;
use warnings;

use Test::More;

use Gateway;

my $g = Gateway->new;

# the warnings on the text of a server, each without what nginx puts before it;
# lines are counted from that text's first

sub warned {
    my ($server, %conf) = @_;

    my ($before) = $g->text(server => '@', %conf) =~ /\A(.*?)^\@/ms;
    my $first = $before =~ tr/\n//;

    my ($ok, $said) = $g->test_conf(server => $server, %conf);

    return "refused: $said" if !$ok;

    return join '', map { s/ in \S+\/test\.conf:(\d+)$/' at ' . ($1 - $first)/er
                          . "\n" } $said =~ /\[warn\] \S+ (.*)/g;
}

is(warned('location / { return 200; }'), '', 'a server without a gateway');

is(warned(<<'EOF'), '', 'a gateway in order');
    snapshot_gateway enforce;
    location / { proxy_pass http://127.0.0.1:1; }
EOF


# buffers and limits

is(warned(<<'EOF'), <<'EOW', 'a small buffer, once a directive');
    client_body_buffer_size 16k;

    location /a {
        snapshot_gateway
            enforce;
        proxy_pass http://127.0.0.1:1;
        location /a/b { proxy_pass http://127.0.0.1:1; }
    }

    location /b { snapshot_gateway monitor; proxy_pass http://127.0.0.1:1; }
    location /c { snapshot_gateway off; proxy_pass http://127.0.0.1:1; }
EOF
"client_body_buffer_size" of 16384 is less than the 114688 of rule "body-size" in location "/a", larger bodies are judged from a temporary file, write "client_body_buffer_size 112k;" at 5
"client_body_buffer_size" of 16384 is less than the 114688 of rule "body-size" in location "/b", larger bodies are judged from a temporary file, write "client_body_buffer_size 112k;" at 10
EOW

is(warned(<<'EOF'), <<'EOW', 'of a gateway for the server');
    snapshot_gateway $arg_mode;
    snapshot_rule body-size reject max=200001;
    location /error { snapshot_error; }
    location /openapi { snapshot_openapi; }
    location /right { client_body_buffer_size 1m; proxy_pass http://[::1]:1; }
    location /wrong { client_body_buffer_size 1k; proxy_pass http://[::1]:1; }
    location /again { client_body_buffer_size 1k; proxy_pass http://[::1]:1; }
EOF
"client_body_buffer_size" of 1024 is less than the 200001 of rule "body-size" in location "/wrong", larger bodies are judged from a temporary file, write "client_body_buffer_size 200001;" at 1
EOW

is(warned(<<'EOF'), '', 'not where the module reads no body');
    client_body_buffer_size 16k;
    client_max_body_size 1k;
    snapshot_gateway enforce;
    location /error { snapshot_error; }
    location /openapi { snapshot_openapi; }
    location / {
        snapshot_rule body-size pass;
        proxy_pass http://127.0.0.1:1;
    }
EOF

is(warned(<<'EOF'), <<'EOW', 'but where it does, though the gateway is off');
    client_body_buffer_size 16k;
    location /validate {
        snapshot_prefix /validate;

        snapshot_validate;
    }
EOF
"client_body_buffer_size" of 16384 is less than the 114688 of rule "body-size" in location "/validate", larger bodies are judged from a temporary file, write "client_body_buffer_size 112k;" at 5
EOW

is(warned(<<'EOF'), <<'EOW', 'a limit of nginx under that of the rule');
    client_max_body_size 100k;
    location / {
        snapshot_gateway enforce;
        proxy_pass http://127.0.0.1:1;
    }
    location /nothing { proxy_pass http://127.0.0.1:1; }
EOF
"client_max_body_size" of 102400 is less than the 114688 of rule "body-size" in location "/", nginx refuses larger bodies before the gateway, write "client_max_body_size 112k;" at 3
EOW

for my $limit ('0', '112k', '1m') {
    is(warned("client_max_body_size $limit; location / {"
              . " snapshot_gateway enforce; proxy_pass http://127.0.0.1:1; }"),
       '', "but none of $limit");
}


# proxy_pass that takes a prefix off

# location, URI, snapshot_prefix, what is missing

for my $case (
    ['/volume/', '/', undef, '/volume'],
    ['/volume', '/', undef, '/volume'],
    ['^~ /volume/', '/', undef, '/volume'],
    ['= /volume/v3/p/snapshots', '/v3/p/snapshots', undef, '/volume'],
    ['/volume/v3/', '/v3/', undef, '/volume'],
    ['/volume/v3/', '/', undef, '/volume'],
    ['/api/volume/', '/volume/', undef, '/api'],
    ['/api/volume/', '/', undef, '/api/volume'],
    ['/myvolume/', '/volume/', undef, '/myvolume'],
    ['/volume/', '/', '/', '/volume'],
    ['/volume/', '/', '/vol', '/volume'],
    ['/volume/', '/', '/volumes', '/volume'],
    ['/api/volume/', '/', '/api', '/api/volume'],

    ['/volume/', '/', '/volume', undef],
    ['/api/volume/', '/volume/', '/api/volume', undef],
    ['/api/volume/', '/', '/api/volume', undef],
    ['/volume/', '/volume/', undef, undef],
    ['/volume/', '', undef, undef],
    ['/volume/', '/other/volume/', undef, undef],
    ['/', '/', undef, undef],
    ['/', '/volume/', undef, undef],
    ['/v3/', '/v3/', undef, undef],
    ['/v3/', '/volume/v3/', undef, undef],
    ['/v3/', '/', undef, undef],
    ['/V3/', '/', undef, undef],
    ['/volume/', '$request_uri', undef, undef],
    ['~ ^/volume/', '', undef, undef],
    ['v3', '/', undef, 'v3'],
) {
    my ($location, $uri, $prefix, $missing) = @$case;
    my $name = $location =~ s/.* //r;
    my $set = defined $prefix ? "snapshot_prefix $prefix;" : '';

    my $expected = $missing ? <<"EOW" : '';
"proxy_pass" takes "$missing" off the paths of location "$name", and the gateway does not, so it judges none of them, write "snapshot_prefix $missing;", or "snapshot_gateway off;" if this is no snapshot API at 2
EOW

    is(warned(<<"EOF"), $expected, "location $location, proxy_pass http://host$uri;  $set");

        snapshot_gateway enforce;
        location $location {
            $set
            proxy_pass http://127.0.0.1:1$uri;
        }
EOF

    is(warned(<<"EOF"), '', 'nothing where the gateway is off');
        location $location {
            $set
            proxy_pass http://127.0.0.1:1$uri;
        }
EOF
}

is(warned(<<'EOF', http => 'upstream name { server 127.0.0.1:1; }'), <<'EOW',
    snapshot_gateway monitor;
    location /a/ { proxy_pass http://unix:/tmp/nothing:/; }
    location /b/ {
        snapshot_gateway enforce;
        proxy_pass http://name/;
    }
    location /c/ {
        if ($arg_x) { proxy_pass http://name; }
        proxy_pass https://name/;
    }
    location /d/ { proxy_pass http://unix:/tmp/nothing:; }
EOF
"proxy_pass" takes "/a" off the paths of location "/a/", and the gateway does not, so it judges none of them, write "snapshot_prefix /a;", or "snapshot_gateway off;" if this is no snapshot API at 1
"proxy_pass" takes "/b" off the paths of location "/b/", and the gateway does not, so it judges none of them, write "snapshot_prefix /b;", or "snapshot_gateway off;" if this is no snapshot API at 4
"proxy_pass" takes "/c" off the paths of location "/c/", and the gateway does not, so it judges none of them, write "snapshot_prefix /c;", or "snapshot_gateway off;" if this is no snapshot API at 1
EOW
   'each location is named, by sockets and upstreams');


# a location whose requests all leave before the gateway

my $up = 'proxy_pass http://127.0.0.1:1;';

for my $case (
    ['a return', 'snapshot_gateway enforce; return 404;', undef],
    ['a response', 'snapshot_gateway enforce; return 200 "ok";', undef],
    ['a redirect', 'snapshot_gateway enforce; return 301 /x;', undef],
    ['a return beside a proxy_pass',
     "snapshot_gateway enforce; return 404; $up", undef],
    ['a return behind "set"',
     'snapshot_gateway enforce; set $x "a $arg_y b"; return 404;', undef],
    ['returns in "if" and behind it', 'snapshot_gateway enforce;'
     . ' if ($arg_x = 1) { return 400; } if ($arg_y) { return 401; } return 404;',
     undef],
    ['an error page without the gateway', 'snapshot_gateway enforce;'
     . ' error_page 418 = @up; return 418;', '@up'],
    ['an error page of the server', 'snapshot_gateway monitor; return 419;',
     '@up'],
    ['one with a URI', 'snapshot_gateway enforce; error_page 418 = /up/x?y;'
     . ' return 418;', '/up/'],
    ['an error page elsewhere', 'snapshot_gateway enforce;'
     . ' error_page 418 http://other.test/; return 418;', undef],
    ['an error page of another status', 'snapshot_gateway enforce;'
     . ' error_page 404 @up; return 418;', undef],
    ['two of them', 'snapshot_gateway enforce; error_page 418 = @up;'
     . ' error_page 420 = /up/; if ($arg_x) { return 420; } return 418;', '@up'],
    ['a rewrite', 'snapshot_gateway enforce; rewrite ^ /up/x last;', '/up/'],
    ['a rewrite with what is left', 'snapshot_gateway enforce;'
     . " rewrite ^/here/(.*)\$ /up/\$1; $up", '/up/'],
    ['a rewrite with a query', 'snapshot_gateway enforce;'
     . ' rewrite ^(.*)$ /up/?$1 last;', '/up/'],
    ['a rewrite that redirects', 'snapshot_gateway enforce;'
     . ' rewrite ^ http://other.test$request_uri? permanent;', undef],
    ['two rewrites', 'snapshot_gateway enforce; rewrite ^/here/a /up/a last;'
     . ' rewrite . /up/b last;', '/up/'],
    ['a rewrite before a return', 'snapshot_gateway enforce;'
     . ' rewrite ^/here/a /up/a last; return 404;', '/up/'],
    ['a gateway that is inherited', 'error_page 418 = @up; return 418;', '@up',
     'snapshot_gateway enforce;'],
) {
    my ($title, $location, $target, $server) = @$case;

    my ($how) = $location =~ /.*(return|rewrite)/;
    my $expected = $target
        ? qq("$how" sends all requests of location "/here/" to location "$target" before the gateway judges them, write "snapshot_gateway enforce;" there at 5\n)
        : qq("$how" answers all requests of location "/here/" before the gateway judges them, write only one of the two at 5\n);

    my $line = $server ? 1 : 5;
    $expected =~ s/ 5$/ $line/;

    is(warned(<<"EOF"), $expected, $title);
@{[$server // '']}
        error_page 419 = \@up;
        location \@up { snapshot_gateway off; $up }
        location /up/ { snapshot_gateway off; $up }
        location /here/ { $location }
        location /other/ { $up }
EOF
}

for my $case (
    ['a return in "if" alone', "snapshot_gateway enforce;"
     . " if (\$arg_x) { return 400; } $up"],
    ['an error page with the gateway', 'snapshot_gateway enforce;'
     . ' error_page 418 = @judged; return 418;'],
    ['one with a URI', 'snapshot_gateway enforce; error_page 418 /judged/;'
     . ' return 418;'],
    ['one of two', 'snapshot_gateway enforce; error_page 418 = @up;'
     . ' if ($arg_x) { return 418; } error_page 420 = @judged; return 420;'],
    ['one that depends', 'snapshot_gateway enforce; error_page 418 = $arg_x;'
     . ' return 418;'],
    ['a way out by "break"', 'snapshot_gateway enforce;'
     . " if (\$arg_x) { break; } return 404; $up"],
    ['a rewrite to the gateway', 'snapshot_gateway enforce;'
     . ' rewrite ^/here/x /judged/ last; return 404;'],
    ['a rewrite of all to the gateway', 'snapshot_gateway enforce;'
     . ' rewrite ^ /judged/ last;'],
    ['a rewrite of some', 'snapshot_gateway enforce;'
     . " rewrite ^/here/x /up/ last; rewrite ^/here/\$ /up/ last; $up"],
    ['a rewrite that stays', 'snapshot_gateway enforce;'
     . " rewrite ^/here(/.*)\$ \$1 break; $up"],
    ['a rewrite that depends', 'snapshot_gateway enforce;'
     . ' rewrite ^ $arg_x last;'],
    ['a rewrite in "if"', 'snapshot_gateway enforce;'
     . " if (\$arg_x ~ y) { rewrite ^ /up/ last; } $up"],
    ['a return under a gateway that is inherited', 'return 204;',
     'snapshot_gateway enforce;'],
    ['an error in the format, there', 'error_page 404 /error; return 404;',
     'snapshot_gateway enforce; location /error { snapshot_error; }'],
    ['a gateway that is off', 'snapshot_gateway off; return 404;'],
) {
    my ($title, $location, $server) = @$case;

    is(warned(<<"EOF"), '', "no warning: $title");
@{[$server // '']}
        location \@up { snapshot_gateway off; $up }
        location \@judged { snapshot_gateway enforce; $up }
        location /judged/ { snapshot_gateway enforce; $up }
        location /here/ { $location }
EOF
}


# in a file that is included, that file is named

$g->write('part.conf', "\n\nsnapshot_gateway enforce;\n");

my (undef, $said) = $g->test_conf(server => <<'EOF');
    client_body_buffer_size 1k;
    location / {
        include part.conf;
        proxy_pass http://127.0.0.1:1;
    }
EOF
like($said, qr/\[warn\] .*"client_body_buffer_size" .* in \S+\/part\.conf:3$/m,
     'the file and line of an included directive');


# errors that are seen once all is read

(undef, $said) = $g->test_conf(server => <<'EOF');

    location /status {
        snapshot_status;

    }
EOF
my ($line) = $said =~ /\[emerg\] .*"snapshot_status" has nothing to show, "snapshot_zone" is missing, write "snapshot_zone counters:1m;" in "http" in \S+:(\d+)$/m;
my @lines = split /\n/, $g->read('test.conf');
like($lines[($line // 1) - 1], qr/snapshot_status/, 'a status without a zone, with its line')
    or diag $said;

(undef, $said) = $g->test_conf(server => <<'EOF');
    location /x {
        snapshot_openapi;
        proxy_pass http://127.0.0.1:1;
    }
EOF
($line) = $said =~ /\[emerg\] .*"snapshot_openapi" directive is not the only one in location "\/x" .* in \S+:(\d+)$/m;
@lines = split /\n/, $g->read('test.conf');
like($lines[($line // 1) - 1], qr/snapshot_openapi/, 'two contents, with its line')
    or diag $said;


# the shipped configurations have none

for my $file (glob 'conf/*.conf') {
    next if $file !~ /(?:nginx|cinder|production|rate-limited|replica|staging)\.conf/;
    next if $file =~ /production/;

    my ($ok, $said) = $g->test_conf(all => Gateway::shipped($file =~ s/.*\///r));
    ok($ok, "$file is right") or diag $said;
    unlike($said, qr/\[warn\]/, "$file has no warning");
}

$g->finish;

done_testing;
