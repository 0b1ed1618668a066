# What cannot be judged is refused with a 500 in the documented format, and
# never passed on; what an upstream does not answer is a 502 or a 504 in that
# format, and a POST is not sent again; a client that is slow or goes away harms
# nobody but itself.  The next request is served as if nothing had been.

use strict;
use warnings;

use IO::Select;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Time::HiRes qw(sleep);

use Faulty;
use Gateway;

my $locations = <<'EOF';
        client_body_buffer_size 1k;

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /file {
            snapshot_gateway enforce;
            snapshot_prefix /file;
            client_body_in_file_only on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /slow {
            snapshot_gateway enforce;
            snapshot_prefix /slow;
            client_body_timeout 300ms;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOF

my $g = Gateway->new(server => $locations, servers =>
    "server { listen 127.0.0.1:%%PORT_h2%% http2; $locations }");

my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body(description => 'd' x 200);
my $large = $good . ' ' x 50000;
my $json = ['Content-Type', 'application/json'];

sub failed {
    my ($r, $title) = @_;

    is($r->{status}, 500, "$title: 500");
    is($r->{body}, '{"error": {"message": "the gateway could not judge the '
       . 'request", "code": "EVS.5500"}}', "$title: in the format");
    is(scalar(my @none = $g->received), 0, "$title: nothing is passed on");
}

is($g->post($large)->{status}, 200, 'a body in a file is judged');
$g->received;

rename "$g->{dir}/body", "$g->{dir}/moved" or die "rename: $!\n";

for my $prefix ('', '/m') {
    failed($g->post($large, target => "$prefix$path"),
           "$prefix no directory for bodies");

    my @pieces = map { ('0.02', sprintf("%x\r\n%s\r\n", length, $_)) }
                     unpack '(a5000)*', $large;

    my ($r) = $g->exchange([Gateway::head('POST', "$prefix$path",
        [$json, ['Transfer-Encoding', 'chunked']]), @pieces], count => 1);
    failed($r, "$prefix no directory for a body in pieces");

    ($r) = $g->exchange([Gateway::head('POST', "$prefix$path",
        [$json, ['Content-Length', length $large]]), '0.05',
        substr($large, 0, 20000), '0.05', substr($large, 20000)], count => 1);
    failed($r, "$prefix no directory for a body in two pieces");
}

failed($g->post($good, target => "/file$path"), 'client_body_in_file_only');

$g->write('sent', $large);

for (1 .. 20) {
    my $status = qx(curl -s -m 10 -o $g->{dir}/out -w '%{http_code}' \\
        --http2-prior-knowledge -X POST -H 'Content-Type: application/json' \\
        -T - http://127.0.0.1:$g->{ports}{h2}$path <$g->{dir}/sent);
    last if $status eq '500';
}

like($g->read('out'), qr/^\{"error": .*"EVS.5500"\}\}$/, 'HTTP/2');
is(scalar(my @none = $g->received), 0, 'HTTP/2: nothing is passed on');

my $log = $g->last_logged;
is("$log->{verdict} $log->{code}", 'rejected EVS.5500', 'the log has it');

is($g->post($good)->{status}, 200, 'what needs no file is judged all the same');
$g->received;

rename "$g->{dir}/moved", "$g->{dir}/body" or die "rename: $!\n";

is($g->post($large)->{status}, 200, 'once there is room again, all is well');
$g->received;


# a client that stops sending

$g->exchange([Gateway::head('POST', "/slow$path",
    [$json, ['Content-Length', 500]]), '{"snap', '0.6'], timeout => 2);
is(scalar(@none = $g->received), 0, 'a body that never comes goes nowhere');

my @many = map { $g->connect } 1 .. 30;
syswrite $_, Gateway::head('POST', $path, [$json, ['Content-Length', 900]])
             . '{' for @many;
is($g->post($good)->{status}, 200, 'slow clients keep nobody else waiting');
$g->received;
close $_ for @many;


# the directory for bodies is something else

rename "$g->{dir}/body", "$g->{dir}/moved" or die "rename: $!\n";
$g->write('body', '');

failed($g->post($large, target => "$_$path"), "$_ a file for a directory")
    for '', '/m';

unlink "$g->{dir}/body";
rename "$g->{dir}/moved", "$g->{dir}/body" or die "rename: $!\n";

$g->finish;


# The disk is full: no file may be longer than 32 kilobytes, for root neither.
# The signal for it is ignored, so that it is an error of the write, as it is
# with a disk.  Logs are files, too, so few requests are sent.

my $tmp = File::Temp->newdir(TMPDIR => 1);

open my $wrapper, '>', "$tmp/nginx" or die "wrapper: $!\n";
print $wrapper "#!/bin/sh\ntrap '' XFSZ\nulimit -f 64\nexec "
               . Gateway::nginx() . " \"\$@\"\n";
close $wrapper;
chmod 0755, "$tmp/nginx";

{
    local $ENV{TEST_NGINX} = "$tmp/nginx";
    $g = Gateway->new(server => $locations);
}

my $fits = $good . ' ' x 20000;

for my $prefix ('', '/m', '/file') {
    is($g->post($fits, target => "$prefix$path")->{status}, 200,
       "$prefix what the disk has room for is judged");
    ok(($g->received)[0]{body} eq $fits, "$prefix and passed on");

    failed($g->post($large, target => "$prefix$path"),
           "$prefix the disk is full");

    my @pieces = map { ('0.01', sprintf("%x\r\n%s\r\n", length, $_)) }
                     unpack '(a9000)*', $large;

    my ($r) = $g->exchange([Gateway::head('POST', "$prefix$path",
        [$json, ['Transfer-Encoding', 'chunked']]), @pieces], count => 1);
    failed($r, "$prefix the disk is full before the chunks end");
}

like($g->read('error.log'), qr/pwritev?\(\) "[^"]*" failed \(27: /,
     'which was so');
is($g->post($good)->{status}, 200, 'what needs no file is judged all the same');

$g->finish;


# upstreams

my $api = Faulty->new("$tmp/requests", 2);
my ($first, $second) = @{ $api->{ports} };
my $nobody = $api->refusing;
my $silent = $api->unanswered;

# By prefix, where it goes and what else holds there.  Only what hangs is given
# up soon, and later where it has begun: a busy machine is slow to answer, too.

my $soon = 'proxy_connect_timeout 500ms; proxy_read_timeout 500ms;';
my $later = 'proxy_read_timeout 2500ms;';

my %to = (
    ''        => ['twins', ''],
    '/m'      => ['twins', 'snapshot_gateway monitor;'],
    '/once'   => ['twins', 'proxy_next_upstream off;'],
    '/stream' => ['twins', 'proxy_request_buffering off;'],
    '/plain'  => ['twins', 'proxy_buffering off;'],
    '/kept'   => ['kept', 'proxy_http_version 1.1;
                           proxy_set_header Connection "";'],
    '/nobody' => ["127.0.0.1:$nobody", ''],
    '/half'   => ['half', ''],
    '/silent' => ['127.0.0.1:' . ($silent // $nobody), $soon],
    '/slow'   => ['twins', 'client_body_timeout 400ms;'],
    '/disk'   => ['twins', 'client_body_buffer_size 100;'],
    '/patient' => ['twins', ''],
    '/soon'   => ['twins', $soon],
    '/soon/m' => ['twins', "$soon snapshot_gateway monitor;"],
    '/soon/once' => ['twins', "$soon proxy_next_upstream off;"],
    '/later'  => ['twins', $later],
    '/later/plain' => ['twins', "$later proxy_buffering off;"],
);

my $ways = join '', map {
    my ($to, $more) = @{ $to{$_} };

    $more .= ' snapshot_gateway enforce;' if $more !~ /snapshot_gateway/;
    $more .= " snapshot_prefix $_;" if length;

    "location $_/ { $more proxy_pass http://$to; }\n";
} sort keys %to;

$g = Gateway->new(http => <<"EOF", server => <<"EOF");
    client_max_body_size 0;

    upstream twins {
        server 127.0.0.1:$first max_fails=0;
        server 127.0.0.1:$second max_fails=0;
    }

    upstream half {
        server 127.0.0.1:$nobody max_fails=0;
        server 127.0.0.1:$second max_fails=0;
    }

    upstream kept {
        server 127.0.0.1:$first max_fails=0;
        keepalive 4;
    }
EOF
        error_page 400 404 408 413 500 502 503 504 /snapshot_error;
        location = /snapshot_error { internal; snapshot_error; }

        $ways
EOF

my $id = 0;

# a request that its upstream does not answer as it should

sub faulty {
    my ($method, $prefix, $fault, $body) = @_;

    $id++;

    my $target = "$prefix$path" . ($method eq 'PUT' ? '/' . SNAPSHOT : '');
    my @headers = (headers => [['X-Fault', $fault], ['X-Id', $id]]);

    return $g->get($target, @headers) if $method eq 'GET';

    $body //= $method eq 'PUT' ? '{"snapshot": {"name": "n"}}' : $good;

    return $g->post($body, method => $method, target => $target, @headers);
}

# how often it came to an upstream, which may be slow to record so many

sub arrived {
    my ($n) = @_;

    my @requests;

    for (1 .. 500) {
        @requests = $api->arrived($id);
        last if @requests >= ($n // 0);
        sleep 0.02;
    }

    return scalar @requests;
}

sub told {
    my ($r) = @_;

    return "$r->{status} " . ($r->{headers}{'content-type'}[0] // '') . ' '
           . ($r->{fault} // '') . ' ' . ($r->{error}{code} // '');
}

my %outcome = (
    (map { $_ => 502 } 'no close', 'no reset', 'head close', 'head reset',
                       'wrong close', 'early no close', 'early no reset'),
    (map { $_ => 504 } 'no hang', 'head hang', 'early no hang'),
);

for my $fault (sort keys %outcome) {
    my $status = $outcome{$fault};
    my $expected = "$status application/json error $status";
    my $soon = $fault =~ /hang/ ? '/soon' : '';

    for my $prefix ($soon ? ('/soon', '/soon/m')
                    : ('', '/m', '/stream', '/plain', '/disk'))
    {
        is(told(faulty('POST', $prefix, $fault)), $expected,
           "$prefix $fault: a create is a $status");
        is(arrived(1), 1, "$prefix $fault: it is sent once");

        my ($log) = $g->logged(1);
        is("$log->{status} $log->{verdict}", "$status accepted",
           "$prefix $fault: it is logged as accepted");
    }

    is(told(faulty('PUT', "$soon/once", $fault)), $expected,
       "$fault: an update is a $status, too");
    is(arrived(1), 1,
       "$fault: with \"proxy_next_upstream off\" it is sent once");

    is(told(faulty('GET', $soon, $fault)), $expected, "$fault: a list as well");

    my $asked = $fault =~ /^wrong/ ? 1 : 2;
    arrived($asked);

    my %asked = map { $_->[0] => 1 } $api->arrived($id);
    is(keys %asked, $asked,
       "$fault: for which both are asked, unless one answers nonsense");

    $g->logged(2);
}

my $long = create_body(metadata => { map { ("k$_" => 'v' x 200) } 1 .. 400 });

for my $fault ('early no close', 'early no reset') {
    is(told(faulty('POST', '', $fault, $long)),
       '502 application/json error 502', "$fault: a long create is a 502");
    is(arrived(1), 1, "$fault: it is sent once");
}

for my $method ('POST', 'PUT', 'GET') {
    is(told(faulty($method, '/nobody', 'whole close')),
       '502 application/json error 502', "$method where nobody listens: 502");

    for (1 .. 4) {
        is(faulty($method, '/half', 'whole close')->{status}, 200,
           "$method where one of two listens: it is served");
        is(arrived(1), 1, 'by that one, once');
    }

    SKIP: {
        skip 'connections are answered even so', 2 if !$silent;

        is(told(faulty($method, '/silent', 'whole close')),
           '504 application/json error 504',
           "$method where nobody answers a connection: 504");
        is(arrived(), 0, 'nothing is sent');
    }
}

# once an answer has begun its status is out, but nobody takes it for whole

for my $fault ('body close', 'body reset', 'body hang', 'chunk close',
               'chunk reset', 'chunk hang')
{
    for my $prefix ($fault =~ /hang/ ? ('/later', '/later/plain')
                    : ('', '/plain'))
    {
        $id++;

        my ($r) = $g->exchange(Gateway::head('POST', "$prefix$path",
            [$json, ['Content-Length', length $good], ['X-Fault', $fault],
             ['X-Id', $id]]) . $good, timeout => 10);

        is($r->{status}, 200, "$prefix $fault: an answer that breaks off");
        ok($r->{closed}, "$prefix $fault: the connection is closed");
        ok($r->{headers}{'content-length'}[0]
           ? !$r->{whole} : $r->{body} !~ /(?:^|\r\n)0\r\n\r\n$/,
           "$prefix $fault: the client sees that it is cut");
        is(arrived(1), 1, "$prefix $fault: the create was sent once");
    }
}

# a connection that was kept and breaks when it is used again

for my $method ('POST', 'PUT', 'GET') {
    is(faulty($method, '/kept', 'whole keep')->{status}, 200, "$method: it is kept");
    is(told(faulty($method, '/kept', 'no close')),
       '502 application/json error 502', "$method: then it breaks");
    cmp_ok(arrived(1), '<=', $method eq 'POST' ? 1 : 2,
           "$method: and is not sent too often");
}

is(faulty('POST', '/patient', 'whole close')->{status}, 200, 'then all is well');
is(faulty('POST', '', 'no hang', create_body(name => 'n' x 256))->{error}{code},
   'EVS.5400', 'what is refused needs no upstream');
is(arrived(), 0, 'and never gets to it');


# Clients.  One sends a byte a second, while others do what they do.

$SIG{PIPE} = 'IGNORE';

my $patient_id = ++$id;
my $patient = fork() // die "fork: $!\n";

if ($patient == 0) {
    my @bytes = map { ($_, '0.999') } split //, substr $good, 0, 8;

    my ($r) = $g->exchange([Gateway::head('POST', "/patient$path", [$json,
        ['Content-Length', length $good], ['X-Id', $patient_id],
        ['Connection', 'close']]), '0.999', @bytes, substr $good, 8],
        timeout => 20);

    POSIX::_exit($r && $r->{status} == 200 ? 0 : 1);
}

my $part = substr $good, 0, 40;
my $whole = sprintf "%x\r\n%s\r\n0\r\n", length $good, $good;
my @length = ($json, ['Content-Length', 500]);
my @chunked = ($json, ['Transfer-Encoding', 'chunked']);
my $expect = ['Expect', '100-continue'];

my %ends = (
    closes         => sub { close $_[0] },
    resets         => sub { setsockopt $_[0], SOL_SOCKET, SO_LINGER,
                                       pack 'ii', 1, 0;
                            close $_[0] },
    'sends no more' => sub { shutdown $_[0], 1 },
    stays          => sub { },
);

# the log is in the order in which requests end, so each is awaited

sub ended {
    for (1 .. 250) {
        my @log = grep { $_->{request} !~ /\/patient/ } $g->logged(1);
        return "$log[0]{status} $log[0]{verdict}" if @log;
    }

    return '';
}

$g->settle;

for my $case (
    ['nothing of the body', \@length, ''],
    ['a part of the body', \@length, $part],
    ['half the size of a chunk', \@chunked, '6'],
    ['half a chunk', \@chunked, "60\r\n$part"],
    ['a chunk without its end', \@chunked, "28\r\n$part"],
    ['a chunk and no other one', \@chunked, "28\r\n$part\r\n"],
    ['all but the end of the last chunk', \@chunked, $whole],
    ['nothing after Expect', [@length, $expect], ''],
    ['a part after Expect', [@length, $expect], $part],
    ['no chunk after Expect', [@chunked, $expect], ''],
) {
    my ($what, $headers, $sent) = @$case;

    for my $end (sort keys %ends) {
        for my $prefix ($end eq 'stays' ? '/slow' : ('', '/m', '/disk')) {
            my $title = "$prefix $what, and the client $end";

            $id++;

            my $s = $g->connect;

            syswrite $s, Gateway::head('POST', "$prefix$path",
                                       [@$headers, ['X-Id', $id]]);

            if ($headers->[-1] == $expect) {
                IO::Select->new($s)->can_read(5);
                sysread $s, my $said, 100;
                is($said, "HTTP/1.1 100 Continue\r\n\r\n", "$title: 100");
            }

            syswrite $s, $sent;
            sleep 0.02;
            $ends{$end}->($s);

            is(ended(), $end eq 'stays' ? '408 -' : '400 -',
               "$title: there is no verdict");

            if ($end eq 'stays') {
                IO::Select->new($s)->can_read(5);
                ok(!sysread($s, my $said, 100), "$title: it is sent away");
            }

            is(arrived(), 0, "$title: nothing is passed on");
        }
    }
}

# a client that goes away once all is sent

my $s = $g->connect;
$id++;
syswrite $s, Gateway::head('POST', "/m$path", [$json,
    ['Content-Length', length $good], ['X-Fault', 'no hang'], ['X-Id', $id]])
    . $good;

arrived(1);
close $s;

is(ended(), '499 accepted', 'a client that does not wait for its answer');
is(arrived(1), 1, 'its create was sent once');

# the patient one

waitpid $patient, 0;
is($?, 0, 'a client that sends a byte a second is served');
is(join(' ', map { "$_->[1] $_->[2]" } $api->arrived($patient_id)),
   'POST ' . length $good, 'its body arrives whole, once');

is_deeply([glob "$g->{dir}/body/*"], [], 'nobody leaves a file behind');
is(faulty('POST', '/patient', 'whole close')->{status}, 200, 'then all is well');

$g->finish;


# 2,000 clients that are idle or slow, from processes that stay within the
# usual limit of open files

$g = Gateway->new(connections => 4096, main => 'worker_rlimit_nofile 8192;',
                  server => $locations);

my @slow = (
    '',
    "POST $path HTTP/1.1\r\nHost: local",
    Gateway::head('POST', $path, \@length) . $part,
    Gateway::head('POST', $path, \@chunked) . "60\r\n$part",
    Gateway::head('POST', $path, [@length, $expect]),
    Gateway::head('GET', "$path?limit=0", []),
);

my @clients;

for (1 .. 5) {
    pipe my $in, my $out or die "pipe: $!\n";
    pipe my $wait, my $go or die "pipe: $!\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        close $_ for $in, $go, map { @$_[1, 2] } @clients;

        my @open;

        for my $i (1 .. 400) {
            my $c = eval { $g->connect } or last;
            syswrite $c, $slow[$i % @slow];
            push @open, $c;
        }

        syswrite $out, scalar(@open) . "\n";
        sysread $wait, my $end, 1;
        POSIX::_exit(0);
    }

    close $_ for $out, $wait;
    push @clients, [$pid, $in, $go];
}

my $open = 0;

$open += readline($_->[1]) // 0 for @clients;
is($open, 2000, '2,000 clients connect');

my ($served, $refused, $held) = (0, 0, 0);
my ($worker) = $g->workers;

for (1 .. 100) {
    $served++ if $g->post($good)->{status} == 200;
    $refused++ if $g->post(create_body(name => 'n' x 256))->{status} == 400;

    my $n = () = glob "/proc/$worker/fd/*";
    $held = $n if $n > $held;
}

cmp_ok($held, '>', 2000, 'they are all held');
is("$served $refused", '100 100', 'others are served as ever');
is(scalar(my @got = $g->received), 100, 'and what is good only is passed on');

close $_->[2] for @clients;
waitpid $_->[0], 0 for @clients;

is($g->post($good)->{status}, 200, 'once they are gone, all is well');

$g->finish;

done_testing;
