package Gateway::Logs;

# Reads what a gateway tells of its requests: the access log in its folder, the
# counters at /metrics and /status.json.  It is a part of what has a client and
# a folder.

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes qw(sleep);

use Gateway::Client qw(head);
use Gateway::Samples;

my $json = JSON::PP->new->utf8;

# the access log's entries since the last call, at least so many of them

sub logged {
    my ($self, $n) = @_;

    my @new;

    for (1 .. 500) {
        my @lines = $self->lines('access.log');
        @new = @lines[($self->{logged} // 0) .. $#lines];
        last if @new >= $n;
        sleep 0.02;
    }

    $self->{logged} += @new;

    return map { $json->decode($_) } @new;
}

# Reads the access log up to here: what a worker has answered may not be in it
# yet, but it is before the line of a request that comes later.

sub settle {
    my ($self) = @_;

    my $mark = 'settled=' . ++$self->{settled};

    $self->get('/v3/' . PROJECT . "/snapshots?limit=0&$mark");

    for (1 .. 5) {
        last if grep { $_->{request} =~ /&$mark / } $self->logged(1);
    }
}

# the access log's entry of the last request(), where all requests were such

sub last_logged {
    my ($self) = @_;

    my @lines;

    for (1 .. 250) {
        @lines = $self->lines('access.log');
        last if @lines >= $self->{requests};
        sleep 0.02;
    }

    return @lines ? $json->decode($lines[-1]) : {};
}

# the series that "snapshot_status" shows at /metrics, by name and labels

sub metrics {
    my ($self) = @_;

    return { $self->shown('/metrics') =~ /^([a-z_]+(?:\{.*\})?) (\S+)$/mg };
}

# what "snapshot_status json" shows at /status.json

sub status {
    my ($self) = @_;

    return $json->decode($self->shown('/status.json'));
}

# what is asked for here is none of the requests that are in the access log

sub shown {
    my ($self, $target) = @_;

    my ($r) = $self->exchange(head('GET', $target, [['Connection', 'close']]));

    return $r->{body};
}

1;
