# nginx has no memory, at each allocation in turn that a request makes: what is
# bad is not passed on, what is good arrives as it was sent or not at all, the
# client is not told that it was at fault, and the worker lives on.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

use Gateway;

plan skip_all => 'the sanitizers have an allocator of their own'
    if $ENV{ASAN_OPTIONS};

my ($cc) = split ' ', $ENV{CC} // 'gcc';
my $path = '/v3/' . PROJECT . '/snapshots';
my $good = create_body(name => 'good', description => "d\x{c3}\x{a4}");
my $bad = create_body(name => 'bad' x 86);

my $dir = tempdir(CLEANUP => 1);
my $left = "$dir/left";

system($cc, qw(-O1 -shared -fPIC -o), "$dir/nomemory.so", 't/data/nomemory.c')
    == 0 or die "$cc failed\n";

open my $fh, '>:raw', $left or die "$left: $!\n";
print $fh pack 'i', 0;
close $fh;

my %conf = (
    http => 'snapshot_zone counters 1m;
             connection_pool_size %%POOL%%;
             request_pool_size %%POOL%%;
             map $http_x_mode $mode { default enforce; monitor monitor; }',
    server => '
        client_body_buffer_size 1k;
        error_page 404 502 /error;
        location = /error { internal; snapshot_error; }
        location / {
            snapshot_gateway $mode;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
        location /unbuffered/ {
            snapshot_gateway enforce;
            snapshot_prefix /unbuffered;
            snapshot_error_details on;
            proxy_request_buffering off;
            proxy_http_version 1.1;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
        location /details/ {
            snapshot_gateway enforce;
            snapshot_prefix /details;
            snapshot_error_details on;
            snapshot_rule operation-known reject;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
        location /rewritten/ {
            rewrite ^/rewritten(/.*) $1 break;
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
        location /validate/ {
            snapshot_prefix /validate;
            snapshot_validate;
        }
        location = /openapi.json { snapshot_openapi; }
        location = /metrics { snapshot_status prometheus; }
        location = /status.json { snapshot_status json; }
        location /tenant/ {
            snapshot_tenant $http_x_tenant;
            snapshot_gateway enforce;
            snapshot_prefix /tenant;
            proxy_set_header X-Token-Id $snapshot_token_id;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
        location = /gone { return 404; }
        location /returned/ { return 404; }');

my @json = (['Content-Type', 'application/json']);

my $long = '%2561' x 200;

# method, target, headers, body, the status with memory

my @requests = (
    ['GET', "$path?limit=10", [], undef, 200],
    ['GET', "$path?limit=2000", [], undef, 400],
    ['GET', "$path?limit=100&extra=1", [], undef, 200],
    ['GET', "$path/detail?sort_dir=up", [['X-Mode', 'monitor']], undef, 200],
    ['GET', "/details$path?limit=2000&name=a&name=b", [], undef, 400],
    ['DELETE', "/details$path", [], undef, 405],
    ['POST', $path, \@json, $good, 200],
    ['POST', $path, \@json, $bad, 400],
    ['POST', $path, \@json, create_body(name => 'autobk_snapshot_1'), 200],
    ['POST', "/details$path", \@json, create_body(size => 1, name => 1), 400],
    ['POST', $path, [@json, ['X-Mode', 'monitor']], $bad, 200],

    # the first in a file, for which a worker gets memory once, is a bad one

    ['POST', $path, \@json, create_body(description => 'x' x 256,
        metadata => { map { ("k$_" => 'v' x 200) } 1 .. 9 }), 400],
    ['POST', $path, \@json, create_body(description => 'x' x 255,
        metadata => { map { ("k$_" => 'v' x 200) } 1 .. 9 }), 200],
    ['POST', "//v3/%39/../" . PROJECT . '/snapshots', \@json, $good, 400],
    ['GET', "$path/" . '%61/' x 50, [], undef, 200],

    # paths that are too long to be decoded without memory

    ['POST', "/$long$path", \@json, $good, 400],
    ['GET', "$path/a%20$long", [], undef, 200],
    ['GET', "/rewritten$path/a%20$long", [], undef, 200],
    ['GET', "/returned/$long$path", [], undef, 404],
    ['POST', "/tenant$path", [@json, ['X-Tenant', "\xff"],
                              ['X-Auth-Token', 'a']], $good, 200],
    ['POST', "/tenant$path", [@json, ['X-Tenant', "\xff"],
                              ['X-Auth-Token', 'a']], $bad, 400],
    ['POST', "/unbuffered$path", \@json, $good, 200],
    ['POST', "/unbuffered$path", \@json, $bad, 400],
    ['POST', "/rewritten$path", \@json, $good, 200],
    ['POST', "/rewritten$path", \@json, $bad, 400],
    ['POST', "/v1.0/" . PROJECT . '/snapshots', \@json,
        '{"snapshot": {"name": "snap-1", "cluster_id": "' . CLUSTER . '"}}',
        200],
    ['POST', "/validate$path", \@json, $bad, 400],
    ['GET', "/validate$path?limit=100", [], undef, 200],
    ['DELETE', "/validate$path", [], undef, 405],
    ['GET', '/openapi.json', [], undef, 200],
    ['GET', '/metrics', [], undef, 200],
    ['GET', '/status.json', [], undef, 200],
    ['GET', '/gone', [], undef, 404],
);

sub left {
    my ($n) = @_;

    open my $fh, '+<:raw', $left or die "$left: $!\n";

    if (defined $n) {
        syswrite $fh, pack 'i', $n;
        return;
    }

    sysread $fh, my $now, 4;
    return unpack 'i', $now;
}

# each block of a pool of 112 bytes is for one allocation or two; from larger
# ones, an allocation fails that is not the first for which there is no room

for my $pool (112, 256, 1024) {
    local @ENV{qw(LD_PRELOAD NOMEMORY)} = ("$dir/nomemory.so", $left);

    my $g = Gateway->new(%conf, http => $conf{http} =~ s/%%POOL%%/$pool/gr);

    delete @ENV{qw(LD_PRELOAD NOMEMORY)};
    try($g, $pool);
}

sub try {
    my ($g, $pool) = @_;

    # the worker has begun

    is($g->get('/metrics')->{status}, 200, "pools of $pool bytes");

    my ($worker) = $g->read('error.log') =~ /.*start worker process (\d+)/s;
    my $failed = 0;

    for my $request (@requests) {
        my ($method, $target, $headers, $body, $status) = @$request;

        my $title = "$pool bytes: $method $target"
                  . (defined $body ? ' with ' . length $body : '');
        my $passes = $status == 200 && $target !~ /validate|json|metrics/;
        my ($n, $step, @wrong) = (0, 1);

        # trees take thousands from jansson, which logs no failure

        my $described = $target =~ m{/openapi|/status\.json};

        # a mode that nginx has no memory for is none, so the gateway enforces

        my @bad = grep({ $_->[0] eq 'X-Mode' } @$headers) ? 400 : ();

        for ($n = 1; $n < 20000; $n += $step) {
            left($n);
            $step = 23 if $described && $n > 200;

            my $began = time;
            my $r = $g->request($method, $target, $headers, $body);

            my @got = $g->received;

            push @wrong, "$n: no end after " . (time - $began) . ' seconds'
                if time - $began >= 4;
            push @wrong, "$n: $r->{status}"
                if !grep { $r->{status} == $_ } 0, 500, $status,
                                                $passes ? 502 : (), @bad;
            push @wrong, "$n: killed the worker"
                if $g->read('error.log') =~ /worker process \Q$worker\E exited/;
            push @wrong, "$n: is passed on" if @got && !$passes;
            push @wrong, "$n: is passed on " . @got . ' times' if @got > 1;

            # what broke off is no request

            push @wrong, "$n: is passed on as $got[0]{body}"
                if @got && defined $body && $got[0]{body} ne $body
                   && $body !~ /^\Q$got[0]{body}\E/;

            if (left() > 0) {
                is($r->{status}, $status, "$title: with memory");
                left(0);
                last;
            }
        }

        is(join("\n", @wrong), '',
           "$title: without memory, the last time the " . ($n - $step)
           . '. of it');
        cmp_ok($n, '>', 5, "$title: it needed some");
        $failed += $n - 1 unless $described;
    }

    my $log = $g->read('error.log');
    my $times = $log =~ s/^.*(?:(?:malloc|memalign)\(.*\)\ failed
                             |pcre2_match\(\)\ failed:\ -48\b).*\n//mgx;

    cmp_ok($times, '>', $failed / 2, "nginx missed it $times times");
    ok(kill(0, $worker), 'the worker lives');

    # the harness looks for these, which were ours
    $g->write('error.log', $log);

    $g->finish;
}

done_testing;
