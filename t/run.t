# "make run" starts the gateway, shows what it does and stays until it is
# interrupted; what keeps it from starting is said in a line.

use strict;
use warnings;

use HTTP::Tiny;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

use Gateway;

my $module = Gateway::module();
my $nginx = Gateway::nginx();
my $port = ports();

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

my $pid = fork() // die "fork: $!\n";

if ($pid == 0) {
    POSIX::setsid();

    # a shell leaves it ignored for what runs in the background
    $SIG{INT} = 'DEFAULT';
    open STDOUT, '>', $out;
    open STDERR, '>&', \*STDOUT;
    { exec 'tools/run', $nginx, $module, $port };
    POSIX::_exit(127);
}

sub said {
    open my $fh, '<', $out or return '';
    local $/;
    return <$fh> // '';
}

for (1 .. 300) {
    last if said() =~ /Press Ctrl-C/;
    sleep 0.05;
}

my $said = said();

for my $page ('000', '001', '002', '003', '004') {
    like($said, qr/^page $page +accepted +20[02] *$/m, "page $page passes");
}

like($said, qr/^reserved name +warned +202 +name-reserved;at=/m, 'a warning');
like($said, qr/^name of 256 bytes +rejected +400 +EVS.5400 snapshot.name: 256 bytes, at most 255 are allowed$/m,
     'a refusal with its message and code');
like($said, qr/^limit of 1001 +rejected +400 +EVS.2142 /m, 'another one');
is(() = $said =~ / rejected +400 +(?:EVS|DWS)\.\d+ \w/g, 7,
   'seven are refused');
like($said, qr/^gateway +http:\/\/127\.0\.0\.1:$port$/m, 'where it is');

my ($page) = $said =~ /^what it does +http:\/\/127\.0\.0\.1:(\d+)\/$/m;
is($page, $port + 2, 'where the page is');

my $http = HTTP::Tiny->new(timeout => 5);
my $r = $http->get("http://127.0.0.1:$page/");
is($r->{status}, 200, 'the page is there');
like($r->{content}, qr/<title>Snapshot gateway<\/title>/, 'it is ours');

for my $file ('status.js', 'status.css', 'icon.svg', 'metrics') {
    is($http->get("http://127.0.0.1:$page/$file")->{status}, 200, $file);
}

like($http->get("http://127.0.0.1:$page/status.json")->{content},
     qr/"evs_v3_create": \{"requests": \{"accepted": 1, "warned": 1, "monitored": 0, "rejected": 3\}/,
     'and counts what was just sent');

my $again = qx(tools/run $nginx $module $port 2>&1);
isnt($?, 0, 'a second one on the same port does not start');
like($again, qr/^port $port is taken, choose another one: make run PORT=/,
     'and says why');

for my $wrong ('x', '', 0, 65534, '80 80') {
    $again = qx(tools/run $nginx $module '$wrong' 2>&1);
    isnt($?, 0, "PORT=$wrong is refused");
    like($again, qr/^PORT=$wrong is /, 'with a word on it');
}

kill 'INT', $pid;

my $ended = 0;

for (1 .. 200) {
    $ended = waitpid($pid, POSIX::WNOHANG()) > 0;
    last if $ended;
    sleep 0.05;
}

ok($ended, 'it ends when it is interrupted');
is($? >> 8, 0, 'in good order');
ok(!IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port"),
   'and leaves nothing behind');

kill 'KILL', -$pid;
unlink $out;

done_testing;
