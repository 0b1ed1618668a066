package Load;

# Clients that send good and bad requests one after the other, each on a
# connection of its own, and hold each answer against what it should be.

use strict;
use warnings;

use IO::Select;
use JSON::PP ();
use POSIX ();
use Socket;
use Time::HiRes qw(sleep);

use Gateway;

my $json = JSON::PP->new->utf8;

# so many processes, against a gateway; they begin at once

sub new {
    my ($class, $gateway, $n) = @_;

    my $self = bless { gateway => $gateway, clients => [] }, $class;

    for my $i (1 .. $n) {
        pipe my $out, my $in or die "pipe: $!\n";

        my $pid = fork() // die "fork: $!\n";

        if ($pid == 0) {
            close $out;
            client($gateway->{port}, $i, $in);
            POSIX::_exit(0);
        }

        close $in;
        push @{ $self->{clients} }, [$pid, $out];
    }

    return $self;
}

sub client {
    my ($port, $i, $in) = @_;

    my $parent = getppid;
    my $term = POSIX::SigSet->new(POSIX::SIGTERM());
    my $pending = POSIX::SigSet->new;
    my $to = sockaddr_in($port, INADDR_LOOPBACK);
    my %count = (sent => 0, ok => 0, failed => []);

    # a request in hand is not to be interrupted

    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $term);
    $SIG{PIPE} = 'IGNORE';

    until ($pending->ismember(POSIX::SIGTERM()) || getppid != $parent) {
        my $n = $count{sent}++;
        my $id = "load-$i-$n";

        my ($status, $request) =
              $n % 4 == 3 ? (400, get($n & 4 ? 'limit=0' : 'sort_dir=up'))
            : $n % 4 == 2 ? (200, get('limit=10'))
            : $n % 4 == 1 ? (400, post($id, name => 'n' x 256))
            : (200, post($id, $n & 4 ? (metadata => { k => "v\n" }) : ()));

        my $got = answer($to, $request);

        if ($got =~ /^HTTP\/1\.1 $status .*\r\n\r\n\{.*\}$/s) {
            $count{ok}++;

        } else {
            push @{ $count{failed} }, [$id, $got];
        }

        sleep 0.003;
        POSIX::sigpending($pending);
    }

    print $in $json->encode(\%count);
    close $in;
}

sub get {
    my ($query) = @_;

    return Gateway::head('GET', '/v3/' . PROJECT . "/snapshots?$query",
                         [['Connection', 'close']]);
}

sub post {
    my ($id, %members) = @_;

    my $body = create_body(description => $id, %members);

    return Gateway::head('POST', '/v3/' . PROJECT . '/snapshots',
        [['Content-Type', 'application/json'],
         ['Content-Length', length $body], ['Connection', 'close']]) . $body;
}

# what comes back, or what went wrong

sub answer {
    my ($to, $request) = @_;

    socket my $s, AF_INET, SOCK_STREAM, 0 or return "socket: $!";
    connect $s, $to or return "connect: $!";

    my $n = syswrite $s, $request;
    return "write: " . ($! || 'short') if ($n // 0) != length $request;

    my $buf = '';

    while (1) {
        IO::Select->new($s)->can_read(20) or return "no answer: $buf";
        $n = sysread $s, $buf, 65536, length $buf;
        return "read: $!: $buf" if !defined $n;
        return $buf if $n == 0;
    }
}

# ends them; returns the number of requests, of those that were answered as
# they should be, and the others as [id, what came back]

sub stop {
    my ($self) = @_;

    my ($sent, $ok, @failed) = (0, 0);

    kill 'TERM', map { $_->[0] } @{ $self->{clients} };

    for my $client (@{ $self->{clients} }) {
        my ($pid, $out) = @$client;
        local $/;
        my $count = eval { $json->decode(readline $out) }
                    // { sent => 1, ok => 0, failed => [['-', 'died']] };
        waitpid $pid, 0;

        $sent += $count->{sent};
        $ok += $count->{ok};
        push @failed, @{ $count->{failed} };
    }

    $self->{clients} = [];

    return ($sent, $ok, @failed);
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);

    for my $client (@{ $self->{clients} }) {
        kill 'KILL', $client->[0];
        waitpid $client->[0], 0;
    }
}

1;
