package Faulty;

# An upstream that records each request and then fails in the way that the
# request's header "X-Fault" says, on as many ports as are wanted.  It says what
# is sent of an answer, and how the connection then ends: "head reset", or
# "close", "hang", "keep", which waits for another request; with "early" before
# it, the body is not read.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket;
use Time::HiRes qw(sleep);

use Gateway;

my $head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

my %answers = (
    whole => "${head}Content-Length: 2\r\n\r\n{}",
    head  => "${head}Content-Le",
    body  => "${head}Content-Length: 90000\r\n\r\n{}",
    chunk => "${head}Transfer-Encoding: chunked\r\n\r\n50\r\n{}",
    wrong => "${head}\x01\r\n\r\n",
    no    => '',
);

# the "log" has a line a request: port, method, length of the body as it came,
# "X-Id"

sub new {
    my ($class, $log, $n) = @_;

    my $self = bless { log => $log, ports => [], pids => [] }, $class;

    for (1 .. $n // 1) {
        my $port = Gateway::free_port();

        my $listen = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 512,
            ReuseAddr => 1) or die "faulty upstream: $!\n";

        my $pid = fork() // die "fork: $!\n";

        if ($pid == 0) {
            $SIG{CHLD} = 'IGNORE';
            $SIG{PIPE} = 'IGNORE';
            $SIG{TERM} = 'DEFAULT';

            while (getppid() != 1) {
                my $c = $listen->accept or next;

                if (!fork()) {
                    close $listen;
                    alarm 30;
                    1 while $self->serve($c, $port);
                    POSIX::_exit(0);
                }

                close $c;
            }

            POSIX::_exit(0);
        }

        push @{ $self->{ports} }, $port;
        push @{ $self->{pids} }, $pid;
    }

    return $self;
}

# 1 where another request may come

sub serve {
    my ($self, $c, $port) = @_;

    my $buf = '';

    while ($buf !~ /\r\n\r\n/) {
        sysread $c, $buf, 65536, length $buf or return 0;
    }

    my ($head, $body) = $buf =~ /^(.*?\r\n)\r\n(.*)$/s;
    my ($method) = $head =~ /^(\S+)/;
    my ($id) = $head =~ /^X-Id: (\S+)/mi;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    my ($early, $what, $end) =
        $head =~ /^X-Fault: (early )?(\w+) (\w+)/mi;

    while (!$early && length $body < ($length // 0)) {
        sysread $c, $body, 65536, length $body or last;
    }

    open my $log, '>>:raw', $self->{log} or die;
    syswrite $log, join(' ', $port, $method, length $body, $id // '-') . "\n";
    close $log;

    my $answer = $answers{ $what // 'whole' };
    $end //= 'close';

    # from nginx 1.29.7 on, connections of an upstream are kept by default

    $answer =~ s/\r\n\K/Connection: close\r\n/ if $end ne 'keep';

    syswrite $c, $answer if length $answer;

    return 1 if $end eq 'keep';

    if ($end eq 'hang') {
        sysread $c, my $rest, 1;
        return 0;
    }

    sleep 0.05 if length $answer && $end eq 'reset';

    setsockopt $c, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0 if $end eq 'reset';
    close $c;

    return 0;
}

# the requests of this id that came, as [port, method, length of the body]

sub arrived {
    my ($self, $id) = @_;

    open my $log, '<', $self->{log} or return;

    return map { /^(\d+) (\S+) (\d+) \Q$id\E$/ ? [$1, $2, $3] : () } <$log>;
}

# a port where connections are refused: it is taken, but nobody listens

sub refusing {
    my ($self) = @_;

    my $port = Gateway::free_port();

    socket my $s, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
    setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
    bind $s, sockaddr_in($port, INADDR_LOOPBACK) or die "bind: $!\n";
    push @{ $self->{keep} }, $s;

    return $port;
}

# a port where connections are neither accepted nor refused, or undef

sub unanswered {
    my ($self) = @_;

    my $port = Gateway::free_port();

    my $listen = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1,
        ReuseAddr => 1) or return;

    push @{ $self->{keep} }, $listen;

    for (1 .. 20) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $port, Timeout => 0.3) or return $port;
        push @{ $self->{keep} }, $s;
    }

    return;
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);

    for my $pid (@{ $self->{pids} }) {
        kill 'TERM', $pid;
        waitpid $pid, 0;
    }
}

1;
