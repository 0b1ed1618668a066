# "snapshot_zone" is shared by all workers and lives on when they are replaced
# or killed; a zone that cannot do its work is refused or made anew, with a
# word on it.

use strict;
use warnings;

use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $server = <<'EOT';
        location = /metrics { snapshot_status prometheus; }
        location = /status.json { snapshot_status json; }

        location / {
            snapshot_gateway enforce;
            proxy_pass http://127.0.0.1:%%UPSTREAM%%;
        }
EOT

my @conf = (server => $server, workers => 2);
my $g = Gateway->new(http => 'snapshot_zone counters 64k;', @conf);

my $path = '/v3/' . PROJECT . '/snapshots';
my $series = 'snapshot_gateway_requests_total'
           . '{operation="evs_v3_create",verdict="rejected"}';
my $bad = create_body(name => 'n' x 256);

# with two workers a request may still be on its way into the log

sub count {
    my ($expected) = @_;

    for (1 .. 500) {
        my $n = $g->metrics->{$series};
        return $n if $n >= $expected;
        sleep 0.02;
    }

    return $g->metrics->{$series};
}

# configurations

for my $case (
    ['snapshot_zone;', qr/invalid number of arguments in "snapshot_zone"/],
    ['snapshot_zone a 64k b;', qr/invalid number of arguments in "snapshot_zone"/],
    ['snapshot_zone counters;', qr/invalid value "counters" in "snapshot_zone" directive, it must be "name:size", such as "counters:1m"/],
    ['snapshot_zone counters:;', qr/invalid size "" in "snapshot_zone" directive/],
    ['snapshot_zone counters:x;', qr/invalid size "x" in "snapshot_zone" directive/],
    ['snapshot_zone counters:1k;', qr/size "1k" in "snapshot_zone" directive is too small/],
    ['snapshot_zone :64k;', qr/empty name in "snapshot_zone" directive/],
    ['snapshot_zone a:b:64k;', qr/invalid size "b:64k" in "snapshot_zone" directive/],
    ['snapshot_zone a:64k; snapshot_zone b 64k;', qr/"snapshot_zone" directive is duplicate/],
    ['snapshot_zone "" 64k;', qr/empty name in "snapshot_zone" directive/],
    ['snapshot_zone counters x;', qr/invalid size "x" in "snapshot_zone" directive, it must be a number of bytes, with "k" or "m" at its end for more/],
    ['snapshot_zone counters -1;', qr/invalid size "-1"/],
    ['snapshot_zone a 64k; snapshot_zone b 64k;', qr/"snapshot_zone" directive is duplicate/],
    ['', qr/"snapshot_status" has nothing to show, "snapshot_zone" is missing/],
) {
    my ($ok, $said) = $g->test_conf(http => $case->[0], server => $server);
    ok(!$ok, "\"$case->[0]\" is refused");
    like($said, $case->[1], 'and why');
}

my ($ok, $said) = $g->test_conf(server => "$server snapshot_zone a 64k;");
like($said, qr/"snapshot_zone" directive is not allowed here/,
     'it belongs into http');

($ok, $said) = $g->test_conf(http => 'snapshot_zone a 64k;',
    server => 'location / { snapshot_status xml; }');
like($said, qr/invalid value "xml" in "snapshot_status" directive, it must be "prometheus" or "json"/,
     'the forms are named');

($ok, $said) = $g->test_conf(http => 'snapshot_zone a 64k;',
    server => 'location / { snapshot_status; snapshot_status json; }');
like($said, qr/"snapshot_status" directive is not the only one in its location/,
     'one form a location');

($ok, $said) = $g->test_conf(http => 'snapshot_zone a 64k;',
    server => 'location / { snapshot_status; snapshot_status prometheus; }');
like($said, qr/"snapshot_status" directive is duplicate/, 'once');

($ok, $said) = $g->test_conf(http => 'snapshot_zone counters 1k;',
                             server => $server);
ok(!$ok, 'too small a zone is refused');
like($said, qr/size "1k" in "snapshot_zone" directive is too small, it must be at least \d+k/,
     'with the least size');

my ($least) = $said =~ /at least (\d+)k/;

($ok, $said) = $g->test_conf(http => "snapshot_zone counters ${least}k;",
                             server => $server);
ok($ok, "which is enough: ${least}k") or diag $said;

my $under = $least * 1024 - 1;
($ok, $said) = $g->test_conf(http => "snapshot_zone counters $under;",
                             server => $server);
ok(!$ok, 'a byte less is not');

for my $size ("${least}k", '100000', '1m', '8m') {
    my $z = Gateway->new(http => "snapshot_zone counters $size;",
                         server => $server);
    $z->post($bad);
    is($z->metrics->{$series}, 1, "a zone of $size counts");
    cmp_ok($z->status->{projects}{size}, '>=', 100, 'and has room for projects');
    $z->finish;
}

