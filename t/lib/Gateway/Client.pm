package Gateway::Client;

# A client that sends the bytes that it is given, whatever they are, and shows
# the responses as they came.  It needs a "port".

use strict;
use warnings;

use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(head responses fault);

my $json = JSON::PP->new->utf8;

sub new {
    my ($class, $port) = @_;

    return bless { port => $port }, $class;
}

# from is an address of loopback, another one than that of the other clients

sub connect {
    my ($self, $port, $from) = @_;

    $port //= $self->{port};

    return IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                                 LocalAddr => $from // '127.0.0.1')
        // die "connect: $!\n";
}

# Writes what it can: a refusal may come before all is sent.  True for all.

sub put {
    my ($s, $bytes) = @_;

    local $SIG{PIPE} = 'IGNORE';

    for (my $sent = 0; $sent < length $bytes; ) {
        $sent += syswrite($s, $bytes, length($bytes) - $sent, $sent)
                 // return 0;
    }

    return 1;
}

# Sends pieces, with a pause where a piece is a number, and returns the
# responses up to the connection's end, or until "count" final ones are there.

sub exchange {
    my ($self, $pieces, %opt) = @_;

    my $s = $self->connect($opt{port}, $opt{from});
    my $timeout = $opt{timeout} // 5;
    my $buf = '';
    my $closed = 0;

    for my $piece (ref $pieces ? @$pieces : $pieces) {
        if ($piece =~ /^0\.\d+$/) {
            sleep $piece;

        } else {
            put($s, $piece);
        }
    }

    my $until = time + $timeout;
    my $select = IO::Select->new($s);

    while (time < $until) {
        my @final = grep { $_->{status} >= 200 && $_->{whole} }
                    responses($buf, $opt{head});
        last if $opt{count} && @final >= $opt{count};
        $select->can_read(0.2) or next;

        my $n = sysread $s, $buf, 65536, length $buf;

        if (!$n) {
            $closed = 1;
            last;
        }
    }

    my @r = responses($buf, $opt{head});
    $_->{closed} = $closed for @r;

    return $opt{socket} ? ($s, @r) : @r;
}

# Sends a request on a connection that is kept, and returns the status, the body
# and the head of its response; dies where the connection is closed before.

sub send {
    my ($self, $request) = @_;

    my $s = $self->keep;
    my $buf = \($self->{buf} //= '');
    my $end;

    put($s, $request);

    until (($end = index $$buf, "\r\n\r\n") >= 0) {
        $self->more($buf);
    }

    my $head = substr $$buf, 0, $end + 4, '';
    my ($status) = $head =~ /^HTTP\/1\.1 (\d+)/;
    my $length = $head =~ /^Content-Length: (\d+)/mi ? $1 : 0;

    $self->more($buf) while length $$buf < $length;

    my $body = substr $$buf, 0, $length, '';

    $self->leave if $head =~ /^Connection: close/mi;

    return ($status, $body, $head);
}

sub keep {
    my ($self) = @_;

    return $self->{kept} //= $self->connect;
}

sub more {
    my ($self, $buf) = @_;

    return if sysread $self->{kept}, $$buf, 131072, length $$buf;

    $self->leave;
    die "closed\n";
}

# leaves the connection that is kept; the next request is sent on another one

sub leave {
    my ($self) = @_;

    $self->{buf} = '';
    return delete $self->{kept};
}

# so many requests, all of which are answered with this status

sub send_all {
    my ($self, $request, $n, $status) = @_;

    for (1 .. $n) {
        my ($got, $body) = $self->send($request);
        die "answered with $got: $body\n" if $got != $status;
    }
}

sub responses {
    my ($buf, $head_only) = @_;

    my @all;

    while ($buf =~ s/^HTTP\/1\.[01] (\d+)(.*?)\r\n\r\n//s) {
        my ($status, $head) = ($1, "$2\r\n");
        $head =~ s/^.*?\r\n//s;

        my %r = (status => $status, head => $head, headers => {}, body => '',
                 whole => 1);

        push @{ $r{headers}{lc $1} }, $2
            while $head =~ /^([^:\r\n]+):[ \t]*(.*?)\r\n/mg;

        if ($status >= 200 && $status != 204 && !$head_only) {
            if (defined(my $n = $r{headers}{'content-length'}[0])) {
                $r{whole} = length $buf >= $n;
                $r{body} = substr $buf, 0, $n, '';

            } else {
                $r{body} = $buf;
                $buf = '';
            }
        }

        push @all, \%r;
    }

    return @all;
}

sub head {
    my ($method, $target, $headers) = @_;

    return "$method $target HTTP/1.1\r\nHost: localhost\r\n"
        . join('', map { "$_->[0]: $_->[1]\r\n" } @$headers) . "\r\n";
}

# One request on a connection of its own; headers is a list of pairs.  Returns
# its final response, with "fault" and "error" decoded where it is an error
# object, and "dws" where that has the two members of DWS, with the same code and
# message, beside it.

sub request {
    my ($self, $method, $target, $headers, $body, %opt) = @_;

    $self->{requests}++;

    my @h = @{ $headers // [] };

    push @h, ['Content-Length', length $body]
        if defined $body
           && !grep { $_->[0] =~ /^(?:content-length|transfer-encoding)$/i } @h;
    push @h, ['Connection', 'close'];

    my ($r) = grep { $_->{status} >= 200 } $self->exchange(
        head($method, $target, \@h) . ($body // ''),
        head => $method eq 'HEAD', %opt);

    return { status => 0, headers => {}, body => '' } unless $r;

    my $o = eval { $json->decode($r->{body}) };

    @$r{qw(fault error dws)} = fault($o);

    return $r;
}

sub get {
    my ($self, $target, %opt) = @_;

    return $self->request('GET', $target, delete $opt{headers} // [], undef,
                          %opt);
}

# of an error object the fault, what it holds, and whether it is one of DWS

sub fault {
    my ($o) = @_;

    return if ref $o ne 'HASH';

    my ($fault, @more) = grep { !/^error_(?:code|msg)$/ } keys %$o;
    my $error = $o->{$fault // ''};

    return if @more || ref $error ne 'HASH' || !exists $error->{code};
    return ($fault, $error, '') if keys %$o == 1;
    return ($fault, $error, 1)
        if keys %$o == 3 && $o->{error_code} eq $error->{code}
           && $o->{error_msg} eq $error->{message};
    return;
}

1;
