# No byte of a client's that could change what a log looks like reaches
# error.log, whatever field it stands in; access logs of conf/ and docs/ stay
# one JSON object in UTF-8 a line; tokens and bodies are in no log.

use strict;
use warnings;

use Encode ();
use JSON::PP;
use Test::More;

use Gateway;

# the formats of the shipped configurations and of the documents, all at once

my $formats = Gateway::shipped('request_id.conf');
my (@logs, @shipped, @others, @raw);

# what nginx has of a client as it came

my $client = qr/request|request_(?:method|uri|body)|uri|document_uri|args|host
                |query_string|http_\w+|arg_\w+|cookie_\w+|is_args|remote_user
                |upstream_http_\w+|sent_http_\w+|known_request_id/x;

for my $file (glob('conf/*.conf'), glob('docs/*.md'), 'README.md') {
    open my $fh, '<', $file or die "$file: $!\n";
    my $text = do { local $/; <$fh> };
    my ($name) = $file =~ /([\w-]+)\.\w+$/;

    # what an nginx without the module records has bodies and raw bytes in it,
    # and is read by snapshot-check alone (t/check-log.t)

    $text =~ s/\blog_format recorder .*?;\n//sg;

    push @others, $file if $text =~ /\blog_format \w+ (?!escape=json )/;

    while ($text =~ /\blog_format \w+ (escape=json .*?);\n/sg) {
        my $log = $name . @logs;

        push @raw, map { "$file: $_" } $1 =~ /(\$$client)\b/g;
        $formats .= "log_format $log $1;\naccess_log $log.log $log;\n";
        push @logs, "$log.log";
        push @shipped, "$log.log" if $file =~ /^conf/;
    }
}

