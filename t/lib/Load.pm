package Load;

# Clients that send requests one after the other, and hold each answer against
# what it should be: good and bad ones, each on a connection of its own, or what
# a test wants.

use strict;
use warnings;

use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep);

use Gateway;

my $json = JSON::PP->new->utf8;

# So many processes, against what has a port; they begin at once.  "make" gives
# the number of a client and that of its request and gets the request's id, the
# status that it should have, and its bytes; where these do not say "Connection:
# close" and neither does the answer, the connection is used again.

sub new {
    my ($class, $gateway, $n, $make) = @_;

    my $self = bless { gateway => $gateway, clients => [] }, $class;

    for my $i (1 .. $n) {
        pipe my $out, my $in or die "pipe: $!\n";

        my $pid = fork() // die "fork: $!\n";

        if ($pid == 0) {
            close $out;
            client($gateway->{port}, $i, $in, $make // \&mixed);
            POSIX::_exit(0);
        }

        close $in;
        push @{ $self->{clients} }, [$pid, $out];
    }

    return $self;
}

sub client {
    my ($port, $i, $in, $make) = @_;

    my $parent = getppid;
    my $term = POSIX::SigSet->new(POSIX::SIGTERM());
    my $pending = POSIX::SigSet->new;
    my $server = Gateway::Client->new($port);
    my %count = (sent => 0, ok => 0, failed => []);

    # a request in hand is not to be interrupted

    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $term);
    $SIG{PIPE} = 'IGNORE';

    until ($pending->ismember(POSIX::SIGTERM()) || getppid != $parent) {
        my ($id, $status, $request) = $make->($i, $count{sent}++);
        my $got = answer($server, $request);

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

sub mixed {
    my ($i, $n) = @_;

    my $id = "load-$i-$n";

    return ($id,
          $n % 4 == 3 ? (400, get($n & 4 ? 'limit=0' : 'sort_dir=up'))
        : $n % 4 == 2 ? (200, get('limit=10'))
        : $n % 4 == 1 ? (400, post($id, name => 'n' x 256))
        : (200, post($id, $n & 4 ? (metadata => { k => "v\n" }) : ())));
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
    my ($server, $request) = @_;

    my ($status, $body, $head) = eval {
        local $SIG{ALRM} = sub { die "no answer\n" };
        alarm 20;
        $server->send($request);
    };

    alarm 0;

    return "$head$body" if defined $status;

    $server->leave;
    return $@;
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
