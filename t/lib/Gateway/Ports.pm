package Gateway::Ports;

# Ports that nobody else has.  They come in blocks of a hundred, and a process
# keeps the lock of its block, so that test files that run at the same time
# never take the same one.

use strict;
use warnings;

use Exporter 'import';
use Fcntl qw(:flock);
use File::Spec;
use IO::Socket::INET;

our @EXPORT_OK = qw(free_port);

my ($block, $block_lock, $next_port);

sub free_port {
    for (my $i = 0; !$block_lock && $i < 200; $i++) {
        open my $fh, '>', File::Spec->tmpdir . "/snapshot-ports-$i.lock"
            or next;
        flock $fh, LOCK_EX | LOCK_NB or next;
        ($block, $block_lock, $next_port) = ($i, $fh, 10000 + 100 * $i);
    }

    die "no free block of ports\n" if !$block_lock;

    for (1 .. 99) {
        $next_port = 10000 + 100 * $block if ++$next_port % 100 == 0;

        my $s = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $next_port,
            Listen => 1, ReuseAddr => 1) or next;
        close $s;
        return $next_port;
    }

    die "no free port\n";
}

1;
