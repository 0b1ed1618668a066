package Gateway::Upstream;

# An upstream that records each request as it came, and answers it.

use strict;
use warnings;

use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);
use POSIX ();

use Gateway::Ports qw(free_port);

my $json = JSON::PP->new->utf8;

# new(FOLDER, PORT): it has a "port", a free one where none is given, and a
# "pid", and its record is in the folder

sub new {
    my ($class, $dir, $port) = @_;

    my $self = bless {
        log => "$dir/upstream.log", port => $port // free_port(), owner => $$,
    }, $class;

    my $listen = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $self->{port},
        Listen => 128, ReuseAddr => 1) or die "upstream: $!\n";

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        $SIG{PIPE} = 'IGNORE';
        $SIG{TERM} = sub { POSIX::_exit(0) };

        while (1) {
            my $c = $listen->accept or next;
            eval {
                local $SIG{ALRM} = sub { die "slow\n" };
                alarm 10;
                $self->serve($c);
            };
            alarm 0;
            close $c;
        }
    }

    close $listen;
    $self->{pid} = $pid;

    return $self;
}

# "X-Reply: STATUS" chooses the status, each "X-Reply-Header: NAME: VALUE" adds
# a header

sub serve {
    my ($self, $c) = @_;

    my $buf = '';

    while (sysread $c, $buf, 65536, length $buf) {
        last if $buf =~ /\r\n\r\n/;
    }

    my ($head, $body) = $buf =~ /^(.*?\r\n)\r\n(.*)$/s or return;

    if ($head =~ /^Content-Length: (\d+)/mi) {
        while (length $body < $1) {
            sysread $c, $body, 65536, length $body or last;
        }

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        while ($body !~ /(?:^|\r\n)0\r\n\r\n$/) {
            sysread $c, $body, 65536, length $body or last;
        }

        my $plain = '';
        $plain .= substr $body, 0, hex $1, '' and $body =~ s/^\r\n//
            while $body =~ s/^([0-9a-fA-F]+)\r\n// && hex $1;
        $body = $plain;
    }

    open my $fh, '>>:raw', $self->{log} or die;
    $fh->autoflush(1);
    print $fh $json->encode([map { encode_base64($_, '') } $head, $body]), "\n";
    close $fh;

    my $status = $head =~ /^X-Reply: (\d+)/mi ? $1 : 200;
    my $more = join '', map { "$_\r\n" } $head =~ /^X-Reply-Header: (.*?)\r$/mig;
    my $reply = $head =~ /^HEAD / ? '' : '{"upstream": "reached"}';

    syswrite $c, "HTTP/1.1 $status Reply\r\nContent-Type: application/json\r\n"
        . "Content-Length: 23\r\n${more}Connection: close\r\n\r\n$reply";
}

# the requests that it got since the last call

sub received {
    my ($self) = @_;

    open my $fh, '<:raw', $self->{log} or return;
    seek $fh, $self->{read} // 0, 0;

    my @new;

    while (my $line = <$fh>) {
        last if $line !~ /\n\z/;

        my ($head, $body) = map { decode_base64($_) } @{ $json->decode($line) };
        my ($method, $target) = $head =~ /^(\S+) (.*) HTTP/;

        $self->{read} = tell $fh;
        push @new, { head => $head, body => $body, method => $method,
                     target => $target };
    }

    return @new;
}

# empties the record

sub forget {
    my ($self) = @_;

    truncate $self->{log}, 0;
    $self->{read} = 0;
}

sub stop {
    my ($self, $signal) = @_;

    return if !$self->{pid} || $self->{owner} != $$;

    kill $signal // 'TERM', $self->{pid};
    waitpid delete $self->{pid}, 0;
}

sub DESTROY {
    my ($self) = @_;

    local ($?, $@);

    $self->stop('KILL');
}

1;
