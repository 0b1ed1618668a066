package Bench::Client;

# One connection that is kept, and requests on it, one after the other.

use strict;
use warnings;

use IO::Socket::INET;

sub new {
    my ($class, $port) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port")
        or die "connect: $!\n";

    return bless { socket => $s, buf => '' }, $class;
}

# the status of one request, and its body

sub send {
    my ($self, $request) = @_;

    my ($s, $buf) = ($self->{socket}, \$self->{buf});

    for (my $sent = 0; $sent < length $request; ) {
        $sent += syswrite($s, $request, length($request) - $sent, $sent)
                 // die "send: $!\n";
    }

    my $end;

    while (($end = index $$buf, "\r\n\r\n") < 0) {
        sysread $s, $$buf, 131072, length $$buf or die "closed\n";
    }

    my $head = substr $$buf, 0, $end + 4;
    my ($status) = $head =~ /^HTTP\/1\.1 (\d+)/;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi or die "length: $head\n";

    while (length $$buf < length($head) + $length) {
        sysread $s, $$buf, 131072, length $$buf or die "closed\n";
    }

    my $body = substr $$buf, length $head, $length;
    substr $$buf, 0, length($head) + $length, '';

    return ($status, $body);
}

# so many of them, all with this status

sub send_all {
    my ($self, $request, $n, $status) = @_;

    for (1 .. $n) {
        my ($got, $body) = $self->send($request);
        die "answered with $got: $body\n" if $got != $status;
    }
}

1;
