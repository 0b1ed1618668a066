package Servers;

# Small servers beside a gateway: each logs what it gets, and answers as a
# function says.

use strict;
use warnings;

use Exporter 'import';
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();

our @EXPORT = qw(server stop got answer);

my $json = JSON::PP->new->utf8;
my $dir = File::Temp->newdir(TMPDIR => 1);
my %pid;

END {
    local $?;
    kill 'KILL', values %pid if %pid;
    waitpid $_, 0 for values %pid;
}

# A server that logs each request as [connection, head, body], in JSON, and
# keeps the connection; "answer" gives the response, none closes it instead.

sub server {
    my ($name, $port, $answer) = @_;

    my $listen = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64,
        ReuseAddr => 1) or die "$name: $!\n";

    $pid{$name} = fork() // die "fork: $!\n";

    if ($pid{$name}) {
        close $listen;
        return;
    }

    $SIG{PIPE} = 'IGNORE';
    open my $log, '>>:raw', "$dir/$name.log" or POSIX::_exit(1);
    $log->autoflush(1);

    my $select = IO::Select->new($listen);
    my ($next, %in, %id) = (0);

    while (getppid() != 1) {
        for my $c ($select->can_read(1)) {
            if ($c == $listen) {
                my $new = $listen->accept or next;
                ($in{$new}, $id{$new}) = ('', $next++);
                $select->add($new);
                next;
            }

            my $open = sysread $c, $in{$c}, 65536, length $in{$c};

            while ($in{$c} =~ /^(.*?\r\n)\r\n/s) {
                my ($head, $start) = ($1, $+[0]);
                my $n = $head =~ /^Content-Length: (\d+)/mi ? $1 : 0;
                last if length $in{$c} < $start + $n;

                my $body = substr $in{$c}, $start, $n;
                substr $in{$c}, 0, $start + $n, '';
                print $log $json->encode([$id{$c}, $head, $body]), "\n";

                $open = 0 if !syswrite $c, $answer->($head) // '';
            }

            if (!$open) {
                $select->remove($c);
                close $c;
            }
        }
    }

    POSIX::_exit(0);
}

# ends a server at once

sub stop {
    my ($name) = @_;

    kill 'KILL', $pid{$name};
    waitpid delete $pid{$name}, 0;
}

my %seen;

# what a server got since the last time

sub got {
    my ($name) = @_;

    open my $fh, '<:raw', "$dir/$name.log" or return;
    my @lines = <$fh>;
    my @new = @lines[($seen{$name} // 0) .. $#lines];
    $seen{$name} = @lines;

    return map {
        my ($id, $head, $body) = @{ $json->decode($_) };
        { id => $id, head => $head, body => $body };
    } @new;
}

# a response for such a function

sub answer {
    my ($status, $body, @headers) = @_;

    return join "\r\n", "HTTP/1.1 $status Reply", @headers,
        'Content-Length: ' . length $body, '', $body;
}

1;