# all workers count in one place

# a reload, and the end of the old workers, which count in the old zone

sub reloaded {
    my (%conf) = @_;

    my @old = split ' ', qx(ps -o pid= --ppid $g->{pid});

    $g->reload(%conf);

    for (1 .. 1000) {
        last if !grep { kill 0, $_ } @old;
        sleep 0.02;
    }
}

sub workers {
    my ($before) = @_;

    for (1 .. 1000) {
        my @pids = split ' ', qx(ps -o pid= --ppid $g->{pid});
        return @pids if @pids == 2 && !grep { ($before // '') eq $_ } @pids;
        sleep 0.02;
    }

    return;
}

$g->post($bad) for 1 .. 40;
is(count(40), 40, 'both workers');

my $since = $g->status->{since};
my ($row) = @{ $g->status->{projects}{rows} };
is("$row->{project} $row->{rule} $row->{count}", PROJECT . ' name-length 40',
   'and of projects');

# a worker is killed

my ($victim) = workers();
kill 'KILL', $victim;
workers($victim);

$g->post($bad) for 1 .. 10;
is(count(50), 50, 'the counters survive a killed worker');

for my $n (1 .. 10) {
    my ($pid) = workers();

    my $child = fork() // die "fork: $!\n";

    if ($child == 0) {
        eval { $g->post($bad) } for 1 .. 50;
        POSIX::_exit(0);
    }

    sleep 0.01 * $n;
    kill 'KILL', $pid;
    waitpid $child, 0;
    workers($pid);
}

# the last one may still be on its way into the log

sleep 1;

my $before = $g->metrics->{$series};
cmp_ok($before, '>', 50, 'ten more of them, with requests on their way');
$g->post($bad);
is(count($before + 1), $before + 1, 'and it goes on counting');
is((grep { $_->{rule} eq 'name-length' } @{ $g->status->{projects}{rows} })[0]
   {project}, PROJECT, 'and telling projects');

# reload

reloaded(http => 'snapshot_zone counters 64k;', @conf);
$g->post($bad);
is(count($before + 2), $before + 2, 'the counters survive a reload');
is($g->status->{since}, $since, 'they have counted since the start');
unlike($g->read('error.log'), qr/\[warn\]/, 'without a word');

reloaded(http => 'snapshot_zone counters:64k;', @conf);
$g->post($bad);
is(count($before + 3), $before + 3, '"name:size" is the same zone');
unlike($g->read('error.log'), qr/\[warn\]/, 'without a word');

# each process counts for itself, and there may be more of them than places

my $body = create_body(name => 'n' x 256);
my @begun;

for (1 .. 4) {
    for (1 .. 4) {
        my $s = $g->connect;
        syswrite $s, Gateway::head('POST', $path,
            [['Content-Type', 'application/json'],
             ['Content-Length', length $body], ['Connection', 'close']]) . '{';
        push @begun, $s;
    }

    # so that the workers have taken them

    sleep 0.1;
    $g->reload(http => 'snapshot_zone counters:64k;', @conf);
    $g->post($bad) for 1 .. 5;
}

is(count($before + 23), $before + 23, 'new workers count beside old ones');

for my $s (@begun) {
    syswrite $s, substr $body, 1;
    1 while sysread $s, my $answer, 4096;
}

is(count($before + 39), $before + 39,
   'and no request is lost where ten workers count at a time');

reloaded(http => 'snapshot_zone counters 128k;', @conf);
$g->post($bad);
is(count(1), 1, 'a zone of another size is made anew');
like($g->read('error.log'), qr/\[warn\] .*zone "counters" was made in another size, its counters begin anew/,
     'with a warning');

# among zones of others', of which nginx keeps a list in parts

my $others = join '', map { "limit_req_zone \$uri zone=z$_:64k rate=9r/s;\n" }
                      1 .. 12;

reloaded(http => "$others snapshot_zone counters 128k;", @conf);
$g->post($bad);
is(count(2), 2, 'the counters survive a reload with other zones before them');

reloaded(http => "snapshot_zone counters 128k; $others", @conf);
$g->post($bad);
is(count(3), 3, 'and behind them');

# where the master has shared memory of so many bytes

sub mapped {
    my ($size) = @_;

    no warnings 'portable';

    open my $maps, '<', "/proc/$g->{pid}/maps" or return;

    return map { /^([0-9a-f]+)-([0-9a-f]+) rw-s .* \/dev\/zero/
                 && hex($2) - hex($1) == $size ? hex $1 : () } <$maps>;
}

# Writes into the shared memory of so many bytes: place is given its bytes and
# returns where.  Returns how many times that was done.

sub poke {
    my ($size, $bytes, $place) = @_;

    my $n = 0;

    open my $mem, '+<:raw', "/proc/$g->{pid}/mem" or return 0;

    for my $start (mapped($size)) {
        sysseek $mem, $start, 0;
        sysread $mem, my $all, $size or return 0;

        my $at = $place->($all);
        next if $at < 0;

        sysseek $mem, $start + $at, 0;
        syswrite $mem, $bytes or return 0;
        $n++;
    }

    return $n;
}

# a worker is killed while it changes the projects: the mark that it makes is
# behind the numbers of rows that there are, that are used and dropped

SKIP: {
    $g->post($bad, target => "/v3/p$_/snapshots") for 1 .. 4;
    count(7);

    my $p = $g->status->{projects};

    my $kill = sub {
        my ($dropped) = @_;

        return poke(131072, pack('Q', 1), sub {
            my $at = index $_[0], pack 'Q3', $p->{size}, 5, $dropped;
            return $at < 0 ? -1 : $at + 24;
        });
    };

    skip "nginx's memory cannot be written", 8 if !$kill->(0);

    is(scalar @{ $p->{rows} }, 5, 'there are projects');
    $g->post($bad, target => '/v3/next/snapshots');
    count(8);

    $p = $g->status->{projects};
    is(join(' ', map { $_->{project} } @{ $p->{rows} }), 'next',
       'what a killed worker may have left broken is given up');
    is($p->{dropped}, 5, 'and counted as dropped');
    like($g->read('error.log'), qr/\[warn\] .*the projects in zone "counters" were lost with the worker that was changing them/,
         'with a warning');

    $g->post($bad, target => "/v3/p$_/snapshots") for 1 .. 4;
    count(12);
    is(scalar @{ $g->status->{projects}{rows} }, 5, 'and it begins anew');

    is($kill->(5), 1, 'again a worker is killed');
    is_deeply($g->status->{projects}{rows}, [],
              'who looks first finds nothing');
    is(() = $g->read('error.log') =~ /were lost with the worker/g, 2,
       'with a warning as well');
}

# a zone that another version of the module has left: the first number of its
# first page is that of the layout

SKIP: {
    my $spoil = sub {
        return poke(131072, "\xff" x 4, sub {
            return POSIX::sysconf(POSIX::_SC_PAGESIZE());
        });
    };

    skip "nginx's memory cannot be written", 14 if !$spoil->();

    # no memory for the second zone: the first one has been made by then

    $g->configure(@conf, http => 'snapshot_zone counters 128k;
                                  limit_req_zone $uri zone=z:200000000m rate=9r/s;');
    $g->signal('HUP');

    for (1 .. 500) {
        last if $g->read('error.log') =~ /mmap.* failed/;
        sleep 0.02;
    }

    $g->post($bad);
    is(count(13), 13, 'where a reload fails the old zone is counted in');
    is(scalar(my @one = mapped(131072)), 1, 'and is the only one');

    for my $time ('a first time', 'a second time') {
        reloaded(http => 'snapshot_zone counters 128k;', @conf);
        is($g->metrics->{$series}, 0,
           "a zone of another version is not misread, $time");
        $g->post($bad);
        is(count(1), 1, 'and the new one counts');
        is(scalar(@one = mapped(131072)), 1, 'the old one is freed');

        reloaded(http => 'snapshot_zone counters 128k;', @conf);
        $g->post($bad);
        is(count(2), 2, 'the next reload keeps the new one');
        is(scalar(@one = mapped(131072)), 1, 'in the same memory');

        $spoil->() if $time eq 'a first time';
    }

    is(() = $g->read('error.log') =~ /\[warn\] .*zone "counters" was made by another version, its counters begin anew/g, 3,
       'with a warning, each time');
}

# a zone that was something else

reloaded(http => 'limit_req_zone $host zone=other:128k rate=1r/s;');
reloaded(http => 'snapshot_zone other 128k;', @conf);
$g->post($bad);
is(count(1), 1, 'a zone of another module is made anew');
like($g->read('error.log'), qr/\[warn\] .*zone "other" was made by another module, its counters begin anew/,
     'with a warning');

# without it

reloaded(server => 'location / { snapshot_gateway enforce; proxy_pass http://127.0.0.1:%%UPSTREAM%%; }');
is($g->post($bad)->{status}, 400, 'without a zone all else works');

my $killed = () = $g->read('error.log') =~ /exited on signal 9/g;
is($killed, 11, 'no worker ended but those that were killed');

# the harness looks for signals and for a lack of memory, and these were ours

my $log = $g->read('error.log');
$log =~ s/^.*(?:exited on signal 9|\[alert\] .*mmap\(.* failed).*\n//mg;
$log =~ s/^.*\[alert\] .*shared memory zone ".*" was locked by.*\n//mg;
$g->write('error.log', $log);

$g->finish;

done_testing;