is(join(' ', map { s/\d+\.log//r } @shipped),
   'cinder nginx production rate-limited replica staging tenants',
   'the formats of conf/ are tried');
cmp_ok(@logs - @shipped, '>=', 4, 'and those of the documents');
is("@others", '', 'there is no format but of JSON');
is("@raw", '', 'none has a client\'s bytes but as UTF-8');

my $server = <<'EOF';
        error_page 400 401 403 404 405 413 414 415 429 500 501 502 504
                   /snapshot_error;

        location = /snapshot_error { internal; snapshot_error; }

        location / {
            snapshot_gateway $mode;
            snapshot_error_details on;
            limit_req zone=all burst=100000 nodelay;
            limit_conn open 1000;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /validate/ {
            snapshot_prefix /validate;
            snapshot_validate;
        }
EOF

my $g = Gateway->new(main => 'error_log notice.log notice;', http => <<"EOF",
    map \$http_x_mode \$mode { default enforce; monitor monitor; odd odd; }
    snapshot_zone counters 64k;
    client_max_body_size 0;
    limit_req_zone \$server_name zone=all:64k rate=1000r/s;
    limit_conn_zone \$server_name zone=open:64k;
    $formats
    access_log access.log variables;
EOF
    server => $server,
    servers => "server { listen 127.0.0.1:%%PORT_h2%% http2; $server }
        server { listen 127.0.0.1:%%PORT_small%%;
        client_body_buffer_size 100; client_body_in_file_only clean; $server }");

my $json = JSON::PP->new->utf8;
my $p = PROJECT;
my $token = 'gAAAAABtoken0';
my $secret = 'bodymarker0';
my $key = 'keymarker0';

# what an attacker would have a terminal or a log reader see

my @evil = ("\x1b[31mEVIL", "\nEVIL", "\rEVIL", "\r\n2026/11/21 [crit] EVIL",
            "\0EVIL", "\x07\x08\x7fEVIL", "\x9b31mEVIL", "\xc2\x9b31mEVIL",
            "\xe2\x80\xaeEVIL", "\xffEVIL", "\"EVIL\\", "%s%nEVIL");

sub percent { return $_[0] =~ s/([^0-9A-Za-z])/sprintf '%%%02x', ord $1/ger }
sub in_json { return $_[0] =~ s/(["\\])/\\$1/gr }
sub in_escapes { return $_[0] =~ s/(.)/sprintf '\\u%04x', ord $1/gesr }

my @requests;

sub add {
    my ($field, $method, $target, $headers, $body) = @_;

    push @requests, [$field, $method, $target, $headers // [], $body];
}

my $type = ['Content-Type', 'application/json'];
my $path = "/v3/$p/snapshots";
my $member = "$path/@{[SNAPSHOT]}";

for my $evil (@evil) {
    my $in_target = $evil =~ s/([\x00-\x20\x7f%])/sprintf '%%%02x', ord $1/ger;
    my $in_header = $evil =~ s/[\r\n\0]+//gr;

    # the request line: as it is, in percent-escapes, in two of them

    for my $e (map { $_, s/%/%25/gr } $in_target, percent($evil)) {
        next if $e =~ /%00/;

        add('project', 'POST', "/v3/$e/snapshots", [$type], '{}');
        add('version', 'POST', "/$e/$p/snapshots", [$type], '{}');
        add('path', 'POST', "$path/$e", [$type], '{}');
        add('path of an operation', 'POST', "$path;$e", [$type], '{}');
        add('snapshot id', 'PUT', "$path/$e", [$type], '{}');
        add('parameter', 'GET', "$path?$e=1&limit=0");
        add('value', 'GET', "$path?limit=$e&name=$e&marker=$e");
        add('override', 'GET', "$path?_method=$e");
    }

    # headers

    for my $name ('X-Auth-Token', 'Content-Type', 'Content-Encoding',
                  'User-Agent', 'X-HTTP-Method-Override', 'Authorization',
                  'Cookie', 'X-Forwarded-For', 'Accept', 'Referer') {
        add($name, 'POST', $path,
            [$name eq 'Content-Type' ? () : $type, [$name, "x$in_header"]],
            '{}');
    }

    # the body, with the bytes as they are and in JSON's escapes

    for my $e (in_json($evil), in_escapes($evil)) {
        add('text', 'POST', $path, [$type], "$secret$e");
        add('top key', 'POST', $path, [$type], qq({"$key$e": 1}));
        add('key', 'POST', $path, [$type],
            qq({"snapshot": {"$key$e": "$secret$e"}}));
        add('values', 'POST', $path, [$type], qq({"snapshot": {"volume_id":)
            . qq( "$e", "force": "$secret$e", "description": "$secret$e")
            . qq(, "metadata": {"$key$e": "$secret$e"}, "name": "$e"}}));
        add('right values', 'POST', $path, [$type], qq({"snapshot": {"volume_id")
            . qq(: "@{[VOLUME]}", "description": "$secret$e", "metadata":)
            . qq({"k": "$secret$e", "j": [1]}, "name": "autobk_snapshot_$e"}}));
        add('DWS', 'POST', "/v1.0/$p/snapshots", [$type], qq({"snapshot": )
            . qq({"name": "$e", "cluster_id": "$e", "description": )
            . qq("$secret$e"}}));
        add('update', 'PUT', $member, [$type],
            qq({"snapshot": {"name": "$e", "description": "$secret$e"}}));
    }

    add('long value', 'POST', $path, [$type], create_body(description =>
        "$secret EVIL" x 100));
    add('too large', 'POST', $path, [$type], "$secret$evil" x 12000);
    add('content type of an upload', 'POST', $path,
        [['Content-Type', "text/x; a=$in_header"]], $secret);
}

# in a header that HTTP/1 has in its first line, HTTP/2 has any bytes

sub curl {
    my (@options) = @_;

    open my $out, '-|', 'curl', qw(-s -q --http2-prior-knowledge --max-time 5),
        qw(-o /dev/null --noproxy *), '-w', '%{http_code}', @options
        or die "curl: $!\n";

    return <$out> // '';
}

for my $evil (map { s/[\r\n\0]+//gr } @evil) {
    my $url = "http://127.0.0.1:$g->{ports}{h2}$path";

    curl('-X', "G$evil", $url);
    curl('-H', "Host: h$evil", $url);
    curl('-A', "a$evil", "$url?" . percent($evil));
}

# each in its turn, by enforcement, monitoring, a mode that is none, and from
# a body in a file

my $sent = 0;

for my $i (0 .. $#requests) {
    my ($field, $method, $target, $headers, $body) = @{ $requests[$i] };

    my @headers = (@$headers, ['X-Mode', ('', 'monitor', '', 'odd')[$i % 4]]);
    push @headers, ['X-Auth-Token', $token]
        if !grep { $_->[0] eq 'X-Auth-Token' } @headers;

    $target = "/validate$target" if $i % 11 == 0;

    my $r = $g->request($method, $target, \@headers, $body,
                        $i % 5 == 0 ? (port => $g->{ports}{small}) : ());

    $sent++ if $r->{status};
}

is($sent, @requests, @requests . ' requests are answered');

# whatever the gateway may have to say, of an attacker's target and headers:
# what is refused, what is none of the modes, what cannot be judged

rename "$g->{dir}/body", "$g->{dir}/moved" or die "rename: $!\n";

for my $evil (@evil) {
    my $in_target = $evil =~ s/([\x00-\x20\x7f%])/sprintf '%%%02x', ord $1/ger;
    my @headers = ($type, map { [$_, "x" . $evil =~ s/[\r\n\0]+//gr] }
                   'Referer', 'User-Agent', 'X-Auth-Token');

    for my $mode ('', 'monitor', 'odd') {
        for my $port (qw(small), '') {
            $sent++ if $g->request('POST', "$path?$in_target",
                [@headers, ['X-Mode', $mode]], $port ? create_body() : '{}',
                $port ? (port => $g->{ports}{$port}) : ())->{status};
        }
    }
}

is($sent, @requests + 6 * @evil, 'so are those that cannot be judged');

rename "$g->{dir}/moved", "$g->{dir}/body" or die "rename: $!\n";

# requests that are none, and bodies that break off

my $host = "Host: localhost\r\nX-Auth-Token: $token\r\n";
my $begin = "POST $path HTTP/1.1\r\n${host}Content-Type: application/json\r\n";

for my $evil (@evil) {
    my $in_line = $evil =~ s/[\r\n]+//gr;

    $g->exchange($_, count => 1, timeout => 0.5) for (
        "G$evil / HTTP/1.1\r\n$host\r\n",
        "GET $path$evil HTTP/1.1\r\n$host\r\n",
        "GET $path HTTP/1.$evil\r\n$host\r\n",
        "GET $path HTTP/1.1\r\n${host}X-$evil: 1\r\n\r\n",
        "GET $path HTTP/1.1\r\nHost: a$in_line\r\n\r\n",
        "${begin}Content-Length: 5$evil\r\n\r\n$secret",
        "${begin}Transfer-Encoding: $in_line\r\n\r\n$secret",
        "${begin}Transfer-Encoding: chunked\r\n\r\n$evil$secret\r\n",
        "${begin}Transfer-Encoding: chunked\r\n\r\n5;x=$in_line\r\nabcde\r\n"
        . "0\r\nX-$in_line: x\r\n\r\n",
        "${begin}Connection: close\r\nExpect: $in_line\r\nContent-Length: 2"
        . "\r\n\r\n{}",
    );
}

$g->exchange("${begin}Content-Length: 500\r\n\r\n{\"$secret", timeout => 0.2);
$g->exchange("${begin}Transfer-Encoding: chunked\r\n\r\nff\r\n{\"$secret",
             timeout => 0.2);

# what is in the logs: error.log at the level of conf/, and one below

my @notice = split /\n/, $g->read('notice.log');
my @info = split /\n/, $g->read('error.log');

sub shown { return join "\n", map { s/([^ -~])/sprintf '\\x%02x', ord $1/ger }
                              @_[0 .. ($#_ < 4 ? $#_ : 4)] }

my $begins = qr/^\d{4}(?:\/\d\d){2} \d\d:\d\d:\d\d \[\w+\] \d+#\d+: /;

cmp_ok(grep({ / rejected: operation / } @notice), '>', 300,
       'refusals are logged');
cmp_ok(grep({ /would be rejected/ } @notice), '>', 100,
       'so is what monitoring would refuse');

is(shown(grep { !/$begins/ } @notice), '', 'each line is a line of nginx');

# nginx ends each line of its own by client, server, request, host and referrer:
# a request line has no control characters, or it is refused, but a Referer may
# have them, and what nginx says of its own is out of reach

my $ours = sub { return grep { /: \*\d+ (?:snapshot |the value of "\$mode" )/ } @_ };

is(shown(grep { /[\x00-\x1f\x7f]/ } map { s/, referrer: ".*//sr } @notice), '',
   'no line has a control character, but in a Referer');

for my $line ('snapshot request rejected: ', 'snapshot request would be rejec',
              'snapshot request could not be judged') {
    cmp_ok(grep({ /: \*\d+ \Q$line\E/ } @notice), '>=', @evil,
           "the gateway says \"$line...\"");
}

# once a second at most

cmp_ok(grep({ /: \*\d+ the value of "\$mode" / } @notice), '>=', 1,
       'it says that a variable has no mode');

is(shown(grep { !/, client: 127\.0\.0\.1(?:, server: (?:localhost)?)?$/ }
         $ours->(@notice, @info)), '', 'and nothing behind client and server');
is(shown(grep { /[^ -~]/ } $ours->(@notice, @info)), '',
   'what it says is printable');
is(shown(grep { /EVIL/ } $ours->(@notice, @info)), '',
   'and has nothing that a client has sent');

for my $log ('notice.log', 'error.log', 'stderr.log', 'access.log', @logs) {
    my $text = $g->read($log);

    unlike($text, qr/\Q$token\E/, "no token is in $log");
    unlike($text, qr/\Q$secret\E/, "no value of a body is in $log");

    # positions have the names of unknown fields, as the answers have them

    my $names = $log =~ /^(?:notice|error|stderr)/ ? qr/(?!)/
                : qr/"violations": ?"(?:[^"\\]|\\.)*"/;

    is(shown(grep { /\Q$key\E/ } map { s/$names//r } split /\n/, $text), '',
       "no key of a body is in $log, but in a position");
}

# access logs

sub decoded {
    my ($line) = @_;

    return eval {
        JSON::PP->new->decode(Encode::decode('UTF-8', $line,
                                             Encode::FB_CROAK));
    };
}

for my $log (@logs, 'access.log') {
    my @lines = split /\n/, $g->read($log), -1;
    pop @lines;

    cmp_ok(@lines, '>=', $log =~ /^recipes/ ? 300 : scalar @requests,
           "$log has all requests");
    is(shown(grep { ref decoded($_) ne 'HASH' } @lines), '',
       'each line is a JSON object in UTF-8');
    is(shown(grep { /[\x00-\x1f]/ } @lines), '', 'without control characters');
}

for my $log (@shipped) {
    my @lines = map { decoded($_) } $g->lines($log);

    for my $field (qw(request_method request_uri host scheme status
                      request_id)) {
        is(scalar(grep { !exists $_->{$field} } @lines), 0,
           "$log: each line has $field");
    }

    cmp_ok(scalar(grep { ($_->{request_uri} // '') =~ /%9B/ } @lines), '>', 10,
           "$log: bytes that are no UTF-8 are percent-encoded");
}

# positions are printable, whatever the field is called

my @violations = map { $json->decode($_)->{violations} }
                 grep { /\Q$key\E/ } $g->lines((grep { /^nginx/ } @shipped)[0]);

cmp_ok(@violations, '>', 20, 'positions name unknown fields');
is(shown(grep { /[^ -~]/ } @violations), '', 'in printable characters');

$g->finish;


# a refusal has a line of its own, at the level that is asked for

my $locations = join '', map { "
        location /$_/ {
            snapshot_gateway enforce;
            snapshot_prefix /$_;
            snapshot_log_level $_;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%/;
        }
" } qw(info warn error);

$g = Gateway->new(server => <<"EOF", servers => <<'EOG');
        location / {
            snapshot_gateway enforce;
            snapshot_rule operation-known reject;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
$locations
EOF
    server {
        listen 127.0.0.1:%%PORT_monitor%%;
        server_name api.example.com other.example.com;
        snapshot_log_level error;

        location / {
            snapshot_gateway monitor;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
    }
EOG

# the line without its time and numbers of process and connection

sub said {
    my ($method, $target, %opt) = @_;

    my @before = $g->lines('error.log');

    $g->request($method, $target, [['Content-Type', 'application/json']],
                $opt{body}, $opt{port} ? (port => $opt{port}) : ());

    my @lines = $g->lines('error.log');

    return join "\n", map { s/^\S+ \S+ (\[\w+\]) \S+ \*\d+ /$1 /r }
                      grep { / snapshot request / } @lines[@before .. $#lines];
}

my $end = 'client: 127.0.0.1, server: localhost';

for my $place (qw(info warn error)) {
    is(said('GET', "/$place$path?limit=0"),
       "[$place] snapshot request rejected: operation evs_v3_list, project $p,"
       . " rule limit-range, violations 1, $end", "at the level $place");
}

is(said('POST', $path, body => '{"snapshot": {"name": 1, "x": 2}}'),
   "[notice] snapshot request rejected: operation evs_v3_create, project $p, "
   . "rule field-required, violations 3, $end",
   'a notice by default, with the first rule and how many there are');
is(said('GET', '/v3/p.q/snapshots'), '[notice] snapshot request rejected: '
   . "operation evs_v3_list, rule project-id, violations 1, $end",
   'a project id that is not well-formed is left out');
is(said('GET', '/v3/' . 'p' x 65 . '/snapshots'), '[notice] snapshot request '
   . "rejected: operation evs_v3_list, rule project-id, violations 1, $end",
   'so is one that is too long');
is(said('DELETE', "$path/detail/x"), '[notice] snapshot request rejected: '
   . "operation unknown, project $p, rule operation-known, violations 1, $end",
   'that of an unknown operation is known');
is(said('GET', "$path?limit=0", port => $g->{ports}{monitor}),
   '[error] snapshot request would be rejected: operation evs_v3_list, project '
   . "$p, rule limit-range, violations 1, client: 127.0.0.1, server: "
   . 'api.example.com', 'monitoring says the same, and which server it was');
is(said('GET', $path), '', 'what passes has no line');
is(said('GET', "$path?limit=51"), '', 'nor has a warning');

$g->finish;

for my $level ('debug', 'crit', 'notice warn', '') {
    my ($ok, $said) = $g->test_conf(http => "snapshot_log_level $level;");

    ok(!$ok, "snapshot_log_level $level is refused");
    like($said, qr/invalid (?:value "\w+"|number of arguments in "snapshot_log_level" directive)/,
         'as nginx refuses others');
}

done_testing;
