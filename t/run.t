# "make run" starts the gateway, shows what it does, sends it a trickle of
# traffic and stays until it is interrupted; what keeps it from starting is said
# in a line.

use strict;
use warnings;

use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

use Gateway;

my $module = Gateway::module();
my $nginx = Gateway::nginx();
my $http = HTTP::Tiny->new(timeout => 5);

# the first of three that follow each other

sub ports {
    for (1 .. 20) {
        my $first = Gateway::free_port();
        my @more = map { Gateway::free_port() } 1 .. 2;

        return $first if $more[1] == $first + 2;
    }

    die "no three free ports\n";
}

my $out = "build/run.out";

sub said {
    open my $fh, '<', $out or return '';
    local $/;
    return <$fh> // '';
}

# starts it, and returns its pid once all is said

sub start {
    my ($port, $traffic) = @_;

    unlink $out;
    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        POSIX::setsid();

        # a shell leaves it ignored for what runs in the background
        $SIG{INT} = 'DEFAULT';
        open STDOUT, '>', $out;
        open STDERR, '>&', \*STDOUT;
        { exec 'tools/run', $nginx, $module, $port, $traffic };
        POSIX::_exit(127);
    }

    for (1 .. 300) {
        last if said() =~ /Press Ctrl-C/;
        sleep 0.05;
    }

    return $pid;
}

# interrupts it; all of its processes are of one group

sub stop {
    my ($pid, $port) = @_;

    kill 'INT', $pid;

    my $ended = 0;

    for (1 .. 200) {
        $ended = waitpid($pid, POSIX::WNOHANG()) > 0;
        last if $ended;
        sleep 0.05;
    }

    ok($ended, 'it ends when it is interrupted');
    is($? >> 8, 0, 'in good order');

    # those that it has started end with it, a moment later

    for (1 .. 200) {
        last if !kill 0, -$pid;
        sleep 0.05;
    }

    ok(!kill(0, -$pid), 'and leaves no process behind')
        or kill 'KILL', -$pid;
    ok(!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port"),
       'and no port that is taken');
}

# "operation verdict" => requests, as the status page has it

sub counted {
    my ($page) = @_;

    my $r = $http->get("http://127.0.0.1:$page/status.json");
    my $operations = JSON::PP::decode_json($r->{content})->{operations};
    my %counted;

    for my $operation (keys %$operations) {
        my $requests = $operations->{$operation}{requests};

        $counted{"$operation $_"} = $requests->{$_}
            for grep { $requests->{$_} } keys %$requests;
    }

    return \%counted;
}

# without traffic of its own

my $port = ports();
my $pid = start($port, 0);
my $said = said();

for my $operation ('evs_v3_create', 'evs_v2_create', 'evs_v3_update',
                   'dws_v1_create', 'evs_v2_detail')
{
    like($said, qr/^$operation +sample +accepted +20[02] *$/m,
         "the sample of $operation passes");
}

like($said, qr/^evs_v3_create +reserved name +warned +202 +name-reserved;at=/m,
     'a warning');
like($said, qr/^evs_v3_create +name of 256 bytes +rejected +400 +EVS.5400 snapshot.name: 256 bytes, at most 255 are allowed$/m,
     'a refusal with its message and code');
like($said, qr/^evs_v3_detail +limit of 1001 +rejected +400 +EVS.2142 /m,
     'another one');
is(() = $said =~ / rejected +400 +(?:EVS|DWS)\.\d+ \w/g, 7,
   'seven are refused');
like($said, qr/^evs_v3_create +name of 256 bytes +monitored +202 +name-length;at=/m,
     'one that would be refused passes where the gateway monitors');
like($said, qr/^gateway +http:\/\/127\.0\.0\.1:$port$/m, 'where it is');

my ($page) = $said =~ /^status page +http:\/\/127\.0\.0\.1:(\d+)\/$/m;
is($page, $port + 2, 'where the status page is');

my $r = $http->get("http://127.0.0.1:$page/");
is($r->{status}, 200, 'the page is there');
like($r->{content}, qr/<title>Snapshot gateway<\/title>/, 'it is ours');

for my $file ('status.js', 'status.css', 'icon.svg', 'metrics') {
    is($http->get("http://127.0.0.1:$page/$file")->{status}, 200, $file);
}

my %shown;

$shown{"$1 $2"}++
    while $said =~ /^(\w+) +.* (accepted|warned|monitored|rejected) +\d{3}\b/mg;

is_deeply(counted($page), \%shown,
          'it counts what is shown, by the operations that are named');
sleep 2;
is_deeply(counted($page), \%shown, 'and nothing else, as TRAFFIC is 0');

my $again = qx(tools/run $nginx $module $port 0 2>&1);
isnt($?, 0, 'a second one on the same port does not start');
like($again, qr/^port $port is taken, choose another one: make run PORT=/,
     'and says why');

for my $wrong ('x', '', 0, 65534, '80 80') {
    $again = qx(tools/run $nginx $module '$wrong' 0 2>&1);
    isnt($?, 0, "PORT=$wrong is refused");
    like($again, qr/^PORT=$wrong is /, 'with a word on it');
}

$again = qx(tools/run $nginx $module $port some 2>&1);
isnt($?, 0, 'TRAFFIC=some is refused');
like($again, qr/^TRAFFIC=some is /, 'with a word on it');

stop($pid, $port);

# a request a second

$port = ports();
$pid = start($port, 1);

my $began = time;
my @verdicts = ('accepted', 'monitored', 'rejected');
my ($first, %grown) = (counted($port + 2));

for (1 .. 200) {
    my $now = counted($port + 2);

    %grown = ();
    $grown{(split)[1]} += $now->{$_} - ($first->{$_} // 0) for keys %$now;

    last if 3 == grep { $grown{$_} } @verdicts;
    sleep 0.1;
}

my $seconds = time - $began;
my $sent = 0;

$sent += $_ for values %grown;

ok($grown{$_}, "the page lives: some are $_") for @verdicts;
cmp_ok($sent, '<=', $seconds + 2, 'with a request a second at most');

stop($pid, $port);
unlink $out;

done_testing;
