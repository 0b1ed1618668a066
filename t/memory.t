# Under valgrind, no request makes nginx touch memory that is not its own: one
# of each outcome by each way of reading a body, and clients that go away.

use strict;
use warnings;

use Test::More;

use Gateway;

plan skip_all => 'valgrind is not installed' if !qx(valgrind --version 2>&1);

my $nginx = Gateway::nginx();
my $dir = File::Temp->newdir;
my $wrapper = "$dir/nginx";

open my $fh, '>', $wrapper or die "$wrapper: $!\n";
print $fh "#!/bin/sh\nexec valgrind --quiet --trace-children=yes "
          . "--log-file=$dir/log.%p $nginx \"\$@\"\n";
close $fh;
chmod 0755, $wrapper;

$ENV{TEST_NGINX} = $wrapper;

my $locations = <<'EOF';
        location / {
            snapshot_gateway enforce;
            snapshot_error_details on;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /small {
            snapshot_gateway enforce;
            snapshot_prefix /small;
            snapshot_rule body-size reject max=300;
            client_body_buffer_size 100;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            client_body_buffer_size 100;
            proxy_pass http://127.0.0.1:1;
            error_page 502 /page;
        }

        location = /page {
            return 502;
        }

        location = /metrics { snapshot_status; }
        location = /status.json { snapshot_status json; }
EOF

my $g = Gateway->new(http => 'snapshot_zone counters 64k;',
    server => $locations, servers =>
    "server { listen 127.0.0.1:%%PORT_h2%% http2; $locations }");

my $path = '/v3/' . PROJECT . '/snapshots';
my $json = ['Content-Type', 'application/json'];
my $close = ['Connection', 'close'];

my %bodies = (
    200 => create_body(name => 'autobk_snapshot_' . 'n' x 50),
    400 => create_body(name => 'n' x 300, more => 1),
);

for my $status (sort keys %bodies) {
    my $body = $bodies{$status};
    my ($first, $second) = unpack 'a50 a*', $body;
    my @length = ($json, ['Content-Length', length $body], $close);
    my @chunked = ($json, ['Transfer-Encoding', 'chunked'], $close);

    for my $prefix ('', '/small', '/m') {
        my $expected = $prefix eq '/m' ? 502
                     : $prefix eq '/small' && length $body > 300 ? 413
                     : $status;
        my $target = "$prefix$path";

        for my $pieces (
            [Gateway::head('POST', $target, [@length]) . $body],
            [Gateway::head('POST', $target, [@length]), '0.1', $body],
            [Gateway::head('POST', $target, [@length]) . $first, '0.1',
             $second],
            [Gateway::head('POST', $target, [@chunked]), '0.1',
             sprintf("%x\r\n%s\r\n", length $first, $first), '0.1',
             sprintf("%x\r\n%s\r\n0\r\n\r\n", length $second, $second)],
        ) {
            my ($r) = $g->exchange($pieces, timeout => 10);
            is($r->{status}, $expected, "$prefix: $expected");
        }

        $g->exchange([Gateway::head('POST', $target, [@length]) . $first],
                     timeout => 0.3);

        $g->write('sent', $body);
        system "curl -s -m 10 -o $g->{dir}/out --http2-prior-knowledge -X POST"
             . " -H 'Content-Type: application/json' -T - "
             . "http://127.0.0.1:$g->{ports}{h2}$target <$g->{dir}/sent";
    }
}

is($g->get("$path?limit=0&name=%ff&x=%01")->{status}, 400, 'a query');
is($g->get("/v3//%70/snapshots/.?limit=5")->{status}, 400, 'a path');
is($g->get('/v3//' . '%70' x 60 . '/snapshots/.?limit=5')->{status}, 400,
   'a long path');
is($g->get('/small/v3//' . '%70' x 2000 . '/snapshots/.;\\')->{status}, 400,
   'and one that needs a buffer of its own');
is($g->get("$path/detail?limit=50&name=a%20b")->{status}, 200, 'a good query');

cmp_ok($g->metrics->{snapshot_gateway_judge_seconds_count}, '>', 30,
       'all were counted');
cmp_ok(@{ $g->status->{projects}{rows} }, '>', 2, 'by project, too');

$g->finish;

my $found = join '', map { open my $fh, '<', $_; local $/; <$fh> }
            glob "$dir/log.*";

is($found, '', 'valgrind has nothing to say');

done_testing;
