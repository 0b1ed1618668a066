# The page of the counters in a real browser: its numbers are those of the
# traffic, what clients send stays text, and it can be used on a phone, in the
# dark, by the keyboard and with a screen reader.

use strict;
use warnings;

use File::Path qw(make_path);
use Test::More;

use Gateway;

plan skip_all => Gateway::without_npm() if Gateway::without_npm();

my $g = Gateway->new(
    http => 'snapshot_zone counters 64k;
        limit_req_zone $server_name zone=budget:64k rate=1r/m;
        limit_req_status 429;',
    server => <<'EOT',
        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /m/ {
            snapshot_gateway monitor;
            snapshot_prefix /m;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }

        location /l/ {
            limit_req zone=budget;
            snapshot_prefix /l;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOT
    servers => Gateway::shipped('status.conf'));

my $pictures = 'build/page';
make_path($pictures);

my @tap = qx(timeout 120 node t/node/page.mjs \\
    http://127.0.0.1:$g->{ports}{status}/ http://127.0.0.1:$g->{port} \\
    $pictures 2>&1);

my ($plan, $last) = (0, 0);

for my $line (@tap) {
    if ($line =~ /^(not )?ok (\d+) - (.*)/) {
        ok(!$1, $3);
        $last = $2;

    } elsif ($line =~ /^1\.\.(\d+)$/) {
        $plan = $1;

    } else {
        diag $line;
    }
}

is($last, $plan, 'all of it was run');
cmp_ok($plan, '>', 60, 'which is not little');

for my $picture ('light', 'dark', 'phone') {
    cmp_ok(-s "$pictures/$picture.png" // 0, '>', 20000,
           "there is a picture: $pictures/$picture.png");
}

$g->finish;

done_testing;
