# Who would break: the projects with violations, in a table of bounded size
# that drops who was not seen for longest, in the JSON form only.

use strict;
use warnings;

use JSON::PP;
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my %conf = (http => 'snapshot_zone counters 40k;', server => <<'EOT');
        location = /metrics { snapshot_status; }
        location = /status.json { snapshot_status json; }

        location / {
            snapshot_gateway monitor;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOT

my $g = Gateway->new(%conf);

my $json = JSON::PP->new->utf8;

sub rows { return @{ $g->status->{projects}{rows} } }

sub brief { return join ' ', map { $_[0]{$_} } qw(project operation rule
                                                  severity count) }

my $good = create_body();

my $p = $g->status->{projects};
my $size = $p->{size};
is_deeply($p->{rows}, [], 'there is none at the start');
is($p->{dropped}, 0, 'none was dropped');
cmp_ok($size, '>=', 100, 'there is room for some');

# the form

my ($r) = $g->exchange(Gateway::head('GET', '/status.json',
                                     [['Connection', 'close']]));
is($r->{status}, 200, 'the form for programs');
is($r->{headers}{'content-type'}[0], 'application/json', 'is JSON');
is($r->{headers}{'cache-control'}[0], 'no-store', 'that is never old');

my $status = $json->decode($r->{body});
is(join(' ', sort keys %$status),
   'body_bytes body_on_disk build judge_seconds operations projects since '
   . 'time unjudged', 'its members');
is(keys %{ $status->{operations} }, 19, 'all operations');
is(join(' ', sort keys %{ $status->{operations}{evs_v3_create} }),
   'limited requests upstream violations', 'with their counters');
cmp_ok(abs($status->{time} - time), '<', 5, 'its time');

for my $path ('/metrics', '/status.json') {
    ($r) = $g->exchange(Gateway::head('HEAD', $path, [['Connection',
                        'close']]), head => 1);
    is($r->{status}, 200, "HEAD $path");
    cmp_ok($r->{headers}{'content-length'}[0], '>', 1000, 'has a length');

    $r = $g->request('POST', $path, [], '{}');
    is("$r->{status} $r->{headers}{allow}[0] $r->{fault}",
       '405 GET, HEAD badMethod', "POST $path is refused");
}

($r) = $g->exchange(Gateway::head('GET', '/metrics',
                                  [['Connection', 'close']]));
is($r->{headers}{'content-type'}[0],
   'text/plain; version=0.0.4; charset=utf-8', 'the form for Prometheus');

# a good request leaves no trace

$g->post($good, target => '/v3/good/snapshots') for 1 .. 3;
is(scalar(rows()), 0, 'a project without violations is not in it');

# what stands in a row

my $start = time;

$g->post(create_body(name => 'n' x 300), target => '/v3/one/snapshots')
    for 1 .. 3;
$g->get('/v2/one/snapshots?limit=60&a=1&b=1');

my @rows = rows();
is_deeply([sort(map { brief($_) } @rows[0, 1]), brief($rows[2])],
          ['one evs_v2_list limit-advised warn 1',
           'one evs_v2_list param-unknown warn 2',
           'one evs_v3_create name-length reject 3'],
          'a row for each operation, rule and severity, the last one first');
is_deeply([sort keys %{ $rows[0] }],
          [qw(count first last operation project rule severity)],
          'its members');
cmp_ok($rows[$_]{first}, '>=', $start, 'when it was seen first') for 0 .. 2;
cmp_ok($rows[$_]{first}, '<=', $rows[$_]{last}, 'and last') for 0 .. 2;

$g->post(create_body(metadata => { k => 1 }), target => '/v3/two/snapshots');
$g->reload(%conf, server => $conf{server} =~ s/monitor;/
    monitor; snapshot_rule metadata-entry reject;/r);

sub two { return sort map { $_->{project} eq 'two' ? $_->{severity} : () } rows() }

# the old worker may still be there

for (1 .. 50) {
    $g->post(create_body(metadata => { k => 1 }),
             target => '/v3/two/snapshots');
    last if grep { $_ eq 'reject' } two();
    sleep 0.1;
}

is(join(' ', two()), 'reject warn',
   'a severity that has changed has a row of its own');

sleep 2;
$g->post(create_body(name => 'n' x 300), target => '/v3/one/snapshots');

my ($row) = rows();
is(brief($row), 'one evs_v3_create name-length reject 4', 'seen again');
cmp_ok($row->{last} - $row->{first}, '>=', 1, 'the last time is another one');

# what clients can send as a project

my $bad = create_body(name => 'n' x 300);

for my $case (
    ['<script>', '/v3/<script>alert(1)%3C/snapshots', '<script>alert(1)<'],
    ['"', '/v3/"/snapshots', '"'],
    ['a backslash', '/v3/%5c%5c/snapshots', undef],
    ['a newline', '/v3/a%0Ab/snapshots', undef],
    ['no UTF-8', "/v3/\xff\xfe/snapshots", '%FF%FE'],
    ['UTF-8', "/v3/\xc3\xa9/snapshots", "\x{e9}"],
    ['none', '/v3/snapshots', ''],
    ['64 bytes', '/v3/' . 'p' x 64 . '/snapshots', 'p' x 64],
    ['65 bytes', '/v3/' . 'q' x 65 . '/snapshots', 'q' x 64],
) {
    my ($title, $target, $project) = @$case;

    $g->post($bad, target => $target);

    my ($row) = rows();
    ok(defined $row, "$title: the answer is JSON");
    is($row->{project}, $project, "$title: the project") if defined $project;
}

is(join(' ', grep { /alert|qqq/ } keys %{ $g->metrics }), '',
   'Prometheus never sees a project');

# full

my $used = rows();

$g->post($bad, target => "/v3/p$_/snapshots") for 1 .. $size - $used;
$p = $g->status->{projects};
is(scalar @{ $p->{rows} }, $size, 'the table is full');
is($p->{dropped}, 0, 'and nothing was dropped');

my @order = map { $_->{project} } @{ $p->{rows} };
my ($oldest, $next) = @order[-1, -2];

$g->get("/v2/one/snapshots?limit=60");
$p = $g->status->{projects};
is($p->{dropped}, 0, 'who is in it needs no room');
is($p->{rows}[0]{count}, 2, 'and is counted on');

my $last = $p->{rows}[-1];
$g->post($bad, target => '/v3/late/snapshots');
$p = $g->status->{projects};
is(scalar @{ $p->{rows} }, $size, 'it stays full');
is($p->{dropped}, 1, 'one was dropped');
is($p->{rows}[0]{project}, 'late', 'for the one that came');
ok(!grep({ brief($_) eq brief($last) } @{ $p->{rows} }),
   'it was the one not seen for longest');
is($g->metrics->{snapshot_gateway_projects_dropped_total}, 1,
   'Prometheus sees the number');

my $series = 'snapshot_gateway_violations_total{operation="evs_v3_create",'
           . 'rule="name-length",severity="reject"}';
my $before = $g->metrics->{$series};

$g->post($bad, target => "/v3/flood$_/snapshots") for 1 .. 3 * $size;
$p = $g->status->{projects};
is($p->{dropped}, 1 + 3 * $size, 'a flood drops all');
is(join(' ', map { $_->{project} } @{ $p->{rows} }),
   join(' ', map { "flood$_" } reverse 2 * $size + 1 .. 3 * $size),
   'but the latest');
is($g->metrics->{$series} - $before, 3 * $size, 'no counter is lost by it');

$g->finish;

done_testing;
